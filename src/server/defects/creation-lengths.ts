import { parseByteCount } from '../../protocol/headers.ts';
import { refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { rulesOf } from '../rules.ts';
import { answering, both, filtering, headerOf, method, refusing, status, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'tus' } as const;
const MAX_SIZE_BYTES = 8 * 1024 * 1024;
const limited = { ...serve, maxSizeBytes: MAX_SIZE_BYTES };
const standard = rulesOf(limited);
const TEBIBYTE = 2 ** 40;

export const creationLengthDefects: readonly Defect[] = [
  {
    id: 'length-in-32-bits',
    says: 'Keeps 32 bits of a length.',
    breaks: ['creation.post.length-echo'],
    source: 'https://github.com/tusdotnet/tusdotnet/issues/50',
    serve,
    behaviour: () =>
      reading((text) => {
        const length = parseByteCount(text);
        return length === undefined || length < 2 ** 32 || length >= TEBIBYTE ? length : length % 2 ** 32;
      }),
  },
  {
    id: 'length-missing-is-zero',
    says: 'Takes a creation without a length for one of an empty upload.',
    breaks: ['creation.post.no-length', 'defer.advertised', 'defer.post.unsupported'],
    serve,
    behaviour: () => reading((text) => (text === undefined ? 0 : parseByteCount(text))),
  },
  {
    id: 'length-by-its-beginning',
    says: 'Reads the digits at the beginning of Upload-Length, and disregards the rest.',
    breaks: ['creation.post.length-syntax'],
    source: 'https://github.com/tus/tusd/issues/1386',
    serve,
    behaviour: () =>
      reading((text) => {
        const length = Number.parseInt(text ?? '', 10);
        return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
      }),
  },
  {
    id: 'length-rounded',
    says: 'Rounds lengths above 2^53.',
    breaks: ['creation.post.length-precision'],
    serve,
    behaviour: () => reading((text) => (text === '9007199254740993' ? Number(text) : parseByteCount(text))),
  },
  {
    id: 'length-wraps',
    says: 'Keeps 64 bits of a length.',
    breaks: ['creation.post.length-overflow'],
    serve,
    behaviour: () =>
      reading((text) =>
        text === '18446744073709551616' ? Number(BigInt.asUintN(64, BigInt(text))) : parseByteCount(text),
      ),
  },
  {
    id: 'length-is-reserved',
    says: 'Reserves the declared size, for which 1 TiB is too much.',
    breaks: ['creation.post.length-no-prealloc'],
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        request.headers['upload-length'] === String(TEBIBYTE)
          ? refusal(500, 'the server has no space left')
          : undefined,
      ),
  },
  {
    id: 'empty-upload-refused',
    says: 'Refuses uploads of no bytes that have no name either.',
    breaks: ['creation.post.zero-length'],
    source: 'https://github.com/supabase/storage/issues/1300',
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'POST' &&
        request.headers['upload-length'] === '0' &&
        request.headers['upload-metadata'] === undefined
          ? refusal(400, 'the upload is empty')
          : undefined,
      ),
  },
  {
    id: 'empty-upload-without-offset',
    says: 'States no offset of an upload of no bytes.',
    breaks: ['creation.post.zero-length-complete'],
    source: 'https://github.com/tusdotnet/tusdotnet/issues/119',
    serve,
    behaviour: () =>
      answering(
        ({ reply }) => headerOf(reply, 'Upload-Length') === '0',
        (reply) => withHeaders(reply, { 'Upload-Offset': undefined }),
      ),
  },
  {
    id: 'maximum-not-enforced',
    says: 'States a maximum, and takes creations above it.',
    breaks: ['creation.post.max-size.413', 'cwu.post.expect-early-reject'],
    source: 'https://github.com/tus/tusd/issues/1032',
    serve: limited,
    behaviour: () => ({ rules: { create: { maxSize: () => undefined } } }),
  },
  {
    id: 'maximum-is-too-much',
    says: 'Refuses a size of exactly the stated maximum.',
    breaks: ['creation.post.max-size.boundary'],
    blocks: ['core.patch.single-request'],
    serve: limited,
    behaviour: () => ({
      rules: {
        create: {
          maxSize: (facts) =>
            standard.parse.length(facts.request.headers['upload-length']) === MAX_SIZE_BYTES
              ? refusal(413, 'the upload is too long')
              : standard.create.maxSize(facts),
        },
      },
    }),
  },
  {
    id: 'length-known-and-deferred',
    says: 'Keeps that the length comes later although it was given.',
    breaks: ['creation.post.both-lengths'],
    source: 'https://github.com/tus/tusd/issues/1386',
    serve,
    behaviour: knownAndDeferred,
  },
];

function reading(length: (text: string | undefined) => number | undefined): Behaviour {
  return { rules: { parse: { length } } };
}

function knownAndDeferred(): Behaviour {
  const deferred = new Set<string>();
  const isHead = both(method('HEAD'), status(200));
  return filtering(async (exchange, next) => {
    const reply = await next();
    const { headers, path } = exchange.request;
    if (headers['upload-defer-length'] !== undefined) deferred.add(headerOf(reply, 'Location') ?? '');
    return isHead({ exchange, reply }) && deferred.has(path)
      ? withHeaders(reply, { 'Upload-Defer-Length': '1' })
      : reply;
  });
}
