import { refusals, unknownPatch } from '../../../src/verify/scenarios/basic-flow.ts';
import {
  headOfChunk,
  plainOctetStream,
  rawFormText,
  thirdAttempt,
} from '../../../src/verify/scenarios/pulse-classic.ts';
import { pulseFlow } from '../../../src/verify/scenarios/pulse-flow.ts';
import { secondChunkFirst } from '../../../src/verify/scenarios/repeats.ts';
import { answerWith, dropHeader, otherContent, setJson, spoils } from './spoil.ts';

export const pulseChunksSpoils = [
  ...spoils(headOfChunk, {
    'pulse.head.200': ({ asked }) => answerWith(asked, 404),
    'pulse.head.length': ({ asked }) => dropHeader(asked, 'Upload-Length'),
    'pulse.head.unknown': ({ unknown }) => answerWith(unknown, 200),
  }),
  ...spoils(pulseFlow, {
    'pulse.patch.204': ({ first }) => answerWith(first, 200),
    'pulse.patch.offset': ({ first }) => dropHeader(first, 'Upload-Offset'),
  }),
  ...spoils(refusals, {
    'pulse.patch.409': ({ tooEarly }) => answerWith(tooEarly, 400),
    'pulse.patch.409-json': ({ tooEarly }) =>
      setJson(tooEarly, (json) => {
        delete json.error;
      }),
  }),
  ...spoils(unknownPatch, { 'pulse.patch.404': ({ patchUnknown }) => answerWith(patchUnknown, 204) }),
  ...spoils(secondChunkFirst, {
    'pulse.patch.sequential': ({ tooEarly }) => answerWith(tooEarly, 204),
  }),
  ...spoils(thirdAttempt, { 'pulse.patch.retry-3x1s': ({ content }) => otherContent(content) }),
  ...spoils(plainOctetStream, { 'pulse.patch.octet-stream-alias': ({ content }) => otherContent(content) }),
  ...spoils(rawFormText, { 'pulse.patch.raw-not-wrapped': ({ content }) => otherContent(content) }),
];
