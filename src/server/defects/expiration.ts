import { TUS_VERSION } from '../../protocol/headers.ts';
import type { Extension } from '../extension.ts';
import { expiration } from '../extensions/expiration.ts';
import { standardExtensions } from '../extensions.ts';
import { type Reply, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import type { UploadView } from '../store/upload.ts';
import { answering, both, headerOf, method, status, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'tus' } as const;
const HOUR_MS = 3_600_000;
const SECOND_MS = 1000;

const late = expiration(HOUR_MS);

function expiring(change: Partial<Extension> = {}): Behaviour {
  return { extensions: [...standardExtensions, { ...late, ...change }] };
}

/** Uploads of 13 bytes expire within a second, and all others late enough for the checks that wait. */
export function expiringSoon(change: Partial<Extension> = {}): Behaviour {
  const soon = { ...expiration(SECOND_MS), ...change };
  const of = (upload: UploadView) => (upload.info.lengthBytes === 13 ? soon : late);
  return {
    extensions: [
      ...standardExtensions,
      {
        name: late.name,
        meet: async (upload, request, parts) => of(upload).meet?.(upload, request, parts),
        missing: (id) => soon.missing?.(id),
        tell: (upload) => of(upload).tell?.(upload) ?? {},
      },
    ],
  };
}

/** The deadline is written otherwise, wherever it is stated. */
const stating = (write: (deadline: Date) => string | undefined) => (): Behaviour => ({
  ...expiring(),
  ...answering(isStating, (reply) =>
    withHeaders(reply, { 'Upload-Expires': write(new Date(headerOf(reply, 'Upload-Expires') ?? '')) }),
  ),
});

function isStating({ reply }: { readonly reply: Reply }): boolean {
  return headerOf(reply, 'Upload-Expires') !== undefined;
}

const silentOn = (behaviour: Behaviour, methodName: string): Behaviour => ({
  ...behaviour,
  ...answering(method(methodName), (reply) => withHeaders(reply, { 'Upload-Expires': undefined })),
});

export const expirationDefects: readonly Defect[] = [
  {
    id: 'expiration-unlisted',
    says: 'States deadlines, and does not list expiration.',
    breaks: ['expiration.advertised', 'core.options.unadvertised'],
    serve,
    behaviour: () => {
      const listed = standardExtensions.map(({ name }) => name).join(',');
      return {
        ...expiring(),
        ...answering(method('OPTIONS'), (reply) => withHeaders(reply, { 'Tus-Extension': listed })),
      };
    },
  },
  {
    id: 'deadline-not-on-patch',
    says: 'States the deadline to the creation, and to no chunk.',
    breaks: ['expiration.patch.header'],
    serve,
    behaviour: () => silentOn(expiring(), 'PATCH'),
  },
  {
    id: 'deadline-not-on-post',
    says: 'Knows a fixed deadline from the creation on, and states it to the chunks only.',
    breaks: ['expiration.post.header'],
    serve,
    behaviour: () => {
      const deadline = new Date(Date.now() + HOUR_MS).toUTCString();
      return silentOn(expiring({ tell: () => ({ 'Upload-Expires': deadline }) }), 'POST');
    },
  },
  {
    id: 'deadline-iso',
    says: 'Writes deadlines in ISO 8601.',
    breaks: ['expiration.format'],
    serve,
    behaviour: stating((deadline) => deadline.toISOString()),
  },
  {
    id: 'deadline-other-weekday',
    says: 'Writes deadlines with another day of the week.',
    breaks: ['expiration.format'],
    serve,
    behaviour: stating((deadline) => {
      const dayLater = new Date(deadline.getTime() + 24 * HOUR_MS).toUTCString();
      return `${dayLater.slice(0, 3)}${deadline.toUTCString().slice(3)}`;
    }),
  },
  {
    id: 'deadline-is-over',
    says: 'States the time of the last byte as the deadline.',
    breaks: ['expiration.future'],
    serve,
    behaviour: stating((deadline) => new Date(deadline.getTime() - HOUR_MS).toUTCString()),
  },
  {
    id: 'expired-500',
    says: 'Fails inside where an upload has expired.',
    breaks: ['expiration.gone', 'expiration.gone.410'],
    serve,
    behaviour: () => ({
      ...expiringSoon(),
      ...answering(status(410), () => refusal(500, 'no such file')),
    }),
  },
  {
    id: 'expired-chunk-403',
    says: 'Answers 403 to a chunk for an upload that has expired.',
    breaks: ['expiration.gone'],
    serve,
    behaviour: () => ({
      ...expiringSoon(),
      ...answering(both(method('PATCH'), status(410)), () => refusal(403, 'too late')),
    }),
  },
  {
    id: 'expired-chunk-acknowledged',
    says: 'Acknowledges a chunk for an upload that has expired, and stores nothing.',
    breaks: ['expiration.gone-not-appended'],
    serve,
    behaviour: () => ({
      ...expiringSoon(),
      ...answering(both(method('PATCH'), status(410)), () => ({
        status: 204,
        headers: { 'Upload-Offset': '7', 'Tus-Resumable': TUS_VERSION },
      })),
    }),
  },
];
