import { beginsAs, headerOf, isGone, isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { canary } from '../canary.ts';
import { check, type Section, Skip, Violation } from '../check.ts';
import { smallerChunk } from '../chunk-size.ts';
import {
  expectAnswer,
  expectContent,
  expectFinished,
  expectOffset,
  expectRefused,
  expectStatus,
  needed,
} from '../expect.ts';
import { may, must, safety } from '../levels.ts';
import type { Content } from '../probe/content.ts';
import type { Exchange } from '../recording.ts';
import { chunkedPatch, segmentedHead, slowPatch } from '../scenarios/delivery.ts';
import {
  everyChunkTwice,
  lastByteMissing,
  otherBytesBehind,
  secondChunkFirst,
} from '../scenarios/repeats.ts';
import { hugeFile, restartBetweenChunks, restartDuringPatch } from '../scenarios/restarts.ts';
import type { SeenFile } from '../scenarios/seen-file.ts';
import {
  emptyFile,
  lastChunkSmaller,
  oddChunks,
  oneByteShort,
  oneMebibyte,
  singleByte,
  strangeContents,
  threeMebibytesAndABit,
  twoMebibytes,
} from '../scenarios/whole-files.ts';
import { derived, pulseChunked, rfc, tus } from '../sources.ts';
import { count } from '../stored-runs.ts';
import type { Target } from '../target.ts';
import { skipChunkedToHttp10 } from './http-1-0.ts';
import { isMovedAway } from './moved-away.ts';
import { emptyContent, skipUnlessVideo } from './tiny-files.ts';

const chunkDetails = pulseChunked('Chunk Details');
const patch = tus('PATCH', 'patch');
const sameBytes = 'size and sha256 of what the server holds equal those of what was sent';
const otherBytes = 'any difference';
const otherVideo = 'the video on the server is not the one that was recorded';

export const dataWholeFiles: Section = {
  number: 14,
  title: 'Safety: data integrity',
  untestable: {},
  checks: [
    check({
      id: 'data.roundtrip.chunked',
      level: safety,
      impact: 'data',
      spec: derived('the purpose of a resumable upload'),
      says: 'What the server holds is byte for byte what was sent.',
      passes: sameBytes,
      fails: otherBytes,
      matters: otherVideo,
      reads: threeMebibytesAndABit,
      judge: arrivesWhole,
    }),
    check({
      id: 'data.chunk.exact-1mib',
      level: safety,
      impact: 'data',
      spec: chunkDetails,
      says: 'A file of exactly one chunk of 1 MiB works, and is complete with that chunk.',
      passes: `one PATCH ends at offset 1048576; ${sameBytes}`,
      fails: 'an extra empty chunk is expected, or the bytes differ',
      matters: otherVideo,
      reads: oneMebibyte,
      judge: takesEachChunk,
    }),
    check({
      id: 'data.chunk.exact-multiple',
      level: safety,
      impact: 'data',
      spec: chunkDetails,
      says: 'A file that is an exact multiple of the chunk size works, and is complete with its last chunk.',
      passes: `two PATCHes end at offset 2097152; ${sameBytes}`,
      fails: 'an extra empty chunk is expected, or the bytes differ',
      matters: otherVideo,
      reads: twoMebibytes,
      judge: takesEachChunk,
    }),
    check({
      id: 'data.chunk.last-smaller',
      level: may,
      impact: 'data',
      spec: chunkDetails,
      says: 'The last chunk may be smaller than the others.',
      passes: sameBytes,
      fails: 'the short chunk is refused or filled up',
      matters: otherVideo,
      reads: lastChunkSmaller,
      judge: arrivesWhole,
    }),
    check({
      id: 'data.chunk.one-byte-short',
      level: safety,
      impact: 'data',
      spec: derived('the boundary of the chunk size'),
      says: 'A file one byte shorter than a chunk works.',
      passes: sameBytes,
      fails: otherBytes,
      matters: otherVideo,
      reads: oneByteShort,
      judge: arrivesWhole,
    }),
    check({
      id: 'data.chunk.single-byte-file',
      level: safety,
      impact: 'data',
      spec: derived('the smallest file that is not empty'),
      says: 'A file of one byte works.',
      passes: sameBytes,
      fails: otherBytes,
      matters: otherVideo,
      reads: singleByte,
      judge(file, target) {
        skipUnlessVideo(file, target);
        return arrivesWhole(file);
      },
    }),
    check({
      id: 'data.chunk.odd-sizes',
      level: safety,
      impact: 'data',
      spec: patch,
      says: 'Chunks need be neither round nor equal in size.',
      passes: sameBytes,
      fails: 'a refusal, or other bytes',
      matters: otherVideo,
      reads: oddChunks,
      judge: arrivesWhole,
    }),
    check({
      id: 'data.zero-length',
      level: must,
      impact: 'data',
      spec: tus('Creation', 'creation'),
      says: 'The empty file works: it is complete as soon as it is created.',
      passes: 'size 0 and the sha256 of nothing',
      fails: 'the creation is refused, or the upload never becomes complete',
      matters: 'an empty recording keeps the whole queue of a client waiting',
      reads: emptyFile,
      judge(seen, target) {
        const content = emptyContent(seen, target);
        if (seen.finish !== undefined) expectFinished(seen.finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.content-agnostic',
      level: safety,
      impact: 'data',
      spec: derived('a chunk is bytes, whatever they look like'),
      says: 'Bytes that look like text, framing, compression or the chunk before them are stored unchanged.',
      passes: sameBytes,
      fails: 'bytes are transformed, cut off, decompressed, or left out as a repeat',
      matters: otherVideo,
      reads: strangeContents,
      judge(files) {
        for (const file of Object.values(files)) arrivesWhole(file);
        return undefined;
      },
    }),
    check({
      id: 'data.duplicate-patch',
      level: safety,
      impact: 'data',
      spec: patch,
      says: 'A chunk that is sent again does not change the file.',
      passes: `409 to each repeat; ${sameBytes}`,
      fails: 'a repeat is taken',
      matters: 'a client that repeats after a lost answer doubles the chunk',
      reads: everyChunkTwice,
      judge({ repeats, finish, content }, target) {
        for (const { first, second } of repeats) {
          needed(first, 'the chunk');
          const isAway = offsetOf(first) === content.expected.sizeBytes && isMovedAway(second, target);
          if (!isAway) expectStatus(second, [409], { warn: ['4xx'] });
        }
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.out-of-order',
      level: safety,
      impact: 'data',
      spec: patch,
      says: 'A chunk that comes too early leaves no trace.',
      passes: sameBytes,
      fails: 'a hole, or chunks in the wrong order',
      matters: otherVideo,
      reads: secondChunkFirst,
      judge({ tooEarly, finish, content }) {
        expectRefused(tooEarly);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.overwrite-attempt',
      level: safety,
      impact: 'data',
      spec: patch,
      says: 'Bytes that are stored cannot be replaced.',
      passes: `a refusal; ${sameBytes}`,
      fails: 'other bytes at offset 0 are taken',
      matters: otherVideo,
      reads: otherBytesBehind,
      judge({ first, overwrite, finish, content }) {
        needed(first, 'the first chunk');
        expectRefused(overwrite);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.chunked-transfer-encoding',
      level: safety,
      impact: 'data',
      spec: rfc(9112, '7.1'),
      says: 'A PATCH without Content-Length stores exactly the bytes of its chunks.',
      passes: `a success and the right offset; ${sameBytes}; 411 is a deviation`,
      fails: 'framing is stored, the offset is wrong, or no answer comes',
      matters: 'a streaming client cannot send its video, or its framing becomes part of it',
      reads: chunkedPatch,
      judge({ created, patches: [patched], finish, content }) {
        skipChunkedToHttp10(created);
        expectStatus(patched, ['2xx'], { warn: [411] });
        expectOffset(patched, content.expected.sizeBytes);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.slow-body',
      level: safety,
      impact: 'resume',
      spec: derived('slow lines exist'),
      says: 'A sender that is slow but steady succeeds.',
      passes: `204 and the right offset; ${sameBytes}`,
      fails: 'the connection is cut while bytes keep coming',
      matters: 'over a slow line nothing is ever uploaded',
      reads: slowPatch,
      judge: takesEachChunk,
    }),
    check({
      id: 'data.segmented-headers',
      level: safety,
      impact: 'data',
      spec: rfc(9112, '2.2'),
      says: 'It makes no difference how a request is split into TCP segments.',
      passes: `204 and the right offset; ${sameBytes}`,
      fails: '400, or the first bytes of the body are lost',
      matters: 'whether an upload works depends on the weather in the network',
      reads: segmentedHead,
      judge: takesEachChunk,
    }),
    check({
      id: 'data.completion-exact',
      level: safety,
      impact: 'data',
      spec: derived('Upload-Length says when an upload is complete'),
      says: 'An upload is complete exactly when its last byte has arrived.',
      passes:
        'finalize is refused one byte before the end, and accepted after it; without finalize, GET does not serve a whole file before',
      fails: 'it is accepted early, or never',
      matters: 'a video without its end is taken for whole',
      reads: lastByteMissing,
      judge({ almost, early, last, content }, { finalizeUrl }) {
        needed(almost, 'the upload up to its last byte');
        if (finalizeUrl !== undefined) expectRefused(early, { expected: 'finalize is refused' });
        else if (early.answer === undefined) throw new Skip('no answer to GET');
        else notServedWhole(early, content.expected);
        expectStatus(last, ['2xx']);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.large-offset',
      level: safety,
      impact: 'data',
      spec: derived('files over 4 GiB'),
      says: 'Offsets beyond 2^31 and 2^32 work.',
      passes: sameBytes,
      fails: 'an offset wraps around',
      matters: 'long recordings are lost',
      reads: hugeFile,
      judge({ finish, content }) {
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.canary',
      level: safety,
      impact: 'data',
      spec: derived('uploads have nothing to do with each other'),
      says: 'An upload that nobody touches is not changed by what happens to others.',
      passes: `its offset stays where it was during the whole run, and it can be finished; ${sameBytes}; skipped where our restart command made the server forget it`,
      fails: 'its offset moves, it disappears, or its bytes change',
      matters: 'what one client does destroys the video of another',
      reads: canary,
      judge({ acknowledged, expiresMs = Infinity, visits, finish, content }) {
        // Deadlines are whole seconds.
        const isPast = ({ startedMs }: Exchange) => startedMs >= expiresMs - 1000;
        for (const { after, alive, head } of visits) {
          expectAnswer(alive, { expected: `the server answers after "${after}"` });
          if (head && isPast(head) && isGone(head)) throw new Skip(PAST_TERM);
          if (head && isRestart(after) && isGone(head)) throw new Skip(FORGOTTEN);
          if (head) expectOffset(head, acknowledged, { expected: `offset ${acknowledged} after "${after}"` });
        }
        if (finish.exchanges.some((exchange) => isPast(exchange) && isGone(exchange)))
          throw new Skip(PAST_TERM);
        const isUnseenSince = visits.some(({ after, head }) => head === undefined && isRestart(after));
        if (isUnseenSince && finish.exchanges.some(isGone)) throw new Skip(FORGOTTEN);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
  ],
};

const PAST_TERM =
  'the run took longer than the server keeps an upload that nobody goes on with (Upload-Expires)';

const restarts: ReadonlySet<string> = new Set([restartBetweenChunks.id, restartDuringPatch.id]);
const isRestart = (after: string) => restarts.has(after);
/** That it does so is a finding of its own (`data.restart.*`); the restart was ours. */
const FORGOTTEN = 'the server forgets its uploads when it is restarted, as we did (--restart-cmd)';

/** A file that has its whole size before its last byte has come; a page that speaks of it is something else. */
function notServedWhole(got: Exchange, { payload, sizeBytes }: Content['expected']): undefined {
  const answer = expectAnswer(got);
  const { body } = answer;
  if (!isSuccess(got) || body.sizeBytes < sizeBytes || !beginsAs(answer, payload)) return;
  throw new Violation({
    expected: 'no whole file while its last byte is missing',
    actual: `GET answered ${outcomeOf(got)} with ${count(body.sizeBytes)} bytes`,
    evidence: [got],
  });
}

/** The file could be sent, and is what was sent. */
function arrivesWhole({ finish, content }: SeenFile): undefined {
  expectFinished(finish);
  return expectContent(content);
}

/**
 * Besides, every chunk was taken; a server may take less of one than was sent, and say so, or refuse one as too long
 * where clients choose the size.
 */
function takesEachChunk(file: SeenFile, target: Target): undefined {
  const all = [...file.patches, ...file.finish.exchanges];
  for (const patched of file.patches) {
    const part = patched.sent.body.parts?.[0];
    if (part === undefined || smallerChunk(patched, target, all) !== undefined) continue;
    const expected = `success with Upload-Offset: ${part.to}`;
    expectStatus(patched, ['2xx'], { expected });
    if (headerOf(patched, 'Upload-Offset') === undefined) continue;
    expectOffset(patched, { from: part.from + 1, to: part.to }, { expected });
  }
  return arrivesWhole(file);
}
