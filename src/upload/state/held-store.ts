import type { StateStore } from './state-store.ts';

/** The same store for as long as its lock is held: who has lost it changes nothing any more (fault C36). */
export function heldStore(store: StateStore, lost: AbortSignal): StateStore {
  return {
    ...store,
    write: async (record) => {
      if (!lost.aborted) await store.write(record);
    },
    remove: async (key) => {
      if (!lost.aborted) await store.remove(key);
    },
  };
}
