import { Blocked, check, type Section, Violation } from '../check.ts';
import { expectContent, expectFinished, expectStatus } from '../expect.ts';
import { safety } from '../levels.ts';
import {
  cutAfterHead,
  cutByFin,
  cutByReset,
  cutFirstAndLast,
  cutInMidChunk,
  cutInsideChunkedBody,
  cutOneByteShort,
  cutThenSameChunk,
  lostAnswer,
  repeatedCuts,
} from '../scenarios/disconnects.ts';
import type { SeenBrokenUpload, SeenCut } from '../scenarios/seen-file.ts';
import { derived, pulseChunked, rfc, tus } from '../sources.ts';
import { count } from '../stored-runs.ts';

const networkErrors = tus('PATCH (the server stores what it received)', 'patch');
const endsRight =
  'after the cut the offset lies between what was acknowledged and what was sent, and the resumed file is what was sent';
const endsWrong = 'an offset outside of that, or a file that is too long, too short or different';
const brokenVideo =
  'after a dropped connection the video on the server is damaged, and every status looked right';

export const dataDisconnects: Section = {
  number: 14,
  title: 'Safety: data integrity',
  untestable: {},
  checks: [
    check({
      id: 'data.disconnect.mid-chunk',
      level: safety,
      impact: 'data',
      spec: networkErrors,
      says: 'After a connection broke inside a chunk, asking HEAD and resuming gives the original file.',
      passes: endsRight,
      fails: endsWrong,
      matters: brokenVideo,
      reads: cutInMidChunk,
      judge: survivesCuts,
    }),
    check({
      id: 'data.disconnect.no-head-retry',
      level: safety,
      impact: 'data',
      spec: pulseChunked('Chunk Details'),
      says: 'A client that repeats the broken chunk at its old offset, without asking, ends right as well.',
      passes: 'the repeat is taken, or refused with 409; the file in the end is what was sent',
      fails: 'the repeat is taken and the file is damaged',
      matters: brokenVideo,
      reads: cutThenSameChunk,
      judge({ repeated, finish, content }) {
        // 423 or, in protocol v1, 503 is a lock that is not let go of yet.
        expectStatus(repeated, ['2xx', 409], { note: [503], warn: [423] });
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.disconnect.fin',
      level: safety,
      impact: 'data',
      spec: networkErrors,
      says: 'The same holds when the client ends its side in order (FIN).',
      passes: endsRight,
      fails: endsWrong,
      matters: brokenVideo,
      reads: cutByFin,
      judge: survivesCuts,
    }),
    check({
      id: 'data.disconnect.rst',
      level: safety,
      impact: 'data',
      spec: networkErrors,
      says: 'The same holds when the connection is reset (RST).',
      passes: endsRight,
      fails: endsWrong,
      matters: brokenVideo,
      reads: cutByReset,
      judge: survivesCuts,
    }),
    check({
      id: 'data.disconnect.headers-only',
      level: safety,
      impact: 'data',
      spec: derived('nothing was sent'),
      says: 'A connection that dies before the first byte of the body changes nothing.',
      passes: 'the offset is as before, and the resumed file is what was sent',
      fails: 'the offset moved, or the upload stays locked',
      matters: 'bytes that were never sent count as stored',
      reads: cutAfterHead,
      judge: survivesCuts,
    }),
    check({
      id: 'data.disconnect.one-byte-missing',
      level: safety,
      impact: 'data',
      spec: rfc(9112, '8'),
      says: 'A chunk that ends one byte early is not taken for complete.',
      passes: endsRight,
      fails: 'the offset is at the end of the chunk, or the file is damaged',
      matters: brokenVideo,
      reads: cutOneByteShort,
      judge: survivesCuts,
    }),
    check({
      id: 'data.disconnect.first-and-last',
      level: safety,
      impact: 'data',
      spec: networkErrors,
      says: 'The first and the last chunk are no exceptions.',
      passes: endsRight,
      fails: 'the upload is complete before its last byte, or the file is damaged',
      matters: brokenVideo,
      reads: cutFirstAndLast,
      judge: survivesCuts,
    }),
    check({
      id: 'data.disconnect.repeated',
      level: safety,
      impact: 'data',
      spec: networkErrors,
      says: 'Several cuts in one upload add up to the right file.',
      passes: 'the resumed file is what was sent',
      fails: endsWrong,
      matters: brokenVideo,
      reads: repeatedCuts,
      judge({ finish, content }) {
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.disconnect.lost-response',
      level: safety,
      impact: 'data',
      spec: derived('a client cannot tell a lost answer from a lost request'),
      says: 'When only the answer is lost, the bytes are not stored twice.',
      passes: 'the offset is that before or that behind the chunk, and the resumed file is what was sent',
      fails: 'bytes are doubled',
      matters: brokenVideo,
      reads: lostAnswer,
      judge: survivesCuts,
    }),
    check({
      id: 'data.disconnect.offset-bounds',
      level: safety,
      impact: 'resume',
      spec: networkErrors,
      says: 'After a cut the offset lies between what was acknowledged before and what was sent.',
      passes: 'so after each of six cuts',
      fails: 'it is lower or higher',
      matters: 'a client skips bytes that the server never got, or sends some twice',
      needs: ['head'],
      reads: repeatedCuts,
      judge({ cuts }) {
        if (cuts.length === 0) throw new Blocked('no chunk could be cut');
        return stayInBounds(cuts);
      },
    }),
    check({
      id: 'data.disconnect.offset-matches-bytes',
      level: safety,
      impact: 'data',
      spec: derived('the offset is the number of bytes that are stored'),
      says: 'The offset that HEAD states after a cut is the number of bytes that are really stored.',
      passes: 'resuming from it gives the file that was sent',
      fails: 'the file is damaged although every status and every offset looked right',
      matters: brokenVideo,
      needs: ['oracle'],
      reads: cutInMidChunk,
      judge({ cuts, finish, content }) {
        stayInBounds(cuts);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.disconnect.chunked-te',
      level: safety,
      impact: 'data',
      spec: rfc(9112, '8'),
      says: 'A chunked body that ends without its last chunk is not taken for complete.',
      passes: endsRight,
      fails: endsWrong,
      matters: brokenVideo,
      reads: cutInsideChunkedBody,
      judge: survivesCuts,
    }),
  ],
};

function survivesCuts({ cuts, finish, content }: SeenBrokenUpload): undefined {
  stayInBounds(cuts);
  expectFinished(finish);
  return expectContent(content);
}

/** Bytes of a cut that the server was still storing when it was asked count as sent at the next one. */
function stayInBounds(cuts: readonly SeenCut[]): undefined {
  let mostBytes = 0;
  for (const cut of cuts) {
    mostBytes = Math.max(mostBytes, cut.beforeBytes + cut.sentBytes);
    staysBetween(cut, mostBytes);
  }
}

/** Where neither HEAD nor an empty chunk says it, the rest of the upload shows whether its bytes are right. */
function staysBetween({ beforeBytes, after }: SeenCut, mostBytes: number): undefined {
  if (after.by === 'empty-patch' && after.bytes === undefined) return;
  const expected = `an offset from ${count(beforeBytes)} to ${count(mostBytes)}`;
  const { bytes, exchanges } = after;
  if (bytes !== undefined && bytes >= beforeBytes && bytes <= mostBytes) return;
  const actual =
    bytes === undefined ? 'the server does not say where the upload stands' : `offset ${count(bytes)}`;
  throw new Violation({ expected, actual, evidence: exchanges.slice(-2) });
}
