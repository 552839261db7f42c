import { headerOf, isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { Blocked, check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectStatus } from '../expect.ts';
import { v1Safety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { wholeRun } from '../scenario.ts';
import { APP_PATIENCE_MS, capabilitiesTimed, handedOver, recreatedAfterExpiry } from '../scenarios/app.ts';
import { patchSteps } from '../scenarios/core-patch.ts';
import { pulseApp } from '../sources.ts';
import { sentOffset, takenChunks } from './taken-chunks.ts';

/** Section 27: what the app of Pulse Cam takes for granted, where no other check asks it as strictly. */

const stuck = 'the app cannot begin again with this pairing';
const appSpeaks = 'asked of protocol v1 only, which is what the app speaks';
const seconds = APP_PATIENCE_MS / 1000;

export const app: Section = {
  number: 27,
  title: 'What the Pulse Cam app relies on',
  untestable: {
    'app.create.exact-201': 'asked by creation.post.201, which fails under pulse-v1 at any other 2xx',
    'app.head.missing-offset':
      'asked by core.head.offset-zero before any data and by core.head.offset-after-patch behind it, both MUST under pulse-v1',
    'app.error-text':
      'asked by v1.error.json of tokens and artifacts, and by v1.error.json.tus-layer, which only notes it, of creations and chunks',
    'app.classic.id-from-location':
      'asked by pulse.create.location and pulse.patch.offset, both MUST under pulse, which is what the classic app speaks',
    'app.tusjs.length': 'asked by core.head.length-known, MUST under every protocol',
  },
  relevelled: {
    'app.patch.exact-204': appSpeaks,
    'app.patch.progress': appSpeaks,
    'app.4xx-terminal': appSpeaks,
    'app.gone-recreate': appSpeaks,
    'app.timeouts': appSpeaks,
  },
  checks: [
    check({
      id: 'app.patch.exact-204',
      level: v1Safety,
      impact: 'resume',
      spec: pulseApp('tus-client.ts', 'anything but 204 to a chunk is a failure'),
      says: 'Every chunk that is taken is acknowledged with 204, the last one too.',
      passes: '204 to every ordinary PATCH of the run that succeeds',
      fails: 'another 2xx to one of them (core.patch.204 only warns of it)',
      matters: 'the app takes a chunk that is stored for refused, and stops',
      reads: wholeRun(patchSteps),
      judge(seen) {
        const other = takenChunks(seen).find(({ answer }) => answer?.status !== 204);
        if (other === undefined) return undefined;
        throw new Violation({ actual: `PATCH answered ${outcomeOf(other)}`, evidence: [other] });
      },
    }),
    check({
      id: 'app.patch.progress',
      level: v1Safety,
      impact: 'resume',
      spec: pulseApp(
        'tus-client.ts',
        'a 204 whose offset is not larger is asked about with HEAD, five times',
      ),
      says: 'A 204 to a chunk with bytes states a larger offset than the chunk began at.',
      passes: 'a larger Upload-Offset in the 204 to every ordinary PATCH of the run',
      fails: 'none, or one that is not larger',
      matters: 'the app asks and repeats until it gives up',
      reads: wholeRun(patchSteps),
      judge(seen) {
        for (const chunk of takenChunks(seen).filter(({ answer }) => answer?.status === 204)) {
          const from = sentOffset(chunk) ?? 0;
          if ((offsetOf(chunk) ?? -1) > from) continue;
          const stated = headerOf(chunk, 'Upload-Offset');
          throw new Violation({
            expected: `an Upload-Offset larger than ${from}`,
            actual: stated === undefined ? '204 without Upload-Offset' : `204 with Upload-Offset: ${stated}`,
            evidence: [chunk],
          });
        }
        return undefined;
      },
    }),
    check({
      id: 'app.4xx-terminal',
      level: v1Safety,
      impact: 'resume',
      spec: pulseApp('tus-client.ts', 'of refusals only 5xx and 429 are tried again'),
      says: 'What goes away by itself is not refused with a 4xx: HEAD and PATCH while an older PATCH has stalled.',
      passes: 'a success, 429, a 5xx, or 409 where the offset has moved on',
      fails: '423, 409, 400 or another 4xx for as long as the older request lasts (a warning)',
      matters: 'after a change of networks the app reports a failure instead of going on',
      reads: handedOver,
      judge({ asked, at, resumed, after }) {
        if (after.bytes === undefined) throw new Blocked('afterwards nobody said where the upload stands');
        if (isFinal(asked)) throw passing(asked, 'HEAD');
        if (resumed !== undefined && isFinal(resumed) && after.bytes === at?.bytes)
          throw passing(resumed, 'PATCH at that very offset');
        return undefined;
      },
    }),
    check({
      id: 'app.gone-recreate',
      level: v1Safety,
      impact: 'resume',
      spec: pulseApp('tus-client.ts', 'after 404 or 410 the same artifact is created anew'),
      says: 'An artifact whose upload has expired can be created again (after a cancel: v1.upload.recreate-after-cancel).',
      passes: '201',
      fails: '409, or another answer',
      matters: stuck,
      reads: recreatedAfterExpiry,
      judge({ gone, anew }, { hidesGone }) {
        const { status } = expectAnswer(gone);
        if (isSuccess(gone)) throw new Skip('the upload is still there behind its deadline');
        const isGone = status === 404 || status === 410 || (hidesGone && status === 403);
        if (!isGone) throw new Blocked(`HEAD answered ${status} then`, [gone]);
        return expectStatus(anew, [201]);
      },
    }),
    check({
      id: 'app.timeouts',
      level: v1Safety,
      impact: 'interoperability',
      spec: pulseApp('capabilities.ts', `the request is given up after ${seconds} s`),
      says: `The capabilities come within ${seconds} s.`,
      passes: `an answer within ${seconds} s, whatever it is`,
      fails: 'a later one, or none',
      matters: 'the app says that the server cannot be reached',
      reads: capabilitiesTimed,
      judge({ asked, tookMs }) {
        const expected = `an answer within ${seconds} s`;
        expectAnswer(asked, { expected });
        if (tookMs < APP_PATIENCE_MS) return undefined;
        const actual = `an answer after ${(tookMs / 1000).toFixed(1)} s`;
        throw new Violation({ expected, actual, evidence: [asked] });
      },
    }),
  ],
};

/** The app does not try again. */
function isFinal({ answer }: Exchange): boolean {
  return answer !== undefined && answer.status >= 400 && answer.status < 500 && answer.status !== 429;
}

function passing(exchange: Exchange, what: string): Violation {
  return new Violation({
    expected: 'a success, 429 or a 5xx',
    actual: `${what} answered ${outcomeOf(exchange)} while an older PATCH had stalled, and that was over with it`,
    evidence: [exchange],
    atMost: 'warn',
  });
}
