import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTransport } from '../../src/transport/http.ts';
import { createPace, pacedSend } from '../../src/transport/pace.ts';

describe('a pace', () => {
  const timed = (bytesPerSecond: number) => {
    let nowMs = 0;
    const pausesMs: number[] = [];
    const pace = createPace(bytesPerSecond, {
      nowMs: () => nowMs,
      sleep: async (ms) => void pausesMs.push(ms),
    });
    return { pace, pausesMs, at: (ms: number) => (nowMs = ms) };
  };

  test('gives turns in order, each as long as its bytes take', async () => {
    const { pace, pausesMs } = timed(1000);
    for (const bytes of [100, 200, 300]) await pace.turn(bytes);
    expect(pausesMs).toEqual([100, 300]);
  });

  test('saves nothing up while nobody sends', async () => {
    const { pace, pausesMs, at } = timed(1000);
    await pace.turn(100);
    at(10_000);
    await pace.turn(100);
    await pace.turn(100);
    expect(pausesMs).toEqual([100]);
  });

  test('cuts bodies into pieces that fit it', () => {
    expect([1, 100_000, 10 ** 9].map((rate) => createPace(rate).sliceBytes)).toEqual([1024, 10_000, 524_288]);
  });

  test('holds for all requests together', async () => {
    const { url, send, bodies } = await startSink();
    const paced = pacedSend(send, createPace(100_000));
    const startedMs = performance.now();
    const outcomes = await Promise.all(
      [1, 2].map((value) =>
        paced(
          { method: 'PATCH', url, headers: {}, body: [Buffer.alloc(40_000, value)] },
          { idleTimeoutMs: 20_000 },
        ),
      ),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['answer', 'answer']);
    // 80,000 bytes but for the last piece, which may go out at the end of its turn.
    expect(performance.now() - startedMs).toBeGreaterThan(690);
    expect(bodies.map((body) => body.length)).toEqual([40_000, 40_000]);
    expect(bodies.map((body) => new Set(body).size)).toEqual([1, 1]);
  });

  test('is no reason for a time-out', async () => {
    const { url, send } = await startSink();
    const slow = { sliceBytes: 10, turn: () => sleep(2_500) };
    const request = { method: 'PATCH', url, headers: {}, body: [Buffer.alloc(10)] } as const;
    expect(await send(request, { idleTimeoutMs: 2_000, pace: slow })).toMatchObject({ kind: 'answer' });
  });
});

/** A server that keeps every body, and a transport to it. */
async function startSink() {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    bodies.push(Buffer.concat(parts));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = createTransport();
  onTestFinished(async () => {
    await transport.close();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return { url, send: transport.send, bodies };
}
