import { describe, expect, it } from 'vitest';
import { startReferenceBench } from './reference.ts';

/** The URL that a server's creations go to speaks plain tus as well: an upload there would never be finalized. */
describe('a server whose creation URL is named', () => {
  it.each([
    ['pulse', '/uploads'],
    ['pulse', '/uploads/'],
    ['pulse-v1', '/upload'],
  ] as const)('of protocol %s (%s) is refused, with the URL that is meant', async (protocol, path) => {
    const bench = await startReferenceBench({ protocol });
    const server = new URL(path, bench.proxy.url);
    expect((await bench.upload(await bench.file(10), { server, protocol: 'auto' })).exitCode).toBe(2);
    const [{ message = '', hint = '' } = {}] = bench.of('upload.failed');
    expect(message).toContain(`${server.href} is where a server of protocol ${protocol} creates uploads`);
    expect(hint).toContain(`name ${new URL(bench.proxy.url).origin};`);
    expect(bench.proxy.log.filter(({ method }) => method === 'POST' || method === 'PATCH')).toEqual([]);
  });

  it('is taken at its word where plain tus was asked for', async () => {
    const bench = await startReferenceBench({ protocol: 'pulse' });
    const server = new URL('/uploads', bench.proxy.url);
    expect((await bench.upload(await bench.file(10), { server, protocol: 'tus' })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
  });

  it('may be below another URL that ends like it', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    const server = new URL('/files', bench.proxy.url);
    expect((await bench.upload(await bench.file(10), { server, protocol: 'auto' })).exitCode).toBe(0);
  });
});
