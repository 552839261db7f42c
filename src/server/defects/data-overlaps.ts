import { setTimeout as sleep } from 'node:timers/promises';
import { type Receive, receive } from '../http/receive.ts';
import type { Behaviour, Filter } from '../parts.ts';
import { freshHold, takeHold } from '../store/hold.ts';
import type { Writer } from '../store/store.ts';
import { damage, filtering, uploadOf } from './changes.ts';
import type { Defect } from './defect.ts';
import { pause } from './pauses.ts';

const KiB = 1024;
const zeros = new Uint8Array(8);

export const dataOverlapsDefects: readonly Defect[] = [
  {
    id: 'uploads-share-a-buffer',
    says: 'The second chunk of 32 KiB of an upload of 96 KiB may be that of another one.',
    breaks: ['data.interleaved'],
    behaviour: sharedBuffer,
  },
  {
    id: 'uploads-share-a-body',
    says: 'Reads the whole chunk of an upload of 160 KiB into the one place that there is for all, and stores it from there.',
    breaks: ['data.interleaved'],
    behaviour: () => {
      const place = Buffer.alloc(160 * KiB);
      return {
        receive: (job) =>
          job.upload.info.lengthBytes === place.length ? receiveInto(place, job) : receive(job),
      };
    },
  },
  {
    id: 'no-lock',
    says: 'Checks the offset, takes in the body, and then appends it, without keeping others from doing the same.',
    breaks: [
      'data.concurrent.same-offset',
      'data.concurrent.identical-retry',
      'data.disconnect.abandoned-request-late',
    ],
    source: 'https://github.com/seaweedfs/seaweedfs/issues/10945',
    behaviour: () => ({ takeHold: async () => freshHold(), receive: appendedAtTheEnd }),
  },
  {
    id: 'offset-compared-before-the-body',
    says: 'Compares the offset when the head of a chunk has come, and writes there whatever came meanwhile.',
    breaks: ['data.concurrent.same-offset'],
    behaviour: () => ({
      ...filtering(oneHeadAtATime()),
      takeHold: async () => freshHold(),
      receive: whereItBegan,
    }),
  },
  {
    id: 'lease-ends-under-writer',
    says: 'Lets go of the lock of an upload of 128 KiB after two refusals, while its holder goes on, and appends what both bring.',
    breaks: ['data.disconnect.abandoned-request-late'],
    behaviour: leased,
  },
  {
    id: 'early-chunk-appended',
    says: 'Appends a chunk of 64 KiB that comes too early, if the first one is slow.',
    breaks: ['data.concurrent.disjoint'],
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method, bodyBytes, headers } = exchange.request;
        const upload =
          method === 'PATCH' && bodyBytes === 64 * KiB ? await uploadOf(exchange, parts) : undefined;
        if (upload?.info.lengthBytes !== 128 * KiB) return next();
        if (headers['upload-offset'] === '0') await pause(100);
        const isEarly = upload.offsetBytes === 0 && headers['upload-offset'] === String(64 * KiB);
        const request = { ...exchange.request, headers: { ...headers, 'upload-offset': '0' } };
        return isEarly ? next({ request }) : next();
      }),
  },
  {
    id: 'head-waits-for-writer',
    says: 'HEAD waits until nobody writes to the upload.',
    breaks: ['data.head-during-patch.time'],
    source: 'https://github.com/tomdesair/tus-java-server/issues/80',
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const upload = exchange.request.method === 'HEAD' ? await uploadOf(exchange, parts) : undefined;
        while (upload?.hold !== undefined && !exchange.outgoing.destroyed) await sleep(20);
        return next();
      }),
  },
  {
    id: 'head-damages-running-patch',
    says: 'A HEAD during a PATCH overwrites the last bytes that were stored of an upload of 128 KiB.',
    breaks: ['data.head-during-patch.recover', 'data.disconnect.abandoned-request-late'],
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const upload = exchange.request.method === 'HEAD' ? await uploadOf(exchange, parts) : undefined;
        if (upload?.info.lengthBytes !== 128 * KiB) return next();
        while (upload.hold !== undefined && upload.offsetBytes === 0) await sleep(10);
        const reply = await next();
        if (upload.hold !== undefined && upload.offsetBytes >= zeros.length) {
          await damage(upload.info.id, upload.offsetBytes - zeros.length, zeros, parts);
        }
        return reply;
      }),
  },
  {
    id: 'second-of-five-lost',
    says: 'Acknowledges the second of two chunks of five bytes, and stores zeros.',
    breaks: ['data.pipelined'],
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method, bodyBytes, headers } = exchange.request;
        const isMeant = method === 'PATCH' && bodyBytes === 5 && headers['upload-offset'] === '5';
        const upload = isMeant ? await uploadOf(exchange, parts) : undefined;
        const reply = await next();
        if (upload && reply.status === 204) await damage(upload.info.id, 5, new Uint8Array(5), parts);
        return reply;
      }),
  },
  {
    id: 'sessions-in-memory',
    says: 'Keeps uploads in memory only, and knows none of them after a restart.',
    breaks: ['data.restart.between-chunks', 'data.restart.mid-patch', 'data.restart.durability'],
    source: 'https://github.com/tomdesair/tus-java-server/issues/34',
    behaviour: () => ({ store: (store) => ({ ...store, load: async () => undefined }) }),
  },
  {
    id: 'tail-not-durable',
    says: 'Loses the last thousand acknowledged bytes of an unfinished upload in a restart.',
    breaks: ['data.restart.between-chunks', 'data.restart.durability', 'data.canary', 'core.head.monotonic'],
    source: 'https://github.com/tus/tusd/issues/376',
    behaviour: () => ({
      store: (store) => ({
        ...store,
        load: async (id) => {
          const found = await store.load(id);
          if (found === undefined || found.offsetBytes === found.info.lengthBytes) return found;
          return { ...found, offsetBytes: Math.max(0, found.offsetBytes - 1000) };
        },
      }),
    }),
  },
];

