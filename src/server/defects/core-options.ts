import { standardAnswers } from '../http/answers.ts';
import { refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { answering, both, isToCollection, method, refusing, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const tus = { protocol: 'tus' } as const;

export const coreOptionsDefects: readonly Defect[] = [
  {
    id: 'options-405',
    says: 'Knows no OPTIONS.',
    breaks: ['core.options.status'],
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'OPTIONS' && isToCollection(request) ? refusal(405, 'no OPTIONS here') : undefined,
      ),
  },
  {
    id: 'options-without-versions',
    says: 'Answers OPTIONS without Tus-Version.',
    breaks: ['core.options.tus-version'],
    source: 'https://github.com/tus/tus-node-server/issues/674',
    behaviour: () => discovering({ 'Tus-Version': undefined }),
  },
  {
    id: 'extension-twice',
    says: 'Lists an extension twice.',
    breaks: ['core.options.extension-syntax'],
    serve: tus,
    behaviour: () => discovering({ 'Tus-Extension': 'creation,creation,creation-with-upload,termination' }),
  },
  {
    id: 'extensions-empty',
    says: 'Has no extension, and says so with an empty Tus-Extension.',
    breaks: ['core.options.extension-omitted'],
    behaviour: () => ({ extensions: [], ...discovering({ 'Tus-Extension': '' }) }),
  },
  {
    id: 'trailer-without-checksum',
    says: 'Lists checksum-trailer without checksum.',
    breaks: ['core.options.dependencies'],
    serve: tus,
    behaviour: () =>
      discovering({ 'Tus-Extension': 'creation,creation-with-upload,termination,checksum-trailer' }),
  },
  {
    id: 'termination-unlisted',
    says: 'Has termination, and does not list it.',
    breaks: ['core.options.unadvertised', 'termination.advertised'],
    serve: tus,
    behaviour: () => discovering({ 'Tus-Extension': 'creation,creation-with-upload' }),
  },
  {
    id: 'max-size-infinity',
    says: 'Writes Infinity as Tus-Max-Size.',
    breaks: ['core.options.max-size-syntax'],
    serve: tus,
    behaviour: () => discovering({ 'Tus-Max-Size': 'Infinity' }),
  },
  {
    id: 'max-size-unsaid',
    says: 'Has a largest size, and does not say which.',
    breaks: ['core.options.max-size-announced'],
    serve: { protocol: 'tus', maxSizeBytes: 20_000_000 },
    behaviour: () => discovering({ 'Tus-Max-Size': undefined }),
  },
  {
    id: 'options-on-upload-500',
    says: 'Fails inside when OPTIONS asks on an upload URL.',
    breaks: ['core.options.any-path'],
    source: 'https://github.com/janko/tus-ruby-server/issues/2',
    serve: tus,
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'OPTIONS' && !isToCollection(request) ? refusal(500, 'no handler') : undefined,
      ),
  },
  {
    id: 'options-creates',
    says: 'Creates an upload where OPTIONS states a length.',
    breaks: ['core.options.no-side-effect'],
    serve: tus,
    behaviour: () =>
      answering(
        ({ exchange }) =>
          exchange.request.method === 'OPTIONS' && 'upload-length' in exchange.request.headers,
        (reply) => withHeaders(reply, { Location: '/files/00000000-0000-4000-8000-000000000000' }),
      ),
  },
  {
    id: 'any-origin-with-credentials',
    says: 'Lets web pages of any origin use the credentials of their visitors.',
    breaks: ['core.options.cors-preflight'],
    serve: tus,
    behaviour: () =>
      answering(
        both(method('OPTIONS'), ({ exchange }) => 'origin' in exchange.request.headers),
        (reply) =>
          withHeaders(reply, {
            'Access-Control-Allow-Origin': '*',
            'Access-Control-Allow-Credentials': 'true',
          }),
      ),
  },
  {
    id: 'exposed-on-post-only',
    says: 'Shows web pages Location and Upload-Offset in the answers to POST only.',
    breaks: ['core.options.cors-expose'],
    source: 'https://github.com/tus/tus-node-server/issues/42',
    serve: tus,
    behaviour: () =>
      answering(
        ({ exchange }) => 'origin' in exchange.request.headers,
        (reply, { request }) =>
          withHeaders(reply, {
            'Access-Control-Allow-Origin': '*',
            ...(request.method === 'POST' && {
              'Access-Control-Expose-Headers': 'Location, Upload-Offset, Upload-Length, Tus-Resumable',
            }),
          }),
      ),
  },
];

/** Changes what a successful OPTIONS says. */
function discovering(headers: Readonly<Record<string, string | undefined>>): Behaviour {
  return { answers: { discovered: (facts) => withHeaders(standardAnswers.discovered(facts), headers) } };
}
