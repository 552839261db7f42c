import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../http/exchange.ts';
import type { Ending } from '../http/intake.ts';
import { type Receive, type ReceiveJob, receive } from '../http/receive.ts';
import type { Behaviour, Filter } from '../parts.ts';
import { takeHold } from '../store/hold.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import type { Store, Writer } from '../store/store.ts';
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
/** Of a server that keeps what a broken chunk brought, and does not count it. */
export const countedAtTheEndBreaks = [
  ...everyCutAndChunks,
  'data.disconnect.rst',
  'core.patch.store-partial',
  'http.bad-chunk-size',
  'pulse.patch.retry-3x1s',
  'pulse.multipart.truncated',
];

export const dataDisconnectsDefects: readonly Defect[] = [
  {
    id: 'double-append',
    says: 'Appends bytes as they arrive, and counts them only when the request ends in order.',
    breaks: countedAtTheEndBreaks,
    source: 'https://github.com/giometrix/Xtensible.TusDotNet.Azure/issues/12',
    behaviour: () => ({ store: appending, receive: countedAtTheEnd, ...filtering(notingSizes) }),
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
      'http.bad-chunk-size',
      'pulse.patch.retry-3x1s',
      'pulse.multipart.truncated',
    ],
    source: 'https://github.com/seaweedfs/seaweedfs/issues/10876',
    behaviour: deletedAfterCut,
  },
  {
    id: 'lock-left-behind',
    says: 'Keeps the lock of an upload when the connection of its writer breaks behind the first chunk.',
    breaks: [
      ...everyCut,
      'data.disconnect.rst',
      'data.disconnect.headers-only',
      'core.patch.network-errors',
      'pulse.patch.retry-3x1s',
    ],
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
export function appending(store: Store): Store {
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
  if (!isCut(ending, job, counted.offsetBytes)) job.upload.offsetBytes = counted.offsetBytes;
  return ending;
};

function deletedAfterCut(): Behaviour {
  return {
    ...filtering(notingSizes),
    receive: async (job) => {
      const before = { ...job.upload };
      const ending = await receive(job);
      const { offsetBytes } = job.upload;
      const zeros = new Uint8Array(offsetBytes - before.offsetBytes);
      if (zeros.length > 0 && isCut(ending, { ...job, upload: before }, offsetBytes)) {
        await job.writer.write([zeros], before.offsetBytes);
      }
      return ending;
    },
  };
}

/**
 * Whether bytes are missing, `upload` being as it was before. Node may tell of a broken connection before it tells
 * that the body was there as a whole, so that the ending alone is a matter of luck.
 */
export function isCut(
  { kind }: Ending,
  { body, upload }: Pick<ReceiveJob, 'body' | 'upload'>,
  after: number,
) {
  return kind === 'cut' && after - upload.offsetBytes !== declaredBytes.get(body);
}

export const notingSizes: Filter = async (exchange, next) => {
  if (exchange.request.bodyBytes !== undefined) declaredBytes.set(exchange.body, exchange.request.bodyBytes);
  return next();
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
    ...filtering(notingSizes),
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
      const before = job.upload.offsetBytes;
      const counted: LiveUpload = { ...job.upload };
      const ending = await receive({ ...job, upload: counted });
      const isWatched = exchange?.request.bodyBytes === 65_536;
      // The end of the connection arrives right behind the body.
      for (let looks = 0; isWatched && looks < 20 && !exchange.outgoing.destroyed; looks++) await sleep(5);
      // Node may tell of the broken connection before it tells that the body was there as a whole.
      const isWhole = counted.offsetBytes - before === exchange?.request.bodyBytes;
      const isForgotten = isWatched && isWhole && exchange.outgoing.destroyed;
      if (!isForgotten) job.upload.offsetBytes = counted.offsetBytes;
      return ending;
    },
  };
}

function lockLeftBehind(): Behaviour {
  const locked = new Set<object>();
  return {
    takeHold: async (holdable, limits) => (locked.has(holdable) ? undefined : takeHold(holdable, limits)),
    ...filtering(notingSizes),
    receive: async (job) => {
      const before = { ...job.upload };
      const ending = await receive(job);
      const wasCut = isCut(ending, { ...job, upload: before }, job.upload.offsetBytes);
      if (wasCut && before.offsetBytes > 0) locked.add(job.upload);
      return ending;
    },
  };
}
