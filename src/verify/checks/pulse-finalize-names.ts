import { isSuccess, jsonOf } from '../answers.ts';
import { check, type Section, Skip, Violation } from '../check.ts';
import { expectContent, expectFinished, expectRefused, expectStatus, needed } from '../expect.ts';
import { pulseSafety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import {
  absoluteName,
  aliasIds,
  controlNames,
  dotNames,
  longNames,
  sameName,
  specialNames,
  subFolderName,
  traversingNames,
  unicodeNames,
  workingFileName,
} from '../scenarios/pulse-finalize-names.ts';
import { derived } from '../sources.ts';
import { expectEach } from './pulse-finalize-bodies.ts';

const stranger = derived('the filename is the word of a stranger');
const elsewhere = 'a stranger writes, and overwrites, files of the server outside of its folder';
const diesOfIt = 'one name ends the uploads of everybody';

/** The name that the client gives the finished file. */
export const pulseFinalizeNames: Section = {
  number: 19,
  title: 'Pulse classic: finalize',
  untestable: {},
  checks: [
    check({
      id: 'pulse.finalize.filename.naive-join',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'The filename is not joined to the folder of the server as it is.',
      passes: '4xx or 200 to a name in a sub-folder that cannot exist',
      fails: 'a 5xx or no answer: the name was used as a path',
      matters: elsewhere,
      reads: subFolderName,
      judge: (seen) => expectEach(seen, ['2xx', '4xx']),
    }),
    check({
      id: 'pulse.finalize.filename.traversal',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'A name with ../ does not leave the folder of the server.',
      passes: '4xx to names that lead out of it; a success proves nothing and is left open',
      fails: 'a 5xx or no answer: the name was used as a path',
      matters: elsewhere,
      reads: traversingNames,
      judge(seen) {
        expectEach(seen, ['2xx', '4xx']);
        const taken = Object.entries(seen.answers).filter(
          // Nobody decodes percent signs in JSON: such a name is an ordinary one.
          ([look, exchange]) => isSuccess(exchange) && !look.includes('%'),
        );
        if (taken.length === 0) return undefined;
        const looks = taken.map(([look]) => look).join(', ');
        throw new Skip(
          `names with ${looks} were accepted: look for pulse-verify files outside of the folder`,
        );
      },
    }),
    check({
      id: 'pulse.finalize.filename.absolute',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'An absolute name does not choose where the file goes.',
      passes: '4xx or 200 to a name in a root folder that does not exist',
      fails: 'a 5xx or no answer: the name was used as a path',
      matters: elsewhere,
      reads: absoluteName,
      judge: (seen) => expectEach(seen, ['2xx', '4xx']),
    }),
    check({
      id: 'pulse.finalize.filename.nul',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'Names with NUL and other control characters are refused or cleaned.',
      passes: '4xx or 200, and the server goes on',
      fails: 'a 5xx, or a server that is gone',
      matters: diesOfIt,
      reads: controlNames,
      judge: (seen) => expectEach(seen, ['2xx', '4xx']),
    }),
    check({
      id: 'pulse.finalize.filename.dots',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'Names that are empty or only dots are refused, or the server chooses one.',
      passes: '4xx or 200, and the server goes on',
      fails: 'a 5xx, or a server that is gone',
      matters: diesOfIt,
      reads: dotNames,
      judge: (seen) => expectEach(seen, ['2xx', '4xx']),
    }),
    check({
      id: 'pulse.finalize.filename.long',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'Names that no file system takes are refused or shortened.',
      passes: '4xx or 200 to 300 and to 70,000 characters, and the server goes on',
      fails: 'a 5xx, or a server that is gone',
      matters: diesOfIt,
      reads: longNames,
      judge: (seen) => expectEach(seen, ['2xx', '4xx']),
    }),
    check({
      id: 'pulse.finalize.filename.unicode',
      level: pulseSafety,
      impact: 'interoperability',
      spec: stranger,
      says: 'Names beyond ASCII work.',
      passes:
        '200 to composed and decomposed letters; a mark that turns the direction of text may be refused',
      fails: 'a refusal, a 5xx, or a name that comes back spoilt',
      matters: 'recordings named in other languages cannot be finished',
      reads: unicodeNames,
      judge(seen) {
        expectEach(seen, ['2xx', '4xx']);
        for (const look of ['composed', 'decomposed']) {
          const exchange = seen.answers[look];
          expectStatus(exchange, ['2xx'], { expected: `200 to the ${look} name` });
          if (exchange) expectReadable(exchange);
        }
        return undefined;
      },
    }),
    check({
      id: 'pulse.finalize.filename.special',
      level: pulseSafety,
      impact: 'security',
      spec: stranger,
      says: 'Names that shells, pages and Windows read otherwise do nothing.',
      passes: '200 or 4xx, and the server goes on',
      fails: 'a 5xx, or a server that is gone',
      matters: diesOfIt,
      reads: specialNames,
      judge: (seen) => expectEach(seen, ['2xx', '4xx']),
    }),
    check({
      id: 'pulse.finalize.filename.collision',
      level: pulseSafety,
      impact: 'data',
      spec: stranger,
      says: 'Two uploads with the same filename do not destroy each other.',
      passes:
        'the second succeeds or is refused, and the first still has its size and checksum, and its bytes where they are read back',
      fails: 'the first has those of the second, or its bytes, or a 5xx',
      matters: 'a video disappears because another one has the same name',
      reads: sameName,
      judge({ one, other, oneAgain }) {
        const { exchange } = oneAgain;
        needed(one, 'the first finalize');
        expectStatus(other, ['2xx', '4xx']);
        expectStatus(exchange, ['2xx', '4xx']);
        if (exchange === undefined || !isSuccess(exchange))
          throw new Skip('the server does not say afterwards what became of the first');
        const [before, after] = [one, exchange].map(proven);
        // A server may repeat its first answer, whatever became of the file since.
        if (before === after) return oneAgain.by === 'read-back' ? expectContent(oneAgain) : undefined;
        throw new Violation({
          expected: `${before}, as before`,
          actual: after ?? '',
          evidence: [one, exchange],
        });
      },
    }),
    check({
      id: 'pulse.finalize.filename.partial-clash',
      level: pulseSafety,
      impact: 'data',
      spec: stranger,
      says: 'A filename like that of a working file does not hit the upload that it belongs to.',
      passes: 'the other upload ends with its own size and checksum',
      fails: 'it is damaged or lost, or a 5xx',
      matters: 'a stranger replaces a video while it is sent',
      reads: workingFileName,
      judge({ patched, clashes, finish, content }) {
        needed(patched, 'the first chunk of the other upload');
        for (const clash of clashes) expectStatus(clash, ['2xx', '4xx']);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'pulse.finalize.upload-id.alias',
      level: pulseSafety,
      impact: 'security',
      spec: derived('an id is a key'),
      says: 'The uploadId is a key and not a path: no other spelling of it is known.',
      passes: '404 or 400, or any other 4xx, to ./<id>, x/../<id> and <id>%00',
      fails: 'another spelling is accepted, or a 5xx',
      matters: 'ids that lead out of the folder read and publish files of the server',
      reads: aliasIds,
      judge({ answers, byItsId }) {
        for (const [look, exchange] of Object.entries(answers)) {
          expectRefused(exchange, { expected: `4xx to ${look}` });
        }
        needed(byItsId, 'finalize by the id itself');
        return undefined;
      },
    }),
  ],
};

/** Size and checksum, as the answer writes them. */
function proven(exchange: Exchange): string {
  const { size, checksum } = jsonOf(exchange) ?? {};
  return `size ${JSON.stringify(size)} and checksum ${JSON.stringify(checksum)}`;
}

/** A name that comes back was not decoded by the wrong table on its way. */
function expectReadable(exchange: Exchange): undefined {
  const json = jsonOf(exchange) ?? {};
  for (const field of ['filename', 'name', 'title']) {
    const value = json[field];
    if (typeof value !== 'string' || !/\ufffd|Ã©|ã¥|æ\u0097|ðŸ|eÌ/.test(value)) continue;
    throw new Violation({ actual: `${field} is ${JSON.stringify(value)}`, evidence: [exchange] });
  }
}
