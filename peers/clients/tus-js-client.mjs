/** tus-js-client as its README shows it on Node: FILE URL. */
import { createReadStream } from 'node:fs';
import { Upload } from 'tus-js-client';

const [file = '', endpoint = ''] = process.argv.slice(2);

await new Promise((resolve, reject) => {
  new Upload(createReadStream(file), {
    endpoint,
    chunkSize: 1_048_576,
    retryDelays: [100, 200, 400, 800, 1600],
    metadata: { filename: 'video.mp4', filetype: 'video/mp4' },
    onError: reject,
    onSuccess: () => resolve(undefined),
  }).start();
});
