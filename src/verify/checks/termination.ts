import { headerMembers, isSuccess, outcomeOf, wasClosed } from '../answers.ts';
import { type Check, check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectFinished, expectStatus, needed } from '../expect.ts';
import { must, safety, should } from '../levels.ts';
import { everyExtension } from '../scenarios/core-options.ts';
import {
  deletedDuringPatch,
  deletedFinished,
  deletedOnKeptConnection,
  deletedUnfinished,
  deletedUnknown,
  deleteUnasked,
  oneOfTwoDeleted,
} from '../scenarios/terminations.ts';
import { derived, rfc, tus } from '../sources.ts';
import type { Target } from '../target.ts';
import { skipMovedAway } from './moved-away.ts';
import { expectContentWhereKnown, standsAt } from './no-effect.ts';

/** Section 12: uploads that are given up. */

const extension = tus('Termination', 'termination');
const deleting = tus('Termination, DELETE', 'delete');
const deletedIsGone = derived('what was deleted is gone, and nothing else');
const kept = 'what a user has taken back is still there';

/** What may be answered about an upload that is not there. */
const gone = ({ guarded }: Target) => [404, 410, 403, ...(guarded ? [401] : [])];

const answers: readonly Check[] = [
  check({
    id: 'termination.advertised',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'A server lists termination if, and only if, DELETE removes uploads.',
    passes: 'it is listed and DELETE succeeds, or neither',
    fails: 'it is listed and DELETE is refused; DELETE that works and is not listed is a warning',
    matters: 'clients cannot take an upload back, or do not know that they can',
    reads: everyExtension,
    judge({ options, deleted, headDeleted }) {
      if (!isSuccess(options)) throw new Skip('OPTIONS does not say what the server offers');
      const isListed = headerMembers(options, 'Tus-Extension').includes('termination');
      if (isListed) return expectStatus(deleted, ['2xx']);
      const { status } = expectAnswer(deleted);
      if (!isSuccess(deleted) || isSuccess(headDeleted)) return undefined;
      const actual = `DELETE answered ${status}, and termination is not listed`;
      throw new Violation({ actual, atMost: 'warn', evidence: [options, deleted] });
    },
  }),
  check({
    id: 'termination.unfinished.204',
    level: must,
    impact: 'interoperability',
    spec: deleting,
    says: 'Deleting an upload that is not complete answers 204.',
    passes: '204',
    fails: 'another status; another success is a warning',
    matters: 'a client does not know whether the upload is gone',
    reads: deletedUnfinished,
    judge: ({ deleted }) => expectStatus(deleted, [204], { warn: ['2xx'] }),
  }),
  check({
    id: 'termination.finished.204',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'Deleting an upload that is complete answers 204.',
    passes: '204',
    fails:
      'another status; a refusal on purpose (400, 403) and another success are warnings; skipped where complete uploads are moved away (404, 410)',
    matters: 'what was sent by mistake cannot be taken back',
    reads: deletedFinished,
    judge({ deleted }, target) {
      skipMovedAway(deleted, target);
      return expectStatus(deleted, [204], { warn: ['2xx', 400, 403] });
    },
  }),
  check({
    id: 'termination.no-content',
    level: must,
    impact: 'interoperability',
    spec: rfc(9110, '15.3.5'),
    says: 'Nothing follows the head of the 204 to DELETE.',
    passes: 'no stray byte, and the next answer over the same connection reads from its start',
    fails: 'body bytes, or a next answer that cannot be read',
    matters: 'the next request over the connection gets a garbled answer',
    reads: deletedOnKeptConnection,
    judge({ deleted, stray, second }) {
      if (expectAnswer(deleted).status !== 204) throw new Skip('DELETE was not answered with 204');
      if (stray.sizeBytes > 0) {
        const actual = `${stray.sizeBytes} bytes behind it: ${JSON.stringify(stray.text.slice(0, 60))}`;
        throw new Violation({ expected: 'nothing behind the head', actual, evidence: [deleted] });
      }
      // A server that closes the connection afterwards is in its right.
      if (second === undefined || wasClosed(second)) return undefined;
      expectAnswer(second, { expected: 'a second answer over the same connection' });
      return undefined;
    },
  }),
  check({
    id: 'termination.unknown',
    level: should,
    impact: 'advice',
    spec: deletedIsGone,
    says: 'Deleting what never existed is no success.',
    passes: '404, 410 or 403, and 401 where a credential is asked for',
    fails: 'a success, another 4xx, a 5xx, or no answer',
    matters: 'a client that has a wrong address believes that its upload is gone',
    reads: deletedUnknown,
    judge: ({ deleted }, target) => expectStatus(deleted, gone(target)),
  }),
];

