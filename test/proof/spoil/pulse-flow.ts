import { pulseFlow } from '../../../src/verify/scenarios/pulse-flow.ts';
import { answerWith, setJson, spoils } from './spoil.ts';

export const pulseFlowSpoils = spoils(pulseFlow, {
  'pulse.finalize.200': ({ finalized }) => answerWith(finalized, 201),
  'pulse.finalize.video-id': ({ finalized }) =>
    setJson(finalized, (json) => {
      json.videoId = '';
    }),
  'pulse.finalize.status': ({ finalized }) =>
    setJson(finalized, (json) => {
      json.status = 'done';
    }),
  'pulse.finalize.size': ({ finalized }) =>
    setJson(finalized, (json) => {
      json.size = String(json.size);
    }),
  'pulse.finalize.checksum': ({ finalized }) =>
    setJson(finalized, (json) => {
      json.checksum = `sha256:${'0'.repeat(64)}`;
    }),
  'pulse.flow.e2e': ({ second }) => answerWith(second, 200),
});
