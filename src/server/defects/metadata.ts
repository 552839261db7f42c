import { refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { rulesOf } from '../rules.ts';
import {
  answering,
  both,
  filtering,
  headerOf,
  method,
  refusing,
  status,
  uploadOf,
  withHeaders,
} from './changes.ts';
import type { Defect } from './defect.ts';
import { misreading } from './raw-bytes.ts';

const serve = { protocol: 'tus' } as const;
const standard = rulesOf(serve);

export const metadataDefects: readonly Defect[] = [
  {
    id: 'metadata-forgotten',
    says: 'Forgets metadata that holds a file type.',
    breaks: ['metadata.head-echo', 'metadata.head-echo.verbatim'],
    source: 'https://github.com/tus/tusd/issues/116',
    serve,
    behaviour: () => echoing((text) => (text.includes('filetype ') ? undefined : text)),
  },
  {
    id: 'metadata-needs-values',
    says: 'Expects a value behind every key, and falls over is_confidential.',
    breaks: ['metadata.empty-value.no-space'],
    source: 'https://github.com/dirkmoors/drf-tus/issues/26',
    serve,
    behaviour: () => failingOver((metadata) => /(^|,)is_confidential$/.test(metadata ?? '')),
  },
  {
    id: 'metadata-drops-empty-values',
    says: 'Drops a key that has a blank and nothing behind it.',
    breaks: ['metadata.empty-value.space'],
    source: 'https://github.com/ankitpokhrel/tus-php/issues/325',
    serve,
    behaviour: () => echoing((text) => text.replace('a ,', '')),
  },
  {
    id: 'metadata-is-text',
    says: 'Turns values into text and back.',
    breaks: ['metadata.binary-value', 'metadata.space-after-comma'],
    serve,
    behaviour: () =>
      echoing((text) => pairwise(text, (value) => Buffer.from(value.toString('utf8'), 'utf8'))),
  },
  {
    id: 'metadata-is-ascii',
    says: 'Writes a question mark for every character of a name that ASCII does not have.',
    breaks: ['metadata.unicode-value'],
    source: 'https://github.com/tus/tus-node-server/issues/687',
    serve,
    behaviour: () =>
      echoing((text) =>
        /^(artifactId [^,]+,filename [^,]+,)?name /.test(text)
          ? pairwise(text, (value) => Buffer.from(value.toString('utf8').replace(/[^ -~]/gu, '?')))
          : text,
      ),
  },
  {
    id: 'metadata-keeps-ten',
    says: 'Keeps ten pairs.',
    breaks: ['metadata.many-keys'],
    serve,
    behaviour: () => echoing((text) => text.split(',').slice(0, 10).join(',')),
  },
  {
    id: 'metadata-keys-twice',
    says: 'Keeps both of two pairs with the same key.',
    breaks: ['metadata.duplicate-key'],
    source: 'https://github.com/tus/tus-resumable-upload-protocol/issues/124',
    serve,
    behaviour: () => accepting('a YQ==,a Yg=='),
  },
  {
    id: 'metadata-reads-anything',
    says: 'Reads a value that is no base64 as an empty one.',
    breaks: ['metadata.invalid-base64'],
    source: 'https://github.com/tus/tus-resumable-upload-protocol/issues/124',
    serve,
    behaviour: () => ({ ...accepting('a !!!'), ...echoing((text) => text.replace('a !!!', 'a')) }),
  },
  {
    id: 'metadata-empty-keys',
    says: 'Takes a comma alone for two keys without a name.',
    breaks: ['metadata.empty-key'],
    serve,
    behaviour: () => accepting(','),
  },
  {
    id: 'metadata-empty-header-fails',
    says: 'Falls over an empty Upload-Metadata.',
    breaks: ['metadata.empty-header', 'http.no-5xx'],
    serve,
    behaviour: () =>
      failingOver((metadata) => metadata === '' || /^artifactId [^,]+,filename [^,]+,$/.test(metadata ?? '')),
  },
  {
    id: 'metadata-blank-behind-comma',
    says: 'Loses a key with a blank in front of it.',
    breaks: ['metadata.space-after-comma'],
    serve,
    behaviour: () => echoing((text) => text.replace(/, .*$/, '')),
  },
  {
    id: 'metadata-non-ascii-fails',
    says: 'Falls over a key outside ASCII.',
    breaks: ['metadata.non-ascii-key', 'http.no-5xx'],
    serve,
    behaviour: () => failingOver((metadata = '') => /[^ -~]/.test(metadata)),
  },
  {
    id: 'metadata-cut-off',
    says: 'Cuts long metadata off after 8,000 characters.',
    breaks: ['metadata.oversize'],
    serve,
    behaviour: () =>
      misreading((text) => text.replace(/(Upload-Metadata: (?:.*,)?long [\w+/]{8000})[\w+/=]*/, '$1')),
  },
  {
    id: 'metadata-becomes-headers',
    says: 'Writes a decoded file name into the answer to HEAD, line breaks included.',
    breaks: ['metadata.header-injection'],
    source: 'https://github.com/tus/tus-node-server/issues/470',
    serve,
    behaviour: () =>
      answering(describes, (reply) =>
        withHeaders(reply, headersIn(headerOf(reply, 'Upload-Metadata') ?? '')),
      ),
  },
  {
    id: 'v1-names-become-headers',
    says: 'Serves an artifact by its decoded file name, line breaks included.',
    breaks: ['metadata.header-injection'],
    serve: { protocol: 'pulse-v1' },
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method: asked, path } = exchange.request;
        const upload = await uploadOf(exchange, parts);
        const reply = await next();
        const isServed = asked === 'GET' && path.startsWith('/artifacts/');
        return isServed ? withHeaders(reply, headersIn(upload?.info.metadata ?? '')) : reply;
      }),
  },
  {
    id: 'metadata-undefined',
    says: 'Writes "undefined" where there is no metadata.',
    breaks: ['metadata.absent'],
    serve,
    behaviour: () =>
      answering(both(method('HEAD'), status(200)), (reply) =>
        withHeaders(reply, { 'Upload-Metadata': headerOf(reply, 'Upload-Metadata') ?? 'undefined' }),
      ),
  },
];

