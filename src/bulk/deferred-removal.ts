import type { StateStore, UploadKey } from '../upload/state/state-store.ts';

/** A store that keeps what the uploader removes until `settle`, and shows it to nobody meanwhile. */
export interface DeferredRemoval {
  readonly store: StateStore;
  readonly settle: () => Promise<void>;
}

/**
 * The state of a finished upload has to outlive its ledger record: a run that is killed between the two would find
 * neither, and send a file twice that the server has.
 */
export function deferredRemoval(store: StateStore): DeferredRemoval {
  let removed: UploadKey | undefined;
  return {
    store: {
      ...store,
      read: async (key, onSetAside) => (removed === undefined ? store.read(key, onSetAside) : undefined),
      write: async (record) => {
        removed = undefined;
        await store.write(record);
      },
      remove: async (key) => {
        removed = key;
      },
    },
    settle: async () => {
      if (removed !== undefined) await store.remove(removed);
      removed = undefined;
    },
  };
}
