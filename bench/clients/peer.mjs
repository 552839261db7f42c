/**
 * The peer: tus-js-client as its README shows it on Node, from a file stream, with its default settings.
 * Arguments: FILE PORT CHUNK_BYTES.
 */
import { createReadStream } from 'node:fs';
import { Upload } from 'tus-js-client';

const [file = '', port, chunkBytes] = process.argv.slice(2);

await new Promise((resolve, reject) => {
  new Upload(createReadStream(file), {
    endpoint: `http://127.0.0.1:${port}/uploads`,
    chunkSize: Number(chunkBytes),
    metadata: { filename: 'bench.bin', filetype: 'application/octet-stream' },
    onError: reject,
    onSuccess: () => resolve(undefined),
  }).start();
});
