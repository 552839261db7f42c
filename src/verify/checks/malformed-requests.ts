import { headerOf, isPutOff, isSuccess, outcomeOf, wasClosed } from '../answers.ts';
import { canary } from '../canary.ts';
import { Blocked, type Check, check, Violation } from '../check.ts';
import { expectAnswer, expectFinished, expectStatus, remarks } from '../expect.ts';
import { safety } from '../levels.ts';
import { whyPutOff } from '../put-off.ts';
import type { Exchange } from '../recording.ts';
import { type SeenInRun, wholeRun } from '../scenario.ts';
import { refusals } from '../scenarios/basic-flow.ts';
import { senselessUploadLengths } from '../scenarios/creation-lengths.ts';
import {
  abuse,
  badChunkSize,
  contradictingLengths,
  ECHO,
  hugeHead,
  oddMethods,
  oddTargets,
  senselessLengths,
  twoFramings,
} from '../scenarios/malformed-requests.ts';
import { flawedMetadata } from '../scenarios/metadata.ts';
import { derived, rfc } from '../sources.ts';
import type { Target } from '../target.ts';
import { isLockedByMalformed } from './behind-malformed.ts';
import { skipChunkedToHttp10 } from './http-1-0.ts';
import { expectContentWhereKnown, expectUnmoved, standsAt } from './no-effect.ts';
import { expectRefusedOrClosed, expectStillThere } from './refused-or-closed.ts';

/** Section 15, second half: what no client sends. */

const smuggled =
  'behind a proxy that reads the length in the other way, one user can slip requests to another';
const takenDown = 'one malformed request takes the server down for everybody';

/** What is asked with HEAD may also be refused because there is none: 501 is no failure (RFC 9110, 15.6.2). */
const refusedHead = ['4xx', 501] as const;

/** The scenarios whose requests are refused for their syntax. */
const syntaxProbes = [
  twoFramings,
  contradictingLengths,
  senselessLengths,
  badChunkSize,
  hugeHead,
  oddTargets,
  oddMethods,
  senselessUploadLengths,
  flawedMetadata,
];

