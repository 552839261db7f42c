/** A reference server as a process of its own, to be killed by tests: writes its URL to stdout, or its error. */
import { startServer } from '../../src/server/server.ts';

const [dir = '', protocol = 'pulse'] = process.argv.slice(2);
startServer({ host: '127.0.0.1', port: 0, dir, protocol: protocol === 'tus' ? 'tus' : 'pulse' }).then(
  ({ url, port }) => process.stdout.write(`${JSON.stringify({ url, port })}\n`),
  (error) =>
    process.stdout.write(
      `${JSON.stringify({ kind: error.kind, message: error.message, hint: error.hint })}\n`,
    ),
);