const afterwards: readonly Check[] = [
  check({
    id: 'termination.then-head',
    level: should,
    impact: 'resume',
    spec: deleting,
    says: 'After DELETE, HEAD says that the upload is gone.',
    passes: '404, 410 or 403, and 401 where a credential is asked for',
    fails: 'a success, another 4xx, a 5xx, or no answer',
    matters: kept,
    needs: ['head'],
    reads: deletedUnfinished,
    judge({ deleted, head }, target) {
      needed(deleted, 'DELETE');
      return expectStatus(head, gone(target));
    },
  }),
  check({
    id: 'termination.then-patch',
    level: should,
    impact: 'data',
    spec: deleting,
    says: 'After DELETE, PATCH says that the upload is gone.',
    passes: '404, 410 or 403, and 401 where a credential is asked for',
    fails: 'a success, 409, another 4xx, a 5xx, or no answer',
    matters: 'bytes are taken that belong to nothing, or the upload is alive again',
    reads: deletedUnfinished,
    judge({ deleted, patched }, target) {
      needed(deleted, 'DELETE');
      return expectStatus(patched, gone(target));
    },
  }),
  check({
    id: 'termination.then-delete',
    level: should,
    impact: 'advice',
    spec: deleting,
    says: 'After DELETE, a second DELETE says that the upload is gone.',
    passes: '404, 410 or 403, and 401 where a credential is asked for; 204 is noted',
    fails: 'another status, a 5xx, or no answer',
    matters: 'a client that did not get the first answer cannot tell whether it worked',
    reads: deletedUnfinished,
    judge({ deleted, again }, target) {
      needed(deleted, 'DELETE');
      return expectStatus(again, gone(target), { note: [204] });
    },
  }),
  check({
    id: 'termination.then-get',
    level: safety,
    impact: 'security',
    spec: deletedIsGone,
    says: 'After DELETE the content is no longer served.',
    passes: 'any 4xx',
    fails: 'a success, a 5xx, or no answer',
    matters: kept,
    needs: ['download'],
    reads: deletedFinished,
    judge({ deleted, got }, target) {
      skipMovedAway(deleted, target);
      const status = deleted.answer?.status;
      if (status === 400 || status === 403)
        throw new Skip(`finished uploads are not deleted here (${status})`);
      needed(deleted, 'DELETE');
      return expectStatus(got, ['4xx']);
    },
  }),
];

const effects: readonly Check[] = [
  check({
    id: 'termination.isolated',
    level: safety,
    impact: 'data',
    spec: deletedIsGone,
    says: 'Deleting one upload leaves all others alone.',
    passes: 'another upload can be finished, and its bytes are right',
    fails: 'it cannot be finished, or its bytes are others',
    matters: 'who takes a video back damages that of somebody else',
    reads: oneOfTwoDeleted,
    judge({ deleted, finish, content }) {
      needed(deleted, 'DELETE');
      expectFinished(finish);
      return expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'termination.during-patch',
    level: safety,
    impact: 'data',
    spec: deletedIsGone,
    says: 'An upload that is deleted while a chunk of it arrives stays gone.',
    passes: 'DELETE succeeds, if need be when it is repeated; afterwards HEAD answers 404, 410 or 403',
    fails:
      'the upload is alive after DELETE succeeded, DELETE never does, a 5xx, or no answer; another 4xx is a warning',
    matters: 'what was taken back comes back with the last bytes that were on their way',
    reads: deletedDuringPatch,
    judge({ deletions, heads }, target) {
      const last = deletions.at(-1);
      const isGone = [404, 410].includes(last?.answer?.status ?? 0);
      if (!isSuccess(last) && !isGone) {
        throw new Violation({ actual: last ? outcomeOf(last) : 'nothing', evidence: deletions });
      }
      for (const head of heads) {
        if (isSuccess(head))
          throw new Violation({ actual: 'the upload is still there', evidence: [last, head] });
        expectStatus(head, gone(target), { warn: ['4xx'] });
      }
      return deletions.length > 1 ? `DELETE was sent ${deletions.length} times` : undefined;
    },
  }),
  check({
    id: 'termination.unsupported',
    level: safety,
    impact: 'data',
    spec: derived('what a server does not offer, it does not do'),
    says: 'A server without termination refuses DELETE, and loses nothing.',
    passes: 'any 4xx or 501, and the offset stays',
    fails: 'a success or a 5xx, or an upload that has changed; one that is really gone is noted',
    matters: 'a client believes that the upload is gone, or it is gone although nobody could know',
    reads: deleteUnasked,
    judge({ deleted, after }, { hidesGone }) {
      const status = after.exchanges.at(-1)?.answer?.status ?? 0;
      const isGone = [404, 410, ...(hidesGone ? [403] : [])].includes(status);
      // Said by termination.advertised: it does what the client wants, only unannounced.
      if (isSuccess(deleted) && isGone) return 'DELETE works, and is not listed';
      expectStatus(deleted, ['4xx', 501]);
      const bytes = standsAt(after);
      if (bytes === 4) return;
      throw new Violation({ expected: 'the offset stays 4', actual: `it is ${bytes}`, evidence: [deleted] });
    },
  }),
];

export const terminationChecks: Section = {
  number: 12,
  title: 'Extension: Termination',
  untestable: {
    'termination.frees-storage': 'whether a file is gone shows only on the disk of the server',
  },
  checks: [...answers, ...afterwards, ...effects],
};
