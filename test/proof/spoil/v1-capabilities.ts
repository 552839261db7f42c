import {
  answersOfAllKinds,
  capabilitiesAsked,
  statedMaximum,
} from '../../../src/verify/scenarios/v1-capabilities.ts';
import { answerWith, dropHeader, setHeader, setJson, spoils } from './spoil.ts';

const field =
  (name: string, value: unknown) =>
  ({ open }: { open: Parameters<typeof setJson>[0] }) =>
    setJson(open, (json) => {
      json[name] = value;
    });

export const v1CapabilitiesSpoils = [
  ...spoils(capabilitiesAsked, {
    'v1.caps.200': ({ open }) => answerWith(open, 204),
    'v1.caps.public': ({ garbage }) => answerWith(garbage, 403),
    'v1.caps.json-object': ({ open }) => setHeader(open, 'Content-Type', 'text/html'),
    'v1.caps.protocol-version': field('protocolVersion', 1.5),
    'v1.caps.min-max': field('minSupportedVersion', 9),
    'v1.caps.range-contains': field('protocolVersion', 2),
    'v1.caps.supports-1': field('minSupportedVersion', 2),
    'v1.caps.upload-unit': field('uploadUnit', undefined),
    'v1.caps.kinds': field('kinds', ['captions']),
    'v1.caps.allowed-extensions': field('allowedExtensions', { video: ['.mp4'] }),
    'v1.caps.max-upload-size': field('maxUploadSize', '5 GiB'),
    'v1.caps.checksum': field('checksum', { algorithms: [1] }),
    'v1.caps.checksum-md5': field('checksum', { algorithms: ['sha1'] }),
    'v1.caps.no-secret': field('issuer', 'dGhpcyBpcyBhIHNlY3JldCBvZiB0aGUgc2VydmVyIQ=='),
    'v1.caps.stable': field('uploadUnit', 'segment'),
  }),
  ...spoils(statedMaximum, { 'v1.caps.max-upload-size-true': ({ above }) => answerWith(above, 201) }),
  ...spoils(answersOfAllKinds, {
    'v1.header.protocol-version': ({ named }) => dropHeader(named[3]?.exchange, 'Protocol-Version'),
    'v1.header.protocol-version.unknown-route': ({ unknownRoute }) =>
      dropHeader(unknownRoute, 'Protocol-Version'),
    'v1.header.protocol-version.capabilities': ({ capabilities }) =>
      setHeader(capabilities, 'Protocol-Version', '7'),
  }),
];
