import { parseMetadata } from '../../protocol/headers.ts';
import { answering, both, headerOf, method, refusing, status, withHeaders } from '../defects/changes.ts';
import type { Variation } from '../defects/defect.ts';
import { expiringSoon } from '../defects/expiration.ts';
import type { Extension } from '../extension.ts';
import { creationDeferLength } from '../extensions/creation-defer-length.ts';
import { expiration } from '../extensions/expiration.ts';
import { allExtensions, standardExtensions } from '../extensions.ts';
import { refusal } from '../http/exchange.ts';
import { receive } from '../http/receive.ts';
import { unknownUpload } from '../http/refusals.ts';
import { carriesData } from '../rules.ts';

const serve = { protocol: 'tus' } as const;
const HOUR_MS = 3_600_000;

/** What the text of the extensions leaves open, done in another way than the reference server does it. */
export const extensionVariations: readonly Variation[] = [
  {
    id: 'deferral-501',
    says: 'Cannot defer sizes, and answers 501 to whoever asks for it.',
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'POST' && 'upload-defer-length' in request.headers
          ? refusal(501, 'sizes cannot come later')
          : undefined,
      ),
  },
  {
    id: 'late-length-once',
    says: 'Takes a late size once, and answers 400 to each one behind it and to one above the maximum.',
    serve: { ...serve, maxSizeBytes: 32 * 1024 * 1024 },
    behaviour: () => ({ extensions: withExtension(saidOnce()) }),
  },
  {
    id: 'creation-states-offset',
    says: 'States the offset of every new upload.',
    serve,
    behaviour: () =>
      answering(both(method('POST'), status(201)), (reply) =>
        withHeaders(reply, { 'Upload-Offset': headerOf(reply, 'Upload-Offset') ?? '0' }),
      ),
  },
  {
    id: 'creation-takes-a-part',
    says: 'Takes three quarters of the bytes that come with a creation.',
    serve,
    behaviour: () => ({
      extensions: standardExtensions.map((each) =>
        each.name === 'creation-with-upload' ? { ...each, receive: threeQuarters } : each,
      ),
    }),
  },
  {
    id: 'creation-of-other-type-415',
    says: 'Answers 415 to a creation whose body is of another type.',
    serve,
    behaviour: () =>
      refusing(({ request }) =>
        request.method === 'POST' && (request.bodyBytes ?? 0) > 0 && !carriesData(request)
          ? refusal(415, 'this is no part of a file')
          : undefined,
      ),
  },
  {
    id: 'metadata-rebuilt',
    says: 'Writes the metadata anew: in another order, with a blank behind keys without a value.',
    serve,
    behaviour: () =>
      answering(method('HEAD'), (reply) => {
        const metadata = headerOf(reply, 'Upload-Metadata');
        return metadata === undefined ? reply : withHeaders(reply, { 'Upload-Metadata': rebuilt(metadata) });
      }),
  },
  {
    id: 'metadata-flaws-ignored',
    says: 'Keeps what it can read of flawed metadata, and of doubled keys the last.',
    serve,
    behaviour: () => ({
      rules: { parse: { metadata: () => true } },
      ...answering(method('HEAD'), (reply) => {
        const metadata = headerOf(reply, 'Upload-Metadata');
        return metadata === undefined
          ? reply
          : withHeaders(reply, { 'Upload-Metadata': readable(metadata) || undefined });
      }),
    }),
  },
  {
    id: 'deadlines-unstated',
    says: 'Lists expiration, and lets nothing expire.',
    serve,
    behaviour: () => ({ extensions: [...standardExtensions, { name: 'expiration' }] }),
  },
  {
    id: 'deadline-fixed',
    says: 'Counts from the creation, and states the deadline with every answer, the last one included.',
    serve,
    behaviour: fixedDeadline,
  },
  {
    id: 'deadline-with-first-chunk',
    says: 'States a deadline with chunks only, and moves it with each.',
    serve,
    behaviour: () => ({
      extensions: [...standardExtensions, { ...expiration(HOUR_MS), meet: async () => undefined }],
      ...answering(
        ({ reply }) => headerOf(reply, 'Upload-Expires') !== undefined,
        (reply, { request }) =>
          withHeaders(reply, {
            'Upload-Expires':
              request.method === 'PATCH' ? new Date(Date.now() + HOUR_MS).toUTCString() : undefined,
          }),
      ),
    }),
  },
  {
    id: 'expired-404',
    says: 'Does not remember what has expired.',
    serve,
    behaviour: () => ({ ...expiringSoon(), ...answering(status(410), () => unknownUpload()) }),
  },
  {
    id: 'expired-stays',
    says: 'States a deadline, and keeps the upload when it is over.',
    serve,
    behaviour: () => expiringSoon({ meet: async () => undefined }),
  },
];

function withExtension(change: Extension): readonly Extension[] {
  return allExtensions.map((each) => (each.name === change.name ? change : each));
}

function saidOnce(): Extension {
  const right = creationDeferLength();
  return {
    ...right,
    judgePatch: async (request, upload, parts) => {
      const isAgain = 'upload-length' in request.headers && upload.info.lengthBytes !== undefined;
      if (isAgain) return refusal(400, 'the size is known');
      const reply = await right.judgePatch?.(request, upload, parts);
      return reply?.status === 413 ? { ...reply, status: 400 } : reply;
    },
  };
}

const threeQuarters: NonNullable<Extension['receive']> = ({ request }) => {
  const { method: name, bodyBytes = 0 } = request;
  if (name !== 'POST') return undefined;
  return async (job) => {
    const mostBytes = Math.ceil((bodyBytes * 3) / 4);
    const ending = await receive({ ...job, roomBytes: Math.min(job.roomBytes, mostBytes) });
    return ending.kind === 'overrun' && job.roomBytes > mostBytes ? { kind: 'whole' } : ending;
  };
};

function rebuilt(metadata: string): string {
  return metadata
    .split(',')
    .toReversed()
    .map((pair) => (pair.includes(' ') ? pair : `${pair} `))
    .join(',');
}

function fixedDeadline() {
  const deadlines = new Map<string, string>();
  const tell: Extension['tell'] = ({ info }) => {
    const deadline = deadlines.get(info.id) ?? new Date(Date.now() + HOUR_MS).toUTCString();
    deadlines.set(info.id, deadline);
    return { 'Upload-Expires': deadline };
  };
  return { extensions: [...standardExtensions, { name: 'expiration', tell }] };
}

/** The pairs that are right, by key. */
function readable(metadata: string): string {
  const pairs = metadata.split(',').map((pair) => pair.trim());
  const right = pairs.filter((pair) => parseMetadata(pair) !== undefined && pair !== '');
  return [...new Map(right.map((pair) => [pair.split(' ')[0], pair])).values()].join(',');
}
