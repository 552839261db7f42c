/**
 * The sink server: speaks the upload protocol, reads bodies and drops them.
 * Arguments: SIZE=SHA256 for each file that will be sent. The parent talks to it by IPC: it is told the port
 * once, and answers each 'take' with the tally of what was received since the last one.
 */
import { createServer } from 'node:net';
import { frameRequests } from './framing.mjs';
import { createUploads, replyText } from './uploads.mjs';

const sha256BySize = new Map(
  process.argv.slice(2).map((argument) => {
    const [size = '', sha256 = ''] = argument.split('=');
    return [Number(size), sha256];
  }),
);
const uploads = createUploads(sha256BySize, () => performance.now());

const server = createServer({ noDelay: true }, (connection) => {
  connection.on(
    'data',
    frameRequests({
      onPayload: uploads.countPayload,
      onRequest: (request) => connection.write(replyText(uploads.answer(request)), 'latin1'),
    }),
  );
  // A client that is killed resets its connection; what it failed to send shows in the tally.
  connection.on('error', () => connection.destroy());
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the sink has no port');
  process.send?.({ port: address.port });
});

process.on('message', () => process.send?.(uploads.take()));
process.on('disconnect', () => process.exit());
