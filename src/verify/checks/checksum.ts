import { headerMembers, headerOf, isSuccess, outcomeOf } from '../answers.ts';
import { Blocked, type Check, check, type Section, Violation } from '../check.ts';
import {
  expectFinished,
  expectHeader,
  expectOffset,
  expectRefused,
  expectStatus,
  needed,
  remarks,
} from '../expect.ts';
import { may, must, safety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import {
  checkedCreation,
  checksumUnasked,
  cutCheckedChunk,
  emptyChecksums,
  malformedChecksums,
  oddChecksums,
  rightChecksums,
  spoiltChunk,
  spoiltLastChunk,
  unknownAlgorithm,
  wrongChecksums,
} from '../scenarios/checksum.ts';
import { derived, tus } from '../sources.ts';
import { checksumTrailers } from './checksum-trailers.ts';
import { expectContentWhereKnown, expectRefusedWithoutEffect, expectUnmoved, standsAt } from './no-effect.ts';

/** Section 11: chunks that are stored only if they are what they should be. */

const extension = tus('Checksum', 'checksum');
const header = tus('Checksum, Upload-Checksum', 'upload-checksum');
const algorithms = tus('Checksum, Tus-Checksum-Algorithm', 'tus-checksum-algorithm');
const purpose = derived('a checksum proves the bytes it came with');
const unverified = 'the client believes that its bytes were proven, and a broken chunk is in its video';

const listing: readonly Check[] = [
  check({
    id: 'checksum.advertised',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'A server that lists checksum verifies checksums.',
    passes: 'a wrong checksum is refused, for each listed algorithm that is known here',
    fails: 'checksum is listed, and a wrong checksum is taken',
    matters: unverified,
    reads: wrongChecksums,
    judge: ({ wrongs }) =>
      remarks(
        ...wrongs.map(({ name, trial }) =>
          expectRefused(trial.exchange, { expected: `any 4xx to a wrong ${name}` }),
        ),
      ),
  }),
  check({
    id: 'checksum.algorithms-header',
    level: must,
    impact: 'interoperability',
    spec: algorithms,
    says: 'OPTIONS lists the algorithms that the server can compute.',
    passes: 'Tus-Checksum-Algorithm with names between commas',
    fails: 'no such header, or nothing in it',
    matters: 'a client does not know which checksum it may send',
    reads: rightChecksums,
    judge: ({ options }) =>
      expectHeader(options, 'Tus-Checksum-Algorithm', /^[^,]+(,[^,]+)*$/, {
        expected: 'Tus-Checksum-Algorithm with names between commas',
      }),
  }),
  check({
    id: 'checksum.algorithms-names',
    level: must,
    impact: 'interoperability',
    spec: algorithms,
    says: 'The names of algorithms are ASCII without upper-case letters.',
    passes: 'names such as sha1 and crc32',
    fails: 'SHA1, a name with a blank, or one that is not ASCII',
    matters: 'clients compare names letter by letter, and find none that they know',
    reads: rightChecksums,
    judge({ options }) {
      if (listed(options).length === 0) throw new Blocked('no algorithm is listed', [options]);
      const wrong = listed(options).filter((name) => !/^[\x21-\x2b\x2d-\x40\x5b-\x7e]+$/.test(name));
      if (wrong.length === 0) return;
      throw new Violation({
        actual: `it lists ${wrong.map((name) => `"${name}"`).join(', ')}`,
        evidence: [options],
      });
    },
  }),
  check({
    id: 'checksum.sha1-required',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'sha1 is always among the algorithms, and works.',
    passes: 'it is listed, and bytes with their sha1 are taken',
    fails: 'it is not listed, or a right sha1 is refused',
    matters: 'it is the one algorithm that a client can rely on',
    reads: rightChecksums,
    judge({ options, tries }) {
      const actual = `it lists ${headerOf(options, 'Tus-Checksum-Algorithm') ?? 'none'}`;
      if (!listed(options).includes('sha1'))
        throw new Violation({ expected: 'sha1', actual, evidence: [options] });
      return expectStatus(tries.find(({ name }) => name === 'sha1')?.patched, ['2xx']);
    },
  }),
  check({
    id: 'checksum.match.204',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'A chunk whose checksum agrees is stored.',
    passes: '204 with the new offset for each listed algorithm that is known here, and the bytes are there',
    fails: 'a right checksum is refused, or the bytes are not what was sent',
    matters: 'with checksums no upload gets through',
    reads: rightChecksums,
    judge({ options, tries }) {
      const offered = tries.filter(({ name }) => listed(options).includes(name));
      if (offered.length === 0) throw new Blocked('no algorithm is listed that is known here', [options]);
      return remarks(
        ...offered.flatMap(({ patched, content }) => {
          const remark = expectStatus(patched, [204], { warn: ['2xx'] });
          expectOffset(patched, content.expected.sizeBytes);
          return [remark, expectContentWhereKnown(content)];
        }),
      );
    },
  }),
];

const disagreeing: readonly Check[] = [
  check({
    id: 'checksum.mismatch.460',
    level: may,
    impact: 'advice',
    spec: extension,
    says: 'A chunk whose checksum disagrees is answered with 460.',
    passes: '460 for each listed algorithm that is known here; another 4xx is noted',
    fails: 'a success, a 5xx, or no answer',
    matters: 'a client cannot tell a broken chunk from a wrong request',
    reads: wrongChecksums,
    judge: ({ wrongs }) =>
      remarks(...wrongs.map(({ trial }) => expectStatus(trial.exchange, [460], { note: ['4xx'] }))),
  }),
  check({
    id: 'checksum.mismatch.discard',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'A chunk whose checksum disagrees is thrown away.',
    passes: 'the offset stays, for each listed algorithm that is known here',
    fails: 'the offset moves',
    matters: 'the broken bytes stay in the video, and the client goes on behind them',
    reads: wrongChecksums,
    judge: ({ wrongs }) => remarks(...wrongs.map(({ trial }) => expectUnmoved(trial))),
  }),
  check({
    id: 'checksum.mismatch.retry',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'After a broken chunk the right one is taken, and nothing of the broken one remains.',
    passes: 'of a chunk of 1 MiB, the repeat is taken, and the file is what was sent',
    fails: 'the broken one is taken, the repeat is refused, or the file is another',
    matters: 'one broken chunk costs the whole upload, or spoils it',
    reads: spoiltChunk,
    judge({ trial, repeated, finish, content }) {
      if (isSuccess(trial.exchange)) {
        const expected = 'a chunk whose last byte is another is refused';
        throw new Violation({ expected, actual: outcomeOf(trial.exchange), evidence: [trial.exchange] });
      }
      expectStatus(repeated, ['2xx']);
      expectFinished(finish);
      return expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'checksum.mismatch.last-chunk',
    level: safety,
    impact: 'data',
    spec: purpose,
    says: 'A broken last chunk does not complete the upload.',
    passes: 'the offset stays below the length, and the file is not handed out',
    fails: 'the upload is complete, or the file is served',
    matters: 'a broken video counts as finished',
    reads: spoiltLastChunk,
    judge({ trial, content }) {
      const { sizeBytes } = content.expected;
      expectUnmoved(trial);
      const { stored, exchange } = content;
      // Some servers hand out what there is of an upload that still grows.
      const isWhole = stored !== undefined && (stored.sizeBytes ?? sizeBytes) >= sizeBytes;
      if (!isWhole) return;
      const actual = 'the file is handed out as a whole';
      throw new Violation({ actual, evidence: [trial.exchange, exchange] });
    },
  }),
  check({
    id: 'checksum.unsupported.400',
    level: may,
    impact: 'advice',
    spec: extension,
    says: 'An algorithm that the server does not have is answered with 400.',
    passes: '400; another 4xx is noted',
    fails: 'a success, a 5xx, or no answer',
    matters: unverified,
    reads: unknownAlgorithm,
    judge: ({ unknown: { exchange } }) => expectStatus(exchange, [400], { note: ['4xx'] }),
  }),
  check({
    id: 'checksum.unsupported.discard',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'A chunk with a checksum of an unknown algorithm is not stored.',
    passes: 'the offset stays',
    fails: 'the offset moves',
    matters: unverified,
    reads: unknownAlgorithm,
    judge: ({ unknown }) => expectUnmoved(unknown),
  }),
];

const strange: readonly Check[] = [
  check({
    id: 'checksum.malformed',
    level: must,
    impact: 'data',
    spec: header,
    says: 'A value that is not a name, a blank and base64 does not count as verified.',
    passes: 'any 4xx, and the offset stays; an empty value that is ignored is a warning',
    fails: 'the bytes are taken, a 5xx, or no answer',
    matters: unverified,
    reads: malformedChecksums,
    judge({ trials }) {
      for (const { what, trial } of trials) {
        // An empty header is the same as none to many frameworks, and promises nothing.
        const isIgnored = what === 'nothing' && isSuccess(trial.exchange);
        if (!isIgnored) expectRefusedWithoutEffect(trial);
      }
      const ignored = trials.find(({ trial }) => isSuccess(trial.exchange))?.trial.exchange;
      if (ignored === undefined) return;
      throw new Violation({
        actual: `an empty Upload-Checksum: ${outcomeOf(ignored)}`,
        atMost: 'warn',
        evidence: [ignored],
      });
    },
  }),
  check({
    id: 'checksum.uppercase-name',
    level: may,
    impact: 'advice',
    spec: algorithms,
    says: 'The name SHA1 is refused, or means sha1.',
    passes: 'a right digest under it is taken or refused with a 4xx, a wrong one is refused',
    fails: 'a wrong digest is taken, a 5xx, or no answer',
    matters: unverified,
    reads: oddChecksums,
    judge({ rightUpperCase, wrongUpperCase }) {
      expectStatus(rightUpperCase.exchange, ['2xx', '4xx']);
      return expectRefusedWithoutEffect(wrongUpperCase);
    },
  }),
  check({
    id: 'checksum.truncated-digest',
    level: safety,
    impact: 'data',
    spec: purpose,
    says: 'The beginning of the right digest is not the right digest.',
    passes: 'any 4xx, and the offset stays',
    fails: 'the bytes are taken, a 5xx, or no answer',
    matters: 'a server that compares a part lets broken chunks pass',
    reads: oddChecksums,
    judge: ({ half }) => expectRefusedWithoutEffect(half),
  }),
  check({
    id: 'checksum.empty-chunk',
    level: safety,
    impact: 'interoperability',
    spec: purpose,
    says: 'A checksum of no bytes does no harm.',
    passes: 'a success or a 4xx for the right one, a 4xx for a wrong one',
    fails: 'a 5xx, no answer, or an offset that moves; a wrong one that is taken is a warning',
    matters: 'a client that asks in this way where the upload stands is stopped',
    reads: emptyChecksums,
    judge({ right, wrong }) {
      expectStatus(right.exchange, ['2xx', '4xx']);
      expectUnmoved(right);
      expectStatus(wrong.exchange, ['4xx'], { warn: ['2xx'] });
      return expectUnmoved(wrong);
    },
  }),
  check({
    id: 'checksum.disconnect',
    level: safety,
    impact: 'data',
    spec: purpose,
    says: 'Whatever a server does with a chunk that breaks off, the file is right in the end.',
    passes: 'nothing or a part of the chunk is kept, and going on gives the file that was sent',
    fails: 'an offset beyond what was sent, an upload that is stuck, or another file',
    matters: 'after a broken connection the video is another',
    reads: cutCheckedChunk,
    judge({ cut, sentBytes, after, finish, content }) {
      const stands = standsAt(after);
      if (stands > sentBytes) {
        throw new Violation({
          expected: `an offset from 0 to ${sentBytes}`,
          actual: `it stands at ${stands}`,
          evidence: [cut, ...after.exchanges.slice(-1)],
        });
      }
      expectFinished(finish);
      return expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'checksum.not-advertised',
    level: may,
    impact: 'advice',
    spec: extension,
    says: 'A server without the extension ignores Upload-Checksum, or refuses it.',
    passes: 'a success, or any 4xx',
    fails: 'a 5xx, or no answer',
    matters: 'a client that always sends checksums cannot use the server',
    reads: checksumUnasked,
    judge: ({ wrong: { exchange } }) => expectStatus(exchange, ['2xx', '4xx', 501]),
  }),
  check({
    id: 'checksum.post',
    level: may,
    impact: 'data',
    spec: tus('Creation With Upload', 'creation-with-upload'),
    says: 'A checksum guards the bytes that come with a creation too.',
    passes: 'any 4xx, or a creation whose offset is 0',
    fails: 'the bytes are stored, a 5xx, or no answer',
    matters: unverified,
    reads: checkedCreation,
    judge({ created, head }) {
      expectStatus(created, ['2xx', '4xx']);
      if (!isSuccess(created)) return;
      return expectOffset(needed(head, 'HEAD'), 0);
    },
  }),
];

export const checksumChecks: Section = {
  number: 11,
  title: 'Extension: Checksum',
  untestable: {},
  checks: [...listing, ...disagreeing, ...strange, ...checksumTrailers],
};

function listed(options: Exchange): readonly string[] {
  return headerMembers(options, 'Tus-Checksum-Algorithm');
}
