import { describe, expect, it } from 'vitest';
import { expectProven, MIB, startBench } from './harness.ts';

describe('Location', () => {
  it.each([
    ['an absolute path', (id: string) => `/uploads/${id}`],
    ['relative to the creation URL', (id: string) => `uploads/${id}`],
    ['relative with dots', (id: string) => `./uploads/../uploads/${id}`],
    ['with a query', (id: string) => `/uploads/${id}?sig=a%2Fb&x=1`],
    ['with a fragment', (id: string) => `/uploads/${id}#part`],
    ['with a slash at the end', (id: string) => `/uploads/${id}/`],
  ])('%s is resolved as RFC 3986 says', async (_, location) => {
    const bench = await startBench({ location });
    const file = await bench.file(MIB + 1);
    await bench.upload(file);
    await expectProven(bench, file);
    const [id] = bench.server.uploads.keys();
    expect(bench.of('upload.done')).toMatchObject([{ uploadId: id }]);
  });

  it('with a query keeps it in every request', async () => {
    const bench = await startBench({ location: (id) => `/uploads/${id}?sig=a%2Fb` });
    await bench.upload(await bench.file(10));
    const queries = bench.server.seen.filter(
      ({ path }) => path.startsWith('/uploads/') && !path.endsWith('finalize'),
    );
    expect(queries.map(({ query }) => query)).toEqual(['sig=a%2Fb', 'sig=a%2Fb']);
  });

  it('that names the same host without a scheme is followed', async () => {
    const bench = await startBench({
      location: (id) => `${bench.server.url.replace('http:', '')}/uploads/${id}`,
    });
    const file = await bench.file(10);
    await bench.upload(file);
    await expectProven(bench, file);
  });

  it('in a header of any case is read', async () => {
    const bench = await startBench();
    bench.server.script.POST = [{ respell: (name) => name.toUpperCase() }];
    bench.server.script.HEAD = [{ respell: (name) => name.toLowerCase() }];
    const file = await bench.file(10);
    await bench.upload(file);
    await expectProven(bench, file);
  });

  it.each([
    ['another host', () => '//elsewhere.example/uploads/x'],
    ['another scheme', (url: string) => url.replace('http:', 'https:')],
    ['another port', () => 'http://127.0.0.1:9/uploads/x'],
    ['no http at all', () => 'file:///etc/passwd'],
  ])('that names %s is exit 6, and nothing is sent there', async (_, location) => {
    const bench = await startBench({ location: (id) => location(`${bench.server.url}/uploads/${id}`) });
    expect((await bench.upload(await bench.file(10), { token: 's3cret' })).exitCode).toBe(6);
    expect(bench.server.lines()).toEqual(['POST /uploads']);
  });
});
