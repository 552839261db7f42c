import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  create,
  finalize,
  offsetBecomes,
  offsetOf,
  patch,
  patchHead,
  payload,
  provenAnswer,
  sha256,
  subject,
  wireTo,
} from './harness.ts';

describe('requests that overlap', () => {
  it('lets exactly one of several PATCHes at one offset take effect', async () => {
    const server = await subject();
    for (let round = 0; round < 5; round++) {
      const url = await create(server, 1_000_000);
      const rivals = ['a', 'b', 'c'].map((seed) => payload(1_000_000, seed + round));
      const answers = await Promise.all(rivals.map((bytes) => patch(url, 0, bytes).catch(() => undefined)));
      const statuses = answers.map((answer) => answer?.status);
      expect(statuses.filter((status) => status === 204)).toHaveLength(1);
      expect([undefined, 204, 409, 413, 423]).toEqual(expect.arrayContaining(statuses));
      const winner = rivals[statuses.indexOf(204)] ?? Buffer.alloc(0);
      expect(await (await finalize(server, url, `${round}.mp4`)).json()).toEqual(provenAnswer(url, winner));
    }
  });

  it('refuses a second PATCH with 423 while the first is alive', async () => {
    const server = await subject({ limits: { stallMs: 60_000 } });
    const url = await create(server, 100);
    const first = await wireTo(server);
    await first.send(patchHead(url, 0, { 'Content-Length': 100 }));
    await first.send(payload(100).subarray(0, 10));
    await offsetBecomes(url, 10);
    let refused: Response | undefined;
    const second = patch(url, 10, payload(100).subarray(10)).then((answer) => {
      refused = answer;
    });
    let at = 10;
    for (; refused === undefined && at < 99; at++) {
      await first.send(payload(100).subarray(at, at + 1));
      await sleep(30);
    }
    await second;
    expect(refused?.status).toBe(423);
    expect(refused?.headers.get('retry-after')).toBe('1');
    await first.send(payload(100).subarray(at));
    expect(await first.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 204 /);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, payload(100)));
  });

  it('stores a slow chunk once, whose retry came while it was still on its way', async () => {
    const server = await subject();
    const bytes = payload(200_000);
    const url = await create(server, bytes.length);
    const slow = await wireTo(server);
    await slow.send(patchHead(url, 0, { 'Content-Length': bytes.length }));
    await slow.send(bytes.subarray(0, 100_000));
    await offsetBecomes(url, 100_000);
    const retry = patch(url, 0, bytes);
    await slow.send(bytes.subarray(100_000));
    expect([409, 423]).toContain((await retry).status);
    await offsetBecomes(url, bytes.length);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('refuses finalize while the last chunk is on its way, and gives it the whole file afterwards', async () => {
    const server = await subject();
    const bytes = payload(100);
    const url = await create(server, 100);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': 100 }));
    await wire.send(bytes.subarray(0, 50));
    await offsetBecomes(url, 50);
    expect((await finalize(server, url)).status).toBe(409);
    await wire.send(bytes.subarray(50));
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 204 /);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('acknowledges the last byte also where finalize comes before the 204', async () => {
    const server = await subject();
    for (let round = 0; round < 20; round++) {
      const bytes = payload(1000, `round ${round}`);
      const url = await create(server, bytes.length);
      const last = patch(url, 0, bytes);
      const finalized = (async () => {
        for (;;) {
          const answer = await finalize(server, url, `${round}.mp4`);
          if (answer.status !== 409) return answer;
        }
      })();
      expect((await last).status).toBe(204);
      expect(await (await finalized).json()).toEqual(provenAnswer(url, bytes));
    }
  });

  it('handles pipelined requests as if each had waited for the answer before', async () => {
    const server = await subject();
    const bytes = payload(10);
    const url = await create(server, 10);
    const wire = await wireTo(server);
    const part = (at: number) => [
      Buffer.from(patchHead(url, at, { 'Content-Length': 5 })),
      bytes.subarray(at, at + 5),
    ];
    const question = Buffer.from(`HEAD ${new URL(url).pathname} HTTP/1.1\r\nHost: t\r\n\r\n`);
    await wire.send(Buffer.concat([...part(0), ...part(5), question]));
    const text = await wire.received(/ 200 [\s\S]*Upload-Offset: 10/);
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '204',
      '204',
      '200',
    ]);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('creates many uploads at once, each with its own unguessable id', async () => {
    const server = await subject();
    const urls = await Promise.all(Array.from({ length: 50 }, () => create(server, 1)));
    expect(new Set(urls).size).toBe(50);
    await Promise.all(urls.map((url, at) => patch(url, 0, Buffer.of(at))));
    expect(await Promise.all(urls.map(offsetOf))).toEqual(Array.from({ length: 50 }, () => 1));
    const digests = await Promise.all(urls.map(async (url) => (await finalize(server, url)).json()));
    expect(digests).toEqual(urls.map((url, at) => provenAnswer(url, Buffer.of(at))));
    expect(sha256(Buffer.of(1))).not.toBe(sha256(Buffer.of(2)));
  });
});