const describes = both(
  method('HEAD'),
  status(200),
  ({ reply }) => headerOf(reply, 'Upload-Metadata') !== undefined,
);

/** What stands behind the first line of the file name. */
function headersIn(metadata: string): Readonly<Record<string, string>> {
  const [, value = ''] = /filename (\S+?)(?:,|$)/.exec(metadata) ?? [];
  const [, ...lines] = Buffer.from(value, 'base64').toString('utf8').split('\r\n');
  return Object.fromEntries(lines.map((line) => line.split(': ', 2)));
}

/** HEAD gives back something else than it was given; undefined: nothing. */
function echoing(change: (text: string) => string | undefined): Behaviour {
  return answering(describes, (reply) =>
    withHeaders(reply, { 'Upload-Metadata': change(headerOf(reply, 'Upload-Metadata') ?? '') }),
  );
}

function pairwise(text: string, change: (value: Buffer) => Buffer): string {
  return text.replace(
    / ([\w+/]+=*)/g,
    (_, value) => ` ${change(Buffer.from(value, 'base64')).toString('base64')}`,
  );
}

/** This metadata, which is wrong, is kept as it is. */
function accepting(wrong: string): Behaviour {
  return { rules: { parse: { metadata: (text) => text === wrong || standard.parse.metadata(text) } } };
}

function failingOver(isMeant: (metadata: string | undefined) => boolean): Behaviour {
  return refusing(({ request }) =>
    request.method === 'POST' && isMeant(request.headers['upload-metadata'])
      ? refusal(500, 'internal error')
      : undefined,
  );
}
