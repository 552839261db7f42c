import { setTimeout as sleep } from 'node:timers/promises';
import { artifactOf } from '../artifact.ts';
import { type Exchange, type Reply, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { filtering, uploadOf } from './changes.ts';
import type { Defect } from './defect.ts';
import { expiringSoon } from './expiration.ts';

/** What a server may get away with, but not with the app of Pulse Cam. */

const serve = { protocol: 'pulse-v1' } as const;

/** What the scenarios send, so that each mistake is seen by them alone. */
const STEPS_BYTES = 25;
const HANDED_OVER_BYTES = 48 * 1024;
const EXPIRED_BYTES = 13;
const TOO_LATE_MS = 8300;

/** Refuses what is about an upload of that size, where the answer says so. */
function refusingAbout(
  sizeBytes: number,
  answer: (upload: LiveUpload, exchange: Exchange) => Reply | undefined,
): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const upload = await uploadOf(exchange, parts);
    const refused = upload?.info.lengthBytes === sizeBytes ? answer(upload, exchange) : undefined;
    return refused ?? next();
  });
}

export const appDefects: readonly Defect[] = [
  {
    id: 'v1-last-chunk-is-200',
    says: 'Answers 200 to the chunk that completes an upload, because it has something to tell of it.',
    breaks: ['app.patch.exact-204'],
    serve,
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const upload = exchange.request.method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
        const reply = await next();
        const isLast = upload?.info.lengthBytes === STEPS_BYTES && upload.offsetBytes === STEPS_BYTES;
        return isLast && reply.status === 204 ? { ...reply, status: 200 } : reply;
      }),
  },
  {
    id: 'v1-busy-is-204',
    says: 'Takes nothing of the first chunk while it is busy, and answers 204 with the old offset.',
    breaks: ['app.patch.progress'],
    serve,
    behaviour: () => {
      const asked = new Set<string>();
      return refusingAbout(STEPS_BYTES, ({ info }, { request }) => {
        if (request.method !== 'PATCH' || asked.has(info.id)) return undefined;
        asked.add(info.id);
        return { status: 204, headers: { 'Upload-Offset': '0', 'Tus-Resumable': '1.0.0' } };
      });
    },
  },
  {
    id: 'v1-locked-is-423',
    says: 'Answers 423 to HEAD while a request writes to the upload.',
    breaks: ['app.4xx-terminal'],
    onlyWarns: true,
    serve,
    behaviour: () =>
      refusingAbout(HANDED_OVER_BYTES, ({ hold }, { request }) =>
        request.method === 'HEAD' && hold !== undefined ? refusal(423, 'the upload is locked') : undefined,
      ),
  },
  {
    id: 'v1-held-is-conflict',
    says: 'Answers 409 to PATCH while another request writes to the upload, whatever the offset.',
    breaks: ['app.4xx-terminal'],
    onlyWarns: true,
    serve,
    behaviour: () =>
      refusingAbout(HANDED_OVER_BYTES, ({ hold }, { request }) =>
        request.method === 'PATCH' && hold !== undefined
          ? refusal(409, 'somebody else writes here')
          : undefined,
      ),
  },
  {
    id: 'v1-expired-id-taken',
    says: 'Never gives the id of an expired upload free.',
    breaks: ['app.gone-recreate'],
    serve,
    behaviour: () => {
      const taken = new Set<string>();
      return {
        ...expiringSoon(),
        filter: async ({ request }, next) => {
          const { 'upload-length': length, 'upload-metadata': metadata } = request.headers;
          const artifact = request.method === 'POST' ? artifactOf(metadata) : undefined;
          if (artifact === undefined || !('id' in artifact) || Number(length) !== EXPIRED_BYTES)
            return next();
          if (taken.has(artifact.id)) return refusal(409, 'this id is taken');
          taken.add(artifact.id);
          return next();
        },
      };
    },
  },
  {
    id: 'v1-capabilities-late',
    says: 'Takes more than eight seconds to say what it can do to whoever wants JSON.',
    breaks: ['app.timeouts'],
    serve,
    behaviour: () =>
      filtering(async ({ request }, next) => {
        const isMeant = request.path === '/capabilities' && request.headers.accept === 'application/json';
        if (isMeant) await sleep(TOO_LATE_MS, undefined, { ref: false });
        return next();
      }),
  },
];
