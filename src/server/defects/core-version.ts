import { TUS_VERSION } from '../../protocol/headers.ts';
import { type RequestHead, refusal } from '../http/exchange.ts';
import { answering, both, filtering, isCreation, method, refusing, status, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const tus = { protocol: 'tus' } as const;

export const coreVersionDefects: readonly Defect[] = [
  {
    id: 'version-missing-on-success',
    says: 'Says Tus-Resumable only in answers that refuse something.',
    breaks: ['core.version.response-header'],
    serve: tus,
    behaviour: () =>
      answering(status(200, 299), (reply) => withHeaders(reply, { 'Tus-Resumable': undefined })),
  },
  {
    id: 'version-missing-on-errors',
    says: 'Says Tus-Resumable only in answers that succeed.',
    breaks: ['core.version.response-header-on-error'],
    source: 'https://github.com/tus/tus-node-server/issues/114',
    serve: tus,
    behaviour: () =>
      answering(status(400, 499), (reply) => withHeaders(reply, { 'Tus-Resumable': undefined })),
  },
  {
    id: 'wrong-version-400',
    says: 'Refuses a version that it does not speak with 400.',
    breaks: ['core.version.unsupported.412', 'core.version.head-unsupported'],
    behaviour: () => ({
      rules: {
        door: { version: ({ request }) => (isWrong(request) ? refusal(400, 'which version?') : undefined) },
      },
    }),
  },
  {
    id: '412-without-versions',
    says: 'Refuses a version that it does not speak without saying which ones it does.',
    breaks: ['core.version.unsupported.tus-version'],
    behaviour: () => answering(status(412), (reply) => withHeaders(reply, { 'Tus-Version': undefined })),
  },
  {
    id: 'wrong-version-processed',
    says: 'Stores the bytes of a PATCH of another version, and then answers 412.',
    breaks: ['core.version.unsupported.not-processed'],
    behaviour: () => ({
      rules: {
        door: {
          version: ({ request }) =>
            isWrong(request) && request.method !== 'PATCH' ? unsupported() : undefined,
        },
      },
      ...answering(
        both(method('PATCH'), ({ exchange }) => isWrong(exchange.request)),
        unsupported,
      ),
    }),
  },
  {
    id: 'no-version-500',
    says: 'Fails inside when a creation names no version.',
    breaks: ['core.version.missing'],
    behaviour: () =>
      refusing(({ request }) =>
        isCreation(request) && !('tus-resumable' in request.headers)
          ? refusal(500, 'cannot read undefined')
          : undefined,
      ),
  },
  {
    id: 'wrong-version-head-500',
    says: 'Fails inside when HEAD names a version that it does not speak.',
    breaks: ['core.version.head-unsupported'],
    behaviour: () => answering(both(method('HEAD'), status(412)), (reply) => ({ ...reply, status: 500 })),
  },
  {
    id: 'options-checks-version',
    says: 'Refuses OPTIONS of another version.',
    breaks: ['core.version.options-ignores-header'],
    source: 'https://github.com/ankitpokhrel/tus-php/issues/288',
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'OPTIONS' && isWrong(request) ? unsupported() : undefined,
      ),
  },
  {
    id: 'versions-by-semicolon',
    says: 'Separates the versions in Tus-Version by semicolons.',
    breaks: ['core.version.list-syntax'],
    behaviour: () =>
      answering(both(method('OPTIONS'), status(204)), (reply) =>
        withHeaders(reply, { 'Tus-Version': '1.0.0;0.2.2' }),
      ),
  },
  {
    id: 'other-version-first',
    says: 'Lists another version first than the one that it speaks.',
    breaks: ['core.version.list-preference'],
    behaviour: () =>
      answering(both(method('OPTIONS'), status(204)), (reply) =>
        withHeaders(reply, { 'Tus-Version': '0.2.2,1.0.0' }),
      ),
  },
  {
    id: 'two-versions-drop-connection',
    says: 'Drops the connection when a request names two versions.',
    breaks: ['core.version.duplicate'],
    behaviour: () =>
      filtering(async (exchange, next) => {
        if (exchange.request.headers['tus-resumable']?.includes(',')) exchange.incoming.socket.destroy();
        return next();
      }),
  },
];

function isWrong({ headers }: RequestHead): boolean {
  const version = headers['tus-resumable'];
  return version !== undefined && version !== TUS_VERSION;
}

function unsupported() {
  return refusal(412, 'this version is not spoken here', { 'Tus-Version': TUS_VERSION });
}
