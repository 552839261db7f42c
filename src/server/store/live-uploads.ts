import type { Reply } from '../http/exchange.ts';
import type { Hold } from './hold.ts';
import { steadyNowMs } from './steady-time.ts';
import type { Store } from './store.ts';
import type { FinishedFile, UploadInfo, UploadView } from './upload.ts';

/** An upload in memory: the one object that all requests to it share. */
export interface LiveUpload extends UploadView {
  info: UploadInfo;
  offsetBytes: number;
  /** Counted as `steadyNowMs` counts. */
  touchedMs: number;
  finished?: FinishedFile | undefined;
  /** The request that may write now. */
  hold?: Hold | undefined;
  /** Makes the complete upload safe, once; whoever acknowledges it waits for this. */
  settled?: Promise<Reply | undefined> | undefined;
  /** Puts the parts of a final upload together, once; whoever asks for it waits for this. */
  joining?: Promise<void> | undefined;
  /** The finalize that is running: a second one joins it. */
  finishing?: Promise<FinishedFile> | undefined;
  /** True from the moment a termination is decided. */
  gone: boolean;
  /** Removes its files, once: the id may belong to another upload since. */
  removed?: Promise<void> | undefined;
}

export interface LiveUploads {
  find(id: string): Promise<LiveUpload | undefined>;
  /** Makes an upload, held from the start where a hold is given. Waits where an earlier one of its id is being removed. */
  add(info: UploadInfo, hold?: Hold): Promise<LiveUpload>;
  /** Changes what is known about the upload, durably. */
  update(upload: LiveUpload, changes: Partial<UploadInfo>): Promise<void>;
  /** Bytes of the upload were stored just now. */
  touch(upload: LiveUpload): void;
  /** As `finish` of the store; from then on nothing is written to the upload. */
  finish(id: string, wanted: FinishedFile): Promise<FinishedFile>;
  /** Removes the upload from the store, once `quiet` has resolved where it is given; nobody finds it from the call on. */
  remove(upload: LiveUpload, quiet?: () => Promise<void>): Promise<void>;
}

/** Uploads beyond this many are read from the store again when somebody asks for them. */
const rememberedUploads = 1000;

export function liveUploads(store: Store): LiveUploads {
  const recent = new Map<string, LiveUpload>();
  // What a request still works with is found here even if it is no longer recent, so that two requests never
  // get two objects, and with them two locks, for one upload.
  const known = new Map<string, WeakRef<LiveUpload>>();
  // What this process wrote the store would date by the machine's clock, which may be set meanwhile. For what is
  // finished that is good enough: it has no term.
  const touchedHere = new Map<string, number>();
  const loading = new Map<string, Promise<LiveUpload | undefined>>();
  // The store goes by ids: what is still being removed would take files of a new upload with it.
  const removing = new Map<string, Promise<unknown>>();
  const forgotten = new FinalizationRegistry<string>((id) => {
    if (known.get(id)?.deref() === undefined) known.delete(id);
  });

  const remember = (upload: LiveUpload): LiveUpload => {
    const { id } = upload.info;
    known.set(id, new WeakRef(upload));
    forgotten.register(upload, id);
    recent.set(id, upload);
    if (recent.size > rememberedUploads) recent.delete(recent.keys().next().value ?? id);
    return upload;
  };

  const load = async (id: string): Promise<LiveUpload | undefined> => {
    const stored = await store.load(id);
    // It may have been made in the meantime.
    const made = known.get(id)?.deref();
    if (made !== undefined || stored === undefined) return made;
    if (stored.finished !== undefined) touchedHere.delete(id);
    // A date that has yet to come is of a clock that was set back.
    const touchedMs = touchedHere.get(id) ?? Math.min(stored.touchedMs, steadyNowMs());
    return remember({ ...stored, touchedMs, gone: false });
  };

  const touch = (upload: LiveUpload) => {
    upload.touchedMs = steadyNowMs();
    if (upload.finished === undefined) touchedHere.set(upload.info.id, upload.touchedMs);
  };

  const removeFiles = async (upload: LiveUpload) => {
    const { id } = upload.info;
    await store.remove(upload);
    recent.delete(id);
    known.delete(id);
    touchedHere.delete(id);
  };

  return {
    async find(id) {
      const found = known.get(id)?.deref() ?? (await join(loading, id, () => load(id)));
      return found?.gone ? undefined : found;
    },

    async add(info, hold) {
      const created = async () => {
        await removing.get(info.id);
        await store.create(info);
        const upload = remember({ info, offsetBytes: 0, touchedMs: 0, gone: false, hold });
        touch(upload);
        return upload;
      };
      // Whoever finds it in the store before this is done waits for this one object.
      return only(loading, info.id, created());
    },

    async update(upload, changes) {
      const info = { ...upload.info, ...changes };
      await store.update(info);
      upload.info = info;
    },

    touch,

    async finish(id, wanted) {
      const finished = await store.finish(id, wanted);
      touchedHere.delete(id);
      return finished;
    },

    async remove(upload, quiet = async () => {}) {
      const { id } = upload.info;
      upload.gone = true;
      const removed = quiet().then(() => {
        upload.removed ??= removeFiles(upload);
        return upload.removed;
      });
      void only(removing, id, Promise.allSettled([removing.get(id), removed]));
      await removed;
    },
  };
}

/** Runs a task, or joins the one that already runs under this key. */
function join<T>(running: Map<string, Promise<T>>, key: string, task: () => Promise<T>): Promise<T> {
  return running.get(key) ?? only(running, key, task());
}

/** Makes a task the one that runs under this key, until it ends. */
async function only<T, S extends T>(
  running: Map<string, Promise<T>>,
  key: string,
  task: Promise<S>,
): Promise<S> {
  running.set(key, task);
  try {
    return await task;
  } finally {
    if (running.get(key) === task) running.delete(key);
  }
}
