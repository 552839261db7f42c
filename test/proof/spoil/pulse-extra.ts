import { crossOrigin, deepLink } from '../../../src/verify/scenarios/pulse-extra.ts';
import { answerWith, setHeader, setJson, spoils } from './spoil.ts';

export const pulseExtraSpoils = [
  ...spoils(deepLink, {
    'pulse.extra.qr-deeplink': ({ minted }) =>
      setJson(minted, (json) => {
        json.qrData = 'another';
      }),
    'pulse.extra.qr-link-shape': ({ minted }) =>
      setJson(minted, (json) => {
        json.deeplink = String(json.deeplink).replace('mode=upload', 'mode=play');
      }),
    'pulse.extra.qr-verify': ({ bad }) => answerWith(bad, 200),
  }),
  ...spoils(crossOrigin, {
    'pulse.extra.cors': ({ created }) => setHeader(created, 'Access-Control-Expose-Headers', 'Location'),
  }),
];
