import { canary } from '../../../src/verify/canary.ts';
import { chunkedPatch, segmentedHead, slowPatch } from '../../../src/verify/scenarios/delivery.ts';
import {
  everyChunkTwice,
  lastByteMissing,
  otherBytesBehind,
  secondChunkFirst,
} from '../../../src/verify/scenarios/repeats.ts';
import { hugeFile } from '../../../src/verify/scenarios/restarts.ts';
import * as files from '../../../src/verify/scenarios/whole-files.ts';
import { answerWith, otherContent, setHeader, spoils } from './spoil.ts';

export const dataWholeFilesSpoils = [
  ...spoils(hugeFile, { 'data.large-offset': ({ content }) => otherContent(content) }),
  ...spoils(files.threeMebibytesAndABit, {
    'data.roundtrip.chunked': ({ content }) => otherContent(content),
  }),
  ...spoils(files.oneMebibyte, {
    'data.chunk.exact-1mib': ({ patches }) => setHeader(patches[0], 'Upload-Offset', '1048577'),
  }),
  ...spoils(files.twoMebibytes, {
    'data.chunk.exact-multiple': ({ finish }) => {
      finish.complete = false;
    },
  }),
  ...spoils(files.lastChunkSmaller, { 'data.chunk.last-smaller': ({ content }) => otherContent(content) }),
  ...spoils(files.oneByteShort, {
    'data.chunk.one-byte-short': ({ content }) => {
      if (content.stored) content.stored.sizeBytes = 1_048_576;
    },
  }),
  ...spoils(files.singleByte, { 'data.chunk.single-byte-file': ({ content }) => otherContent(content) }),
  ...spoils(files.oddChunks, { 'data.chunk.odd-sizes': ({ content }) => otherContent(content) }),
  ...spoils(files.emptyFile, {
    'data.zero-length': ({ content }) => {
      delete content?.stored;
    },
  }),
  ...spoils(files.strangeContents, {
    'data.content-agnostic': (seen) => otherContent(seen['what looks like gzip']?.content ?? {}),
  }),
  ...spoils(everyChunkTwice, {
    'data.duplicate-patch': ({ repeats }) => answerWith(repeats[1]?.second, 204),
  }),
  ...spoils(secondChunkFirst, { 'data.out-of-order': ({ tooEarly }) => answerWith(tooEarly, 204) }),
  ...spoils(otherBytesBehind, { 'data.overwrite-attempt': ({ content }) => otherContent(content) }),
  ...spoils(chunkedPatch, {
    'data.chunked-transfer-encoding': ({ patches }) => setHeader(patches[0], 'Upload-Offset', '10270'),
  }),
  ...spoils(slowPatch, { 'data.slow-body': ({ patches }) => answerWith(patches[0], 408) }),
  ...spoils(segmentedHead, { 'data.segmented-headers': ({ content }) => otherContent(content) }),
  ...spoils(lastByteMissing, { 'data.completion-exact': ({ early }) => answerWith(early, 200) }),
  ...spoils(canary, {
    'data.canary': ({ visits }) => setHeader(visits[0]?.head, 'Upload-Offset', '0'),
  }),
];
