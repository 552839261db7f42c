/**
 * The peer with many files: tus-js-client as its README shows it on Node, so many uploads at a time in one process.
 * Arguments: FOLDER PORT AT_ONCE. Chunks are left at its default, which sends each small file in one request.
 */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Upload } from 'tus-js-client';

const [folder = '', port, atOnce] = process.argv.slice(2);

/** @param {string} name @returns {Promise<void>} */
function upload(name) {
  return new Promise((resolve, reject) => {
    new Upload(createReadStream(join(folder, name)), {
      endpoint: `http://127.0.0.1:${port}/uploads`,
      chunkSize: 1024 * 1024, // a stream needs one; nothing here is larger
      metadata: { filename: name, filetype: 'application/octet-stream' },
      onError: reject,
      onSuccess: () => resolve(),
    }).start();
  });
}

const names = readdirSync(folder).values();
await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    for (const name of names) await upload(name);
  }),
);