const appendedAtTheEnd: Receive = (job) => {
  const { lengthBytes = 0 } = job.upload.info;
  // The race is lost with large chunks only, as behind a buffer. Storing takes its time, in which the others look.
  return lengthBytes < 64 * KiB ? receive(job) : appendLate(job, lengthBytes === 64 * KiB ? 100 : 0);
};

/** As where one thread looks at heads, and writes what came of a body before it looks at the next. */
function oneHeadAtATime(): Filter {
  const turns = new Map<string, Promise<void>>();
  return async ({ request: { method, path } }, next) => {
    if (method !== 'PATCH') return next();
    const before = turns.get(path) ?? Promise.resolve();
    turns.set(
      path,
      before.then(() => pause(50)),
    );
    await before;
    return next();
  };
}

/** As where the offset is the size of a file, and each request has a place of its own in that. */
const whereItBegan: Receive = (job) => {
  const upload = { ...job.upload };
  const touch = () => {
    job.upload.offsetBytes = Math.max(job.upload.offsetBytes, upload.offsetBytes);
    job.touch();
  };
  return receive({ ...job, upload, touch });
};

/** Takes in the body, waits so long, and appends it to whatever is there by then. */
export async function appendLate(job: Parameters<Receive>[0], pauseMs: number): ReturnType<Receive> {
  const pieces: Uint8Array[] = [];
  const collecting: Writer = {
    write: async (arrived) => {
      pieces.push(...arrived);
      return arrived.reduce((total, { length }) => total + length, 0);
    },
    close: async () => {},
  };
  const ending = await receive({ ...job, upload: { ...job.upload }, writer: collecting });
  await pause(pauseMs);
  const body = Buffer.concat(pieces);
  const positionBytes = job.upload.offsetBytes;
  job.upload.offsetBytes += body.length;
  await job.writer.write([body], positionBytes);
  return ending;
}

function leased(): Behaviour {
  const leases = new WeakMap<object, { writers: number; refusals: number }>();
  return {
    ...filtering(async (exchange, next, parts) => {
      const upload = exchange.request.method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
      if (upload?.info.lengthBytes !== 128 * KiB) return next();
      const lease = leases.get(upload) ?? { writers: 0, refusals: 0 };
      leases.set(upload, lease);
      lease.writers += 1;
      try {
        return await next();
      } finally {
        lease.writers -= 1;
      }
    }),
    takeHold: async (holdable, limits) => {
      const lease = leases.get(holdable);
      if (lease === undefined) return takeHold(holdable, limits);
      return lease.writers > 1 && lease.refusals++ < 2 ? undefined : freshHold();
    },
    receive: (job) => (leases.has(job.upload) ? appendLate(job, 0) : receive(job)),
  };
}

async function receiveInto(place: Buffer, job: Parameters<Receive>[0]): ReturnType<Receive> {
  let filledBytes = 0;
  const collecting: Writer = {
    write: async (arrived) => {
      const fromBytes = filledBytes;
      for (const piece of arrived) {
        place.set(piece, filledBytes);
        filledBytes += piece.length;
      }
      return filledBytes - fromBytes;
    },
    close: async () => {},
  };
  const ending = await receive({ ...job, upload: { ...job.upload }, writer: collecting });
  const positionBytes = job.upload.offsetBytes;
  job.upload.offsetBytes += filledBytes;
  await job.writer.write([place.subarray(0, filledBytes)], positionBytes);
  return ending;
}

/** The second chunk of an upload is kept in one place for all uploads; whoever comes later gets what is there. */
function sharedBuffer(): Behaviour {
  let kept: Uint8Array | undefined;
  const meant = new Set<string>();
  return {
    ...filtering(async (exchange, next, parts) => {
      const upload = exchange.request.method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
      if (upload?.info.lengthBytes === 96 * KiB) meant.add(upload.info.id);
      return next();
    }),
    store: (store) => ({
      ...store,
      write: async (id) => {
        const writer = await store.write(id);
        const write: typeof writer.write = async (pieces, position) => {
          const bytes = Buffer.concat(pieces);
          if (position !== 32 * KiB || !meant.has(id)) return writer.write(pieces, position);
          const stored = kept?.subarray(0, bytes.length) ?? bytes;
          kept ??= Buffer.from(bytes);
          return writer.write([stored], position);
        };
        return { ...writer, write };
      },
    }),
  };
}
