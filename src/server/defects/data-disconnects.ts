import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../exchange.ts';
import { takeHold } from '../hold.ts';
import type { LiveUpload } from '../live-uploads.ts';
import type { Behaviour } from '../parts.ts';
import { type Receive, receive } from '../receive.ts';
import type { Store, Writer } from '../store.ts';
import { filtering } from './changes.ts';
import type { Defect } from './defect.ts';

/** What every mistake in keeping the bytes of a broken chunk shows in. */
const everyCut = [
  'data.disconnect.mid-chunk',
  'data.disconnect.no-head-retry',
  'data.disconnect.fin',
  'data.disconnect.one-byte-missing',
  'data.disconnect.first-and-last',
  'data.disconnect.repeated',
  'data.disconnect.offset-matches-bytes',
  'pulse.flow.resume',
];
/** Besides, where the body has no stated length. */
const everyCutAndChunks = [...everyCut, 'data.disconnect.chunked-te'];

export const dataDisconnectsDefects: readonly Defect[] = [
  {
    id: 'double-append',
    says: 'Appends bytes as they arrive, and counts them only when the request ends in order.',
    breaks: [
      ...everyCutAndChunks,
      'data.disconnect.rst',
      'core.patch.store-partial',
      'pulse.patch.retry-3x1s',
      'pulse.multipart.truncated',
    ],
    source: 'https://github.com/giometrix/Xtensible.TusDotNet.Azure/issues/12',
    behaviour: () => ({ store: appending, receive: countedAtTheEnd }),
  },
  {
    id: 'offset-by-declared-size',
    says: 'Moves the offset by Content-Length before the body has arrived.',
    breaks: [
      ...everyCut,
      'data.disconnect.rst',
      'data.disconnect.headers-only',
      'data.disconnect.offset-bounds',
      'data.head-during-patch.value',
      'pulse.patch.retry-3x1s',
      'pulse.finalize.during-patch',
    ],
    source: 'https://github.com/dirkmoors/drf-tus/issues/1',
    behaviour: offsetByDeclaredSize,
  },
  {
    id: 'promised-then-deleted',
    says: 'Takes the bytes of a broken request away again, but not its offset.',
    breaks: [
      ...everyCutAndChunks,
      'data.disconnect.rst',
      'data.restart.mid-patch',
      'pulse.patch.retry-3x1s',
      'pulse.multipart.truncated',
    ],
    source: 'https://github.com/seaweedfs/seaweedfs/issues/10876',
    behaviour: () => ({ receive: deletedAfterCut }),
  },
  {
    id: 'lock-left-behind',
    says: 'Keeps the lock of an upload when the connection of its writer breaks behind the first chunk.',
    breaks: [...everyCut, 'data.disconnect.rst', 'data.disconnect.headers-only', 'pulse.patch.retry-3x1s'],
    source: 'https://github.com/tus/tus-node-server/issues/774',
    behaviour: lockLeftBehind,
  },
  {
    id: 'unacknowledged-is-forgotten',
    says: 'Forgets the offset of a chunk whose answer could not be delivered, but keeps its bytes.',
    breaks: ['data.disconnect.lost-response'],
    behaviour: forgetsUnacknowledged,
  },
];

/** Every write goes to the end of the file, wherever the offset says. */
function appending(store: Store): Store {
  return {
    ...store,
    write: async (id): Promise<Writer> => {
      const writer = await store.write(id);
      const write: Writer['write'] = async (pieces) =>
        writer.write(pieces, (await store.load(id))?.offsetBytes ?? 0);
      return { ...writer, write };
    },
  };
}

const countedAtTheEnd: Receive = async (job) => {
  const counted: LiveUpload = { ...job.upload };
  const ending = await receive({ ...job, upload: counted });
  if (ending.kind !== 'cut') job.upload.offsetBytes = counted.offsetBytes;
  return ending;
};

const deletedAfterCut: Receive = async (job) => {
  const before = job.upload.offsetBytes;
  const ending = await receive(job);
  const zeros = new Uint8Array(job.upload.offsetBytes - before);
  if (ending.kind === 'cut' && zeros.length > 0) await job.writer.write([zeros], before);
  return ending;
};

function offsetByDeclaredSize(): Behaviour {
  return {
    receive: async (job) => {
      const before = job.upload.offsetBytes;
      const declared = job.form ? 0 : Math.min(job.roomBytes, declaredBytes.get(job.body) ?? 0);
      const stored: LiveUpload = { ...job.upload };
      job.upload.offsetBytes = before + declared;
      const ending = await receive({ ...job, upload: stored });
      if (declared === 0) job.upload.offsetBytes = stored.offsetBytes;
      return ending;
    },
    ...filtering(async (exchange, next) => {
      declaredBytes.set(exchange.body, exchange.request.bodyBytes ?? 0);
      return next();
    }),
  };
}

const declaredBytes = new WeakMap<object, number>();

function forgetsUnacknowledged(): Behaviour {
  const exchanges = new WeakMap<object, Exchange>();
  return {
    store: appending,
    ...filtering(async (exchange, next) => {
      exchanges.set(exchange.body, exchange);
      return next();
    }),
    receive: async (job) => {
      const exchange = exchanges.get(job.body);
      const counted: LiveUpload = { ...job.upload };
      const ending = await receive({ ...job, upload: counted });
      const isWatched = exchange?.request.bodyBytes === 65_536;
      // The end of the connection arrives right behind the body.
      for (let looks = 0; isWatched && looks < 20 && !exchange.outgoing.destroyed; looks++) await sleep(5);
      const isForgotten = ending.kind === 'whole' && exchange?.outgoing.destroyed;
      if (!isForgotten) job.upload.offsetBytes = counted.offsetBytes;
      return ending;
    },
  };
}

function lockLeftBehind(): Behaviour {
  const locked = new Set<object>();
  return {
    takeHold: async (holdable, limits) => (locked.has(holdable) ? undefined : takeHold(holdable, limits)),
    receive: async (job) => {
      const before = job.upload.offsetBytes;
      const ending = await receive(job);
      if (ending.kind === 'cut' && before > 0) locked.add(job.upload);
      return ending;
    },
  };
}
