import { isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { check, type Section, Skip, Violation } from '../check.ts';
import {
  expectAnswer,
  expectContent,
  expectFinished,
  expectOffset,
  expectRefused,
  expectStatus,
  needed,
} from '../expect.ts';
import { expectAlive } from '../expect-alive.ts';
import { pulseMust, pulseSafety } from '../levels.ts';
import type { KnownOffset } from '../probe/offsets.ts';
import type { Exchange } from '../recording.ts';
import {
  formBytes,
  formChunk,
  formWithoutBoundary,
  formWithoutFile,
  largeForm,
  mixedChunks,
  pathAsPartName,
  refusedForms,
  truncatedForms,
  twoFiles,
} from '../scenarios/pulse-multipart.ts';
import { derived, pulseChunked, rfc } from '../sources.ts';
import { count } from '../stored-runs.ts';

const optionA = pulseChunked('Option A: multipart/form-data Chunks');
const otherVideo = 'the video on the server is not the one that was recorded';
const diesOfIt = 'one malformed request ends the uploads of everybody';

const triesAgain = 'a 5xx says "try again", and behind it is an error that nobody handled';

/** Of what did no harm: 4xx, while a 5xx, as frameworks answer what their reader of forms throws, is a warning. */
const expectRefusal = (exchange: Exchange) =>
  expectStatus(exchange, ['4xx'], { warn: ['5xx'], matters: triesAgain });

export const pulseMultipart: Section = {
  number: 18,
  title: 'Pulse classic: multipart chunks',
  untestable: {},
  checks: [
    check({
      id: 'pulse.multipart.204',
      level: pulseMust,
      impact: 'interoperability',
      spec: optionA,
      says: 'A chunk that comes as the file "chunk" of a form is answered with 204 and the new offset.',
      passes: '204 and the size as Upload-Offset to a small file; a smaller one where not all was taken',
      fails: 'another status, or an offset that counts the envelope',
      matters: 'a client that sends forms does not get on, or goes on at the wrong place',
      reads: formChunk,
      judge({ patched, sizeBytes }) {
        expectStatus(patched, [204]);
        return expectOffset(patched, { from: 1, to: sizeBytes });
      },
    }),
    check({
      id: 'pulse.multipart.payload-only',
      level: pulseMust,
      impact: 'data',
      spec: optionA,
      says: 'Of a form only the bytes of the file are stored and counted.',
      passes: 'size and checksum of the file',
      fails: 'the envelope is stored as well, or bytes are missing',
      matters: 'every chunk of the video has text in it: no player opens it',
      reads: formChunk,
      judge({ patched, content }) {
        needed(patched, 'the form');
        return expectContent(content);
      },
    }),
    check({
      id: 'pulse.multipart.binary-safe',
      level: pulseSafety,
      impact: 'data',
      spec: rfc(7578, '4.1'),
      says: 'The file of a form may hold anything but the delimiter.',
      passes: 'the checksum of what was sent, for 1 MiB and for bytes that look like the end of a form',
      fails: 'the file is cut short, line breaks and zeros are lost, or the rest cannot be sent as a form',
      matters: otherVideo,
      reads: formBytes,
      judge({ mebibyte, odd }) {
        needed(odd.patched, 'the form');
        expectFinished(odd.finish);
        expectContent(odd.content);
        return isSuccess(mebibyte.patched) ? expectContent(mebibyte.content) : undefined;
      },
    }),
    check({
      id: 'pulse.multipart.1mib',
      level: pulseMust,
      impact: 'interoperability',
      spec: pulseChunked('Chunk Details'),
      says: 'A whole chunk of 1 MiB is taken as a form.',
      passes: 'a success with Upload-Offset: 1048576; a smaller one where not all was taken',
      fails: 'a refusal, such as 413, or another offset',
      matters: 'a client that sends forms cannot upload to this server',
      reads: formBytes,
      judge({ mebibyte: { patched, sizeBytes } }) {
        expectStatus(patched, ['2xx']);
        return expectOffset(patched, { from: 1, to: sizeBytes });
      },
    }),
    check({
      id: 'pulse.multipart.mixed',
      level: pulseMust,
      impact: 'data',
      spec: optionA,
      says: 'Raw chunks and forms may alternate in one upload.',
      passes: 'the checksum of what was sent',
      fails: 'one kind is refused, or the bytes differ',
      matters: otherVideo,
      reads: mixedChunks,
      judge({ patches, finish, content }) {
        for (const patched of patches) expectStatus(patched, ['2xx']);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'pulse.multipart.offset-409',
      level: pulseMust,
      impact: 'data',
      spec: optionA,
      says: 'A form at another offset than the upload has is answered with 409, and changes nothing.',
      passes: '409 to a form at offset 5 of a fresh upload, which then still stands at 0',
      fails: 'another answer, or the offset moved',
      matters: 'bytes end up at the wrong place',
      reads: refusedForms,
      judge({ tooEarly, after }) {
        expectStatus(tooEarly, [409]);
        return expectUnchanged(after);
      },
    }),
    check({
      id: 'pulse.multipart.wrong-field',
      level: pulseMust,
      impact: 'interoperability',
      spec: optionA,
      says: 'A file in another field than "chunk" is refused.',
      passes: '400, or any other 4xx',
      fails: 'it is taken, or a 5xx',
      matters: 'a client with a mistake believes that its bytes were meant',
      reads: refusedForms,
      judge: ({ wrongField }) => expectRefused(wrongField),
    }),
    check({
      id: 'pulse.multipart.no-file',
      level: pulseSafety,
      impact: 'security',
      spec: derived('a form without a file is a mistake of the client'),
      says: 'A form without any file is refused, and the server survives it.',
      passes: '4xx, and /health answers afterwards',
      fails: 'a 5xx, no answer, or a server that is gone',
      matters: diesOfIt,
      reads: formWithoutFile,
      judge({ patched, alive }) {
        expectRefused(patched);
        return expectAlive(alive);
      },
    }),
    check({
      id: 'pulse.multipart.oversize',
      level: pulseMust,
      impact: 'data',
      spec: optionA,
      says: 'A file above the limit of the server is refused and not stored; below it, it is taken whole.',
      passes: '4xx or a closed connection with the offset unchanged, or all of it with the right checksum',
      fails: 'it is stored cut short, or a 5xx',
      matters: 'the video has a hole that nobody notices',
      reads: largeForm,
      judge({ patched, after, content }) {
        if (content !== undefined) return expectContent(content);
        // A server may stop reading: then its refusal can be lost on the way (RFC 9112, 9.6).
        if (patched.answer !== undefined) expectRefused(patched);
        return expectUnchanged(after);
      },
    }),
    check({
      id: 'pulse.multipart.no-boundary',
      level: pulseSafety,
      impact: 'data',
      spec: rfc(7578, '4.1'),
      says: 'A form that does not say its boundary is refused, changes nothing, and the server survives it.',
      passes: '4xx, the offset unchanged, and /health answers afterwards',
      fails: 'it is stored as it is, or a server that is gone; a 5xx that changes nothing is a warning',
      matters: diesOfIt,
      reads: formWithoutBoundary,
      judge({ patched, after, alive }) {
        if (isSuccess(patched)) expectRefused(patched);
        expectUnchanged(after);
        expectAlive(alive);
        return expectRefusal(patched);
      },
    }),
    check({
      id: 'pulse.multipart.truncated',
      level: pulseSafety,
      impact: 'data',
      spec: derived('only a closing delimiter says that a form is whole'),
      says: 'A form that breaks off before its closing delimiter is not taken for a whole chunk.',
      passes: 'a refusal; the offset counts no more than was sent, and the resumed file is right',
      fails:
        'it is counted as complete, the offset is out of bounds, or the bytes differ; a 5xx that does no harm is a warning',
      matters: otherVideo,
      reads: truncatedForms,
      judge({ whileCut, open }) {
        // Said by the answer alone: it needs no HEAD.
        if (isSuccess(open.exchange)) {
          const actual = `${outcomeOf(open.exchange)} with Upload-Offset ${offsetOf(open.exchange) ?? 'missing'}`;
          throw new Violation({
            expected: 'a refusal of the form without its end',
            actual,
            evidence: [open.exchange],
          });
        }
        for (const { after, content } of [whileCut, open]) {
          expectWithin(after, content.expected.sizeBytes);
        }
        for (const { finish, content } of [whileCut, open]) {
          expectFinished(finish);
          expectContent(content);
        }
        return open.exchange.answer && expectRefusal(open.exchange);
      },
    }),
    check({
      id: 'pulse.multipart.two-files',
      level: pulseSafety,
      impact: 'data',
      spec: derived('the offset says which bytes are there'),
      says: 'Of two files "chunk" in one form none is silently dropped.',
      passes: '4xx, or the offset that HEAD confirms, and a file that ends right',
      fails: 'offset and bytes disagree, or a 5xx',
      matters: otherVideo,
      reads: twoFiles,
      judge({ patched, after, finish, content }) {
        expectStatus(patched, ['2xx', '4xx']);
        if (isSuccess(patched) && after.bytes !== undefined) expectOffset(patched, after.bytes);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'pulse.multipart.part-filename',
      level: pulseSafety,
      impact: 'security',
      spec: derived('the name of a part is the word of a stranger'),
      says: 'The name of the file in a form never becomes a path.',
      passes: 'a success or 4xx to a name with folders in it, and the right bytes',
      fails: 'a 5xx or no answer: the name was used as a path; or other bytes',
      matters: 'a stranger chooses which file of the server is written',
      reads: pathAsPartName,
      judge({ patched, finish, content }) {
        expectStatus(patched, ['2xx', '4xx']);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
  ],
};

function expectUnchanged(known: KnownOffset): undefined {
  return expectWithin(known, 0, 'the upload still stands at 0');
}

function expectWithin(
  { by, bytes, exchanges }: KnownOffset,
  mostBytes: number,
  expected = `an offset of at most ${count(mostBytes)}`,
): undefined {
  if (bytes !== undefined && bytes <= mostBytes) return;
  const last = exchanges.at(-1);
  expectAnswer(last, { expected });
  // A server without HEAD may refuse an empty chunk as well: then nobody can say where the upload stands.
  if (bytes === undefined && by === 'empty-patch')
    throw new Skip('without HEAD the offset cannot be learned');
  const actual = bytes === undefined ? 'it does not say where it stands' : `it stands at ${count(bytes)}`;
  throw new Violation({ expected, actual, evidence: [last] });
}