export const malformedRequestChecks: readonly Check[] = [
  check({
    id: 'http.cl-and-te',
    level: safety,
    impact: 'security',
    spec: rfc(9112, '6.1'),
    says: 'A request with both Content-Length and Transfer-Encoding is refused, or read as chunked and its connection closed.',
    passes: '400, a closed connection, or the five bytes of the chunk stored and the connection closed',
    fails: 'the chunk framing stored as data, a 5xx, or no end; a connection kept open is a warning',
    matters: smuggled,
    reads: twoFramings,
    judge(seen) {
      const { exchange, after, peer } = seen;
      skipChunkedToHttp10(...after.exchanges);
      expectStillThere(after);
      if (wasClosed(exchange)) return undefined;
      const remark = expectStatus(exchange, ['2xx', '4xx']);
      const stands = standsAt(after);
      if (stands > 5) {
        const actual = `the upload stands at ${stands}: the body was read by its Content-Length`;
        throw new Violation({ actual, evidence: [exchange, ...after.exchanges] });
      }
      const announced = /close/i.test(headerOf(exchange, 'Connection') ?? '');
      if (!isSuccess(exchange) || announced || peer !== 'open') return remark;
      const actual = `${outcomeOf(exchange)}, and the connection stayed open`;
      throw new Violation({ actual, atMost: 'warn', evidence: [exchange] });
    },
  }),
  check({
    id: 'http.duplicate-content-length',
    level: safety,
    impact: 'security',
    spec: rfc(9112, '6.3'),
    says: 'A request with two different Content-Length values is refused.',
    passes: '400 or another 4xx, and nothing stored; closing without a word is accepted',
    fails: 'a success, stored bytes, a 5xx, or no end',
    matters: smuggled,
    reads: contradictingLengths,
    judge(trial) {
      expectStillThere(trial.after);
      const remark = expectRefusedOrClosed(trial.exchange);
      expectUnmoved(trial);
      return remark;
    },
  }),
  check({
    id: 'http.bad-content-length',
    level: safety,
    impact: 'security',
    spec: rfc(9112, '6.3'),
    says: 'A Content-Length that is no number is refused.',
    passes: '4xx or a closed connection for -1 and abc; "5,5" may also be read as 5 (RFC 9110, 8.6)',
    fails: 'a success, a 5xx, or no end',
    matters: smuggled,
    reads: senselessLengths,
    judge: ({ trials }) =>
      remarks(
        ...trials.map(({ value, exchange, after }) => {
          expectStillThere(after);
          const isTwice5 = value === '5,5' && isSuccess(exchange);
          return isTwice5 ? 'Content-Length: 5,5 is read as 5' : expectRefusedOrClosed(exchange);
        }),
      ),
  }),
  check({
    id: 'http.bad-chunk-size',
    level: safety,
    impact: 'data',
    spec: rfc(9112, '7.1'),
    says: 'A chunk size that is no number ends the request, and the upload can be continued as it should be.',
    passes: '4xx or a closed connection, an offset of at most 5, and the right content in the end',
    fails: 'a success, a 5xx, an offset beyond what came in order, or wrong bytes in the end',
    matters:
      'whoever sends through a broken proxy does not learn of the fault, cannot go on, or finds it in the video',
    reads: badChunkSize,
    judge({ exchange, after, finish, content }) {
      skipChunkedToHttp10(...after.exchanges);
      expectRefusedOrClosed(exchange);
      const stands = standsAt(after);
      if (stands > 5) {
        const evidence = [exchange, ...after.exchanges.slice(-1)];
        throw new Violation({ actual: `the upload stands at ${stands}`, evidence });
      }
      expectFinished(finish);
      return expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'http.large-headers',
    level: safety,
    impact: 'security',
    spec: rfc(6585, '5'),
    says: 'A request with 64 KiB of headers is served or refused, and nothing else happens.',
    passes:
      '431, 400, 413, another answer below 500, 501 of a server without HEAD, or a closed connection, and the server goes on',
    fails: 'another 5xx, no end, or a server that is gone',
    matters: takenDown,
    reads: hugeHead,
    judge({ exchange, alive }) {
      if (!wasClosed(exchange)) expectStatus(exchange, ['2xx', ...refusedHead]);
      expectAnswer(alive, { expected: 'the server still answers' });
      return undefined;
    },
  }),
  check({
    id: 'http.long-url',
    level: safety,
    impact: 'security',
    spec: rfc(9110, '15.5.15'),
    says: 'A path of 9,000 characters is refused.',
    passes: '404, 414, 400, 431, another 4xx, or 501 of a server without HEAD',
    fails: 'a success, another 5xx, or no answer',
    matters: takenDown,
    reads: oddTargets,
    judge: ({ long }) => expectStatus(long, refusedHead),
  }),
  check({
    id: 'http.bad-percent',
    level: safety,
    impact: 'security',
    spec: derived('any client can send any path'),
    says: 'A path whose percent-encoding is broken is refused.',
    passes: '400, 404, another 4xx, or 501 of a server without HEAD, for %zz, %, %00 and %ff',
    fails: 'a success, another 5xx, or no answer',
    matters: takenDown,
    reads: oddTargets,
    judge: ({ percents }) => remarks(...percents.map(({ exchange }) => expectStatus(exchange, refusedHead))),
  }),
  check({
    id: 'http.unknown-method',
    level: safety,
    impact: 'security',
    spec: rfc(9110, '15.6.2'),
    says: 'Methods that the server does not know are refused, and TRACE shows nothing.',
    passes: '405, 501, 404, 400 or another 4xx, or a closed connection',
    fails: 'a success, another 5xx, or no end',
    matters: 'TRACE shows credentials to scripts, CONNECT makes the server a relay',
    reads: oddMethods,
    judge({ asked, alive }) {
      expectAnswer(alive, { expected: 'the server still answers' });
      for (const { exchange } of asked) {
        if (wasClosed(exchange)) continue;
        expectStatus(exchange, ['4xx', 501]);
        if (!exchange.answer?.body.text?.includes(ECHO)) continue;
        const actual = `${exchange.sent.method} gives back the headers of the request`;
        throw new Violation({ actual, evidence: [exchange] });
      }
      return undefined;
    },
  }),
  check({
    id: 'http.no-5xx',
    level: safety,
    impact: 'security',
    spec: derived('malformed requests are mistakes of the client'),
    says: 'No malformed request is answered as a failure of the server.',
    passes:
      'no status from 500 up among the answers to malformed requests, but 501; 503 of a server that limits requests is noted',
    fails: 'any other 5xx',
    matters: 'a 5xx says "try again", and behind it is an error that nobody handled',
    reads: wholeRun(...syntaxProbes),
    judge({ exchanges }) {
      const ids = new Set(syntaxProbes.map(({ id }) => id));
      const probes = exchanges.filter(({ scenario, answer }) => ids.has(scenario) && answer !== undefined);
      if (probes.length === 0) throw new Blocked('no malformed request was answered');
      const isError = ({ answer }: Exchange) => (answer?.status ?? 0) >= 500 && answer?.status !== 501;
      const errors = probes.filter((each) => isError(each) && !isLockedByMalformed(each, exchanges));
      const isLimiting = exchanges.some((exchange) => isTakenLater(exchange, exchanges));
      const isNeverTaken = exchanges.some((exchange) => !ids.has(exchange.scenario) && isPutOff(exchange));
      const failed = errors.filter((exchange) => !((isLimiting || isNeverTaken) && isPutOff(exchange)));
      if (failed.length > 0) {
        const actual = `${failed.length} of them: ${failed.map(summary).join('; ')}`;
        throw new Violation({ expected: 'no 5xx', actual, evidence: failed });
      }
      if (errors.length === 0) return undefined;
      if (!isLimiting) throw new Blocked(whyPutOff(errors) ?? 'they were put off', errors);
      return `${errors.length} of them were put off with 503`;
    },
  }),
  check({
    id: 'http.alive-after-abuse',
    level: safety,
    impact: 'security',
    spec: derived('one client must not end the service for all others'),
    says: 'The server survives everything that the run sends.',
    passes: 'it answers within 5 s after each of the worst requests, and after each group of the others',
    fails: 'no answer',
    matters: takenDown,
    reads: wholeRun(abuse, canary),
    judge({ exchanges }, target) {
      const looks = exchanges.filter(
        (exchange) => watchers.has(exchange.scenario) && asksAlive(exchange, target),
      );
      if (looks.length === 0) throw new Blocked('nobody asked whether the server is still there');
      // A kept-alive connection may be closed whenever the server likes: it answered on a fresh one, or that is here too.
      const gone = looks.find(({ answer, repeated }) => answer === undefined && !repeated);
      if (gone === undefined) return undefined;
      const before = exchanges.filter(({ scenario, n }) => scenario === gone.scenario && n < gone.n).at(-1);
      const after = before === undefined ? 'at once' : `after ${summary(before)}`;
      throw new Violation({ actual: `${outcomeOf(gone)}, ${after}`, evidence: [before, gone] });
    },
  }),
  check({
    id: 'http.error-leak',
    level: safety,
    impact: 'security',
    spec: derived('what an error page tells an attacker'),
    says: 'Error pages show no stack traces and no paths of the server.',
    passes: 'nothing of the kind in the body of any error of the run',
    fails: 'a stack frame, a path below /home or node_modules, or the text of a file system error',
    matters: 'an attacker learns what runs there and where things are',
    reads: wholeRun(refusals, oddTargets),
    judge({ exchanges }) {
      const errors = exchanges.filter(({ answer }) => (answer?.status ?? 0) >= 400);
      if (errors.length === 0) throw new Blocked('no request was refused');
      for (const exchange of errors) {
        const leak = leakOf(exchange);
        if (leak === undefined) continue;
        const actual = `${summary(exchange)} shows ${leak}`;
        throw new Violation({ expected: 'a message about the request', actual, evidence: [exchange] });
      }
      return undefined;
    },
  }),
];

const watchers: ReadonlySet<string> = new Set([abuse.id, canary.id]);

function asksAlive({ url, sent }: Exchange, target: Target): boolean {
  return url === target.aliveUrl && (sent.method === 'GET' || sent.method === 'OPTIONS');
}

/** A server that puts requests off with 503, and takes them when they are asked again. */
function isTakenLater(putOff: SeenInRun['exchanges'][number], exchanges: SeenInRun['exchanges']): boolean {
  if (!putOff.repeated || putOff.answer?.status !== 503) return false;
  const again = exchanges.find(
    ({ scenario, n, url, sent }) =>
      scenario === putOff.scenario &&
      n > putOff.n &&
      url === putOff.url &&
      sent.method === putOff.sent.method,
  );
  return again?.answer !== undefined && again.answer.status !== 503;
}

function summary(exchange: Exchange): string {
  const { method, target } = exchange.sent;
  return `${method} ${target.length > 60 ? `${target.slice(0, 60)}...` : target} (${outcomeOf(exchange)})`;
}

const leaks: Readonly<Record<string, RegExp>> = {
  'a stack frame': /\bat (?:\S+ (?:\[as \S+\] )?\()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)\S*:\d+:\d+/,
  'a Python traceback': /Traceback \(most recent call last\)|\bFile "[^"]+", line \d+/,
  'a Java stack frame': /\bat [\w.$]+\([\w$]+\.(?:java|kt):\d+\)/,
  'a Go stack trace': /\bgoroutine \d+ \[/,
  'a path of the server': /\/node_modules\/|\/home\/\w|\b[A-Za-z]:\\\w/,
  'a file system error': /\bE(?:NOENT|ISDIR|NOTDIR|ACCES)\b|\bl?stat '|\bno such file or directory\b/,
};

/** A page that repeats the path of the request tells nothing new, even if that looks like a path of the server. */
function leakOf({ answer, sent: { target } }: Exchange): string | undefined {
  const text = answer?.body.text ?? '';
  const isIn = (text: string) => (name: string) => leaks[name]?.test(text);
  const names = Object.keys(leaks);
  return names.find(isIn(names.some(isIn(target)) ? text.replaceAll(target, '') : text));
}
