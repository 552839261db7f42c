import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { expect, it, onTestFinished } from 'vitest';
import { createTransport } from '../../src/transport/http.ts';

/** Reads the head, answers 413, and closes although the body is still on its way: that resets the connection. */
const refusing = `
  const answer = 'HTTP/1.1 413 Too Large\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nno';
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => { socket.pause(); socket.write(answer, () => socket.destroy()); });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

// In a process of its own: in this one the server would only answer between two of the client's writes.
it('an answer that comes while the body is being sent is read before the broken connection is reported', async () => {
  const child = spawn(process.execPath, ['-e', refusing]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const port = String((await once(child.stdout, 'data'))[0]).trim();
  const transport = createTransport();
  onTestFinished(transport.close);

  const url = new URL(`http://127.0.0.1:${port}/`);
  const request = { method: 'PATCH', url, headers: {}, body: [Buffer.alloc(1_048_576)] } as const;
  let answered = 0;
  for (let round = 0; round < 24; round++) {
    const outcome = await transport.send(request, { idleTimeoutMs: 30_000 });
    if (outcome.kind === 'answer' && outcome.status === 413) answered += 1;
    else expect(outcome).toMatchObject({ kind: 'break', cause: 'reset' });
  }
  // A reset between two system calls cannot be helped; without reading first, half of the answers are lost.
  expect(answered).toBeGreaterThanOrEqual(20);
});
