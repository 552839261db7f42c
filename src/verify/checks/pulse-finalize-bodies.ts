import { isSuccess, outcomeOf } from '../answers.ts';
import { check, type Section, Violation } from '../check.ts';
import { expectStatus, type Statuses } from '../expect.ts';
import { expectAlive } from '../expect-alive.ts';
import { pulseSafety } from '../levels.ts';
import {
  badContentType,
  badFilenameTypes,
  badJson,
  missingFilename,
  missingUploadId,
  type SeenBodies,
} from '../scenarios/pulse-finalize-bodies.ts';
import { derived } from '../sources.ts';

const stranger = derived('the body is the word of a stranger');
const diesOfIt = 'one malformed request ends the uploads of everybody';
const keptOrIgnored = 'what is no text becomes the name of the file, unless the server does not look at it';

/** Bodies of finalize that are wrong. */
export const pulseFinalizeBodies: Section = {
  number: 19,
  title: 'Pulse classic: finalize',
  untestable: {},
  checks: [
    check({
      id: 'pulse.finalize.missing-upload-id',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'A finalize without an uploadId is refused.',
      passes: '400 or 404, or any other 4xx, and the server goes on',
      fails: 'a success, a 5xx, or a server that is gone',
      matters: diesOfIt,
      reads: missingUploadId,
      judge: (seen) => expectEach(seen, ['4xx']),
    }),
    check({
      id: 'pulse.finalize.missing-filename',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'A finalize without a filename is refused, or the server chooses one.',
      passes: '4xx or a success, and the server goes on',
      fails: 'a 5xx, or a server that is gone',
      matters: diesOfIt,
      reads: missingFilename,
      judge: (seen) => expectEach(seen, ['2xx', '4xx']),
    }),
    check({
      id: 'pulse.finalize.bad-types',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'Fields that are no text are refused.',
      passes: '4xx, and the server goes on; a number or null for the filename may be taken for its text',
      fails:
        'a list or an object is accepted for the uploadId (for the filename, a warning: a server may not look at it), a 5xx, or a server that is gone',
      matters: 'an object where a text is expected changes what the server looks for',
      reads: badFilenameTypes,
      judge(seen) {
        const taken = Object.entries(seen.answers).filter(
          ([look, exchange]) => isSuccess(exchange) && look !== 'filename 5' && look !== 'filename null',
        );
        const violation = ([look, exchange]: (typeof taken)[number], extra = {}) =>
          new Violation({
            expected: `4xx to ${look}`,
            actual: outcomeOf(exchange),
            evidence: [exchange],
            ...extra,
          });
        const [asId] = taken.filter(([look]) => look.startsWith('uploadId'));
        if (asId) throw violation(asId);
        expectEach(seen, ['2xx', '4xx']);
        const [asName] = taken;
        if (asName) throw violation(asName, { atMost: 'warn', matters: keptOrIgnored });
        return undefined;
      },
    }),
    check({
      id: 'pulse.finalize.bad-json',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'A body that is no JSON object is refused.',
      passes: '4xx, and the server goes on',
      fails: 'a success, a 5xx, or a server that is gone',
      matters: diesOfIt,
      reads: badJson,
      judge: (seen) => expectEach(seen, ['4xx']),
    }),
    check({
      id: 'pulse.finalize.bad-content-type',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'JSON under another media type, or under none, is refused or read.',
      passes: '4xx or a success, and the server goes on',
      fails: 'a 5xx, or a server that is gone',
      matters: diesOfIt,
      reads: badContentType,
      judge: (seen) => expectEach(seen, ['2xx', '4xx']),
    }),
  ],
};

/** Each is answered with one of these, and the server still answers afterwards. */
export function expectEach({ answers, alive }: SeenBodies, pass: Statuses): undefined {
  for (const [look, exchange] of Object.entries(answers)) {
    expectStatus(exchange, pass, { expected: `${pass.join(' or ')} to ${look}` });
  }
  expectAlive(alive);
}
