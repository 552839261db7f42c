import {
  everyExtension,
  fromAnotherOrigin,
  largestUpload,
  optionsEverywhere,
} from '../../../src/verify/scenarios/core-options.ts';
import { optionsVersions } from '../../../src/verify/scenarios/core-version.ts';
import { answerWith, dropHeader, setHeader, spoils } from './spoil.ts';

export const coreOptionsSpoils = [
  ...spoils(optionsVersions, {
    'core.options.status': ({ plain }) => answerWith(plain, 404),
    'core.options.tus-version': ({ plain }) => dropHeader(plain, 'Tus-Version'),
    'core.options.extension-syntax': ({ plain }) => setHeader(plain, 'Tus-Extension', 'creation;termination'),
    'core.options.extension-omitted': ({ plain }) => setHeader(plain, 'Tus-Extension', ''),
    'core.options.dependencies': ({ plain }) => setHeader(plain, 'Tus-Extension', 'creation-with-upload'),
    'core.options.max-size-syntax': ({ plain }) => setHeader(plain, 'Tus-Max-Size', '-1'),
  }),
  ...spoils(everyExtension, {
    'core.options.unadvertised': ({ options }) =>
      setHeader(options, 'Tus-Extension', 'creation,creation-with-upload'),
  }),
  ...spoils(largestUpload, {
    'core.options.max-size-announced': ({ options, created }) => {
      dropHeader(options, 'Tus-Max-Size');
      answerWith(created, 413);
    },
  }),
  ...spoils(optionsEverywhere, {
    'core.options.any-path': ({ onUpload }) => answerWith(onUpload.exchange, 500),
    'core.options.no-side-effect': ({ asIfCreating }) => setHeader(asIfCreating, 'Location', '/uploads/1'),
  }),
  ...spoils(fromAnotherOrigin, {
    'core.options.cors-preflight': ({ preflight }) => {
      setHeader(preflight, 'Access-Control-Allow-Origin', '*');
      setHeader(preflight, 'Access-Control-Allow-Credentials', 'true');
    },
    'core.options.cors-expose': ({ patched }) => {
      setHeader(patched, 'Access-Control-Allow-Origin', '*');
      dropHeader(patched, 'Access-Control-Expose-Headers');
    },
  }),
];
