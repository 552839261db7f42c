import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFewConnectionsFront } from '../../fixtures/proxies/few-connections.ts';
import { createTransport } from '../../src/transport/http.ts';

/**
 * A server that answers after so long (`/slow`: after 3 s), counts its connections and ends none, and a front of it that
 * serves one at a time.
 */
async function startBench(answersAfterMs: number) {
  const server = createServer((request, response) => {
    const afterMs = request.url === '/slow' ? 3_000 : answersAfterMs;
    request.resume().on('end', () => void setTimeout(() => response.end('here'), afterMs));
  });
  server.keepAliveTimeout = 0;
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const front = await startFewConnectionsFront(url);
  const transport = createTransport();
  onTestFinished(async () => {
    await transport.close();
    await front.close();
    server.close();
  });
  const ask = (base: string, path = '/') =>
    transport.send(
      { method: 'PATCH', url: new URL(path, base), headers: {}, body: [Buffer.from('bytes')] },
      { idleTimeoutMs: 15_000 },
    );
  return { server: url, front: front.url, ask, connections: () => connections };
}

describe('where a server serves one connection at a time', () => {
  it('one that is idle is ended, long before a request over another one has waited in vain', async () => {
    const { front, ask } = await startBench(0);
    const answers = await Promise.all([ask(front), ask(front), ask(front)]);
    expect(answers).toMatchObject(Array(3).fill({ kind: 'answer', status: 200 }));
  });

  it('one that is busy makes room for a request that waits, and is not ended for each', async () => {
    const { front, ask, connections } = await startBench(20);
    let asked = 0;
    let isOver = false;
    const busy = async () => {
      for (; !isOver; asked += 1) expect(await ask(front)).toMatchObject({ status: 200 });
    };
    const first = busy();
    await wait(100);
    const second = await ask(front);
    isOver = true;
    await first;
    expect(second).toMatchObject({ kind: 'answer', status: 200 });
    expect(asked).toBeGreaterThan(10);
    expect(connections()).toBeLessThanOrEqual(3);
  });
});

it('an answer that takes long costs the requests beside it one connection in two seconds, and no more', async () => {
  const { server, ask, connections } = await startBench(20);
  let isOver = false;
  const inARow = async () => {
    while (!isOver) expect(await ask(server)).toMatchObject({ status: 200 });
  };
  const rows = [inARow(), inARow()];
  expect(await ask(server, '/slow')).toMatchObject({ status: 200 });
  isOver = true;
  await Promise.all(rows);
  // Three to begin with; a machine that stands still meanwhile makes the time longer.
  expect(connections()).toBeLessThanOrEqual(6);
});
