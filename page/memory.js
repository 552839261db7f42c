/** What a reload must not forget: the file and its upload's URL, in the browser's own database. */

const STORE = 'pending';
const KEY = 'current';

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('pulse-upload', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Private windows may have no database: then a reload forgets, and the upload works all the same. */
async function inStore(mode, act) {
  try {
    const database = await opened();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } catch {
    return undefined;
  }
}

export const remember = (pending) => inStore('readwrite', (store) => store.put(pending, KEY));
export const recall = () => inStore('readonly', (store) => store.get(KEY));
export const forget = () => inStore('readwrite', (store) => store.delete(KEY));

/** The server has the upload no more: nothing is left to go on with, so a reload must not try it again. */
export class LostUpload extends Error {
  constructor() {
    super('the server no longer has this upload');
  }
}

/** Whether that is what an answer about the upload says. */
export const saysLost = (answer) => [404, 410].includes(answer?.status);
