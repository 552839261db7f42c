import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expiration } from '../../src/server/extensions/expiration.ts';
import { keptUploads } from '../../src/upload/state/kept-uploads.ts';
import { MIB } from './harness.ts';
import { startReferenceBench } from './reference.ts';

const asked = { protocol: 'tus', readBack: true } as const;

describe('--read-back of plain tus', () => {
  it('proves what a server serves at the URL of the upload', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    expect(
      (await bench.upload(await bench.file(2 * MIB + 1), { ...asked, requireProof: true })).exitCode,
    ).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back' }]);
  });

  it('is not done unless it was asked for', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    expect((await bench.upload(await bench.file(10), { protocol: 'tus' })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
    expect(bench.proxy.log.some(({ method }) => method === 'GET')).toBe(false);
  });

  it('proves later what was sent without it, and sends nothing again', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    const file = await bench.file(2 * MIB + 1);
    const sending = { protocol: 'tus', requireProof: true } as const;
    expect((await bench.upload(file, sending)).exitCode).toBe(8);
    const [{ message = '', hint = '' } = {}] = bench.of('upload.failed');
    expect(message).toContain(bench.of('upload.created').at(-1)?.url);
    expect(hint).toMatch(/without sending anything again: add --read-back and run the same command again\b/);
    const writes = () =>
      bench.proxy.log.filter(({ method }) => method === 'POST' || method === 'PATCH').length;
    const before = writes();
    expect((await bench.upload(file, { ...sending, readBack: true })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back' }]);
    expect(writes()).toBe(before);
  });

  it('finds a file that is one byte short, and one that is another', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    for (const body of ['123456789', '1234567891']) {
      bench.proxy.setFaults([{ on: { method: 'GET' }, do: 'answer', status: 200, body }]);
      const file = await bench.file(Buffer.from('1234567890'), `${body}.mp4`);
      expect((await bench.upload(file, asked)).exitCode).toBe(7);
    }
  });

  it('leaves the upload done and unproven where the server serves nothing, and says why', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    bench.proxy.setFaults([{ on: { method: 'GET' }, do: 'answer', status: 405 }]);
    expect((await bench.upload(await bench.file(10), asked)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
    expect(bench.of('upload.warning').at(-1)?.message).toMatch(/cannot be read back: GET .* answered 405/);
    const file = await bench.file(10, 'two.mp4');
    expect((await bench.upload(file, { ...asked, requireProof: true })).exitCode).toBe(8);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        message: expect.stringMatching(/^the content could not be read back, so it is not proven/),
        hint: expect.stringMatching(
          /^without --require-proof this counts as done; .*run the same command again\b/,
        ),
      },
    ]);
  });

  it('asks again, and sends nothing again, after proof was required and the content could not be read for a while', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    const file = await bench.file(2 * MIB + 1);
    bench.proxy.setFaults([{ on: { method: 'GET' }, do: 'answer', status: 503 }]);
    const proven = { ...asked, requireProof: true, retries: 0 } as const;
    expect((await bench.upload(file, proven)).exitCode).toBe(8);
    bench.proxy.setFaults([]);
    const before = bench.proxy.log.length;
    const [{ record, outlook } = {}] = await keptUploads(join(dirname(file), 'state'), Date.now());
    expect([record?.prefix.bytes, outlook]).toEqual([2 * MIB + 1, 'complete']);
    expect((await bench.upload(file, proven)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back', sentBytes: 0 }]);
    expect(bench.proxy.log.slice(before).some(({ method }) => /POST|PATCH/.test(method))).toBe(false);
  });

  it('proves later, and sends nothing again, also where the server answers no HEAD', async () => {
    const bench = await startReferenceBench({ protocol: 'tus', extensions: [] });
    bench.proxy.setFaults([{ on: { method: 'HEAD' }, do: 'answer', status: 405 }]);
    const file = await bench.file(2 * MIB + 1);
    const sending = { protocol: 'tus', requireProof: true } as const;
    expect((await bench.upload(file, sending)).exitCode).toBe(8);
    const before = bench.proxy.log.length;
    expect((await bench.upload(file, { ...sending, readBack: true })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back', sentBytes: 0 }]);
    expect(bench.proxy.log.slice(before).some(({ method }) => /POST|PATCH/.test(method))).toBe(false);
  });

  it('may come after the term of the upload: what is complete does not expire', async () => {
    const minuteMs = 60_000;
    const expiring = { extensions: [expiration(minuteMs)] };
    const bench = await startReferenceBench({ protocol: 'tus', ...expiring });
    const file = await bench.file(2 * MIB + 1);
    expect((await bench.upload(file, { protocol: 'tus', requireProof: true })).exitCode).toBe(8);
    const [{ record, outlook } = {}] = await keptUploads(
      join(dirname(file), 'state'),
      Date.now() + 2 * minuteMs,
    );
    expect(record?.expiresAt).toBeDefined();
    expect(outlook).toBe('complete');
    expect(await bench.store.prune(Date.now() + 26 * 60 * minuteMs)).toEqual([]);
  });
});
