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
} from '../../../src/verify/scenarios/pulse-multipart.ts';
import { answerWith, loseAnswer, otherContent, setHeader, spoils } from './spoil.ts';

export const pulseMultipartSpoils = [
  ...spoils(formChunk, {
    'pulse.multipart.204': ({ patched }) => setHeader(patched, 'Upload-Offset', '184'),
    'pulse.multipart.payload-only': ({ content }) => otherContent(content),
  }),
  ...spoils(formBytes, {
    'pulse.multipart.binary-safe': ({ odd }) => otherContent(odd.content),
    'pulse.multipart.1mib': ({ mebibyte }) => answerWith(mebibyte.patched, 413),
  }),
  ...spoils(mixedChunks, { 'pulse.multipart.mixed': ({ content }) => otherContent(content) }),
  ...spoils(refusedForms, {
    'pulse.multipart.offset-409': ({ after }) => {
      after.bytes = 5;
    },
    'pulse.multipart.wrong-field': ({ wrongField }) => answerWith(wrongField, 204),
  }),
  ...spoils(largeForm, {
    'pulse.multipart.oversize': ({ content }) => {
      if (content) otherContent(content);
    },
  }),
  ...spoils(truncatedForms, { 'pulse.multipart.truncated': ({ open }) => answerWith(open.exchange, 204) }),
  ...spoils(twoFiles, { 'pulse.multipart.two-files': ({ content }) => otherContent(content) }),
  ...spoils(pathAsPartName, { 'pulse.multipart.part-filename': ({ patched }) => answerWith(patched, 500) }),
  ...spoils(formWithoutFile, { 'pulse.multipart.no-file': ({ alive }) => loseAnswer(alive) }),
  ...spoils(formWithoutBoundary, {
    'pulse.multipart.no-boundary': ({ after }) => {
      after.bytes = 10;
    },
  }),
];
