import { describe, expect, it } from 'vitest';
import { redirectedTo } from '../../src/upload/open/redirected.ts';
import { expectProven, MIB, startBench } from './harness.ts';
import { startScriptedServer } from './scripted-server.ts';

describe('a redirect within the origin', () => {
  it.each([307, 308])('%i is followed with the same method and body', async (answer) => {
    const bench = await startBench({ prefix: '/new' });
    bench.server.script.POST = [{ answer, headers: { Location: '/new/uploads' } }];
    const file = await bench.file(10);
    await bench.upload(file, { server: new URL('/new', bench.server.url), token: 's3cret' });
    await expectProven(bench, file);
    expect(bench.server.lines().slice(0, 2)).toEqual(['POST /new/uploads', 'POST /new/uploads']);
    expect(bench.server.seen[1]?.headers).toMatchObject({
      'x-upload-token': 's3cret',
      'upload-length': '10',
    });
  });

  it('of a chunk sends the chunk again, and each byte that went out is counted', async () => {
    const bench = await startBench();
    const file = await bench.file(MIB);
    bench.server.script.PATCH = [
      {
        answer: 307,
        headers: {
          get Location() {
            return `/uploads/${[...bench.server.uploads.keys()][0]}?node=2`;
          },
        },
      },
    ];
    await bench.upload(file);
    await expectProven(bench, file);
    const patches = bench.server.seen.filter(({ method }) => method === 'PATCH');
    expect(patches.map(({ body }) => body.byteLength)).toEqual([MIB, MIB]);
    expect(bench.of('upload.done')).toMatchObject([{ sentBytes: 2 * MIB, retries: 0 }]);
  });

  it('for good is remembered: the next request goes to the new place at once', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [
      {
        answer: 308,
        headers: {
          get Location() {
            return `/uploads/deeper/${[...bench.server.uploads.keys()][0]}`;
          },
        },
      },
    ];
    const file = await bench.file(3 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(bench.server.lines().filter((line) => line.startsWith('PATCH'))).toEqual([
      'PATCH /uploads/<id>',
      ...Array(3).fill('PATCH /uploads/deeper/<id>'),
    ]);
  });

  it('for good to a login page is not remembered', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [
      { answer: 308, headers: { Location: '/login' } },
      { answer: 200, headers: { 'Content-Type': 'text/html' }, body: '<h1>Log in</h1>' },
    ];
    const file = await bench.file(MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(bench.server.lines().filter((line) => line.startsWith('PATCH'))).toEqual([
      'PATCH /uploads/<id>',
      'PATCH /login',
      'PATCH /uploads/<id>',
    ]);
  });

  it('resolves Location against the URL that answered in the end', async () => {
    const bench = await startBench({ prefix: '/v2', location: (id) => `uploads/${id}` });
    bench.server.script.POST = [{ answer: 308, headers: { Location: '/v2/uploads' } }];
    const file = await bench.file(10);
    // The scripted server answers below /v2 only; the redirect leads there.
    await bench.upload(file, { server: new URL(bench.server.url) });
    await expectProven(bench, file);
    expect(bench.of('upload.created')[0]?.url).toContain('/v2/uploads/');
  });

  it('in a circle is exit 6', async () => {
    const bench = await startBench();
    bench.server.script.POST = Array(20).fill({ answer: 307, headers: { Location: '/uploads' } });
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(6);
    expect(bench.server.seen).toHaveLength(6);
    expect(bench.of('upload.failed')[0]?.hint).toMatch(/the very URL that was asked for: who runs it/);
  });

  it('in a circle of several URLs is exit 6 too', async () => {
    const bench = await startBench();
    const to = (Location: string) => ({ answer: 307, headers: { Location } });
    bench.server.script.POST = Array(10)
      .fill([to('/uploads?again'), to('/uploads')])
      .flat();
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(6);
    expect(bench.of('upload.failed')[0]?.hint).toContain('not for ever');
  });
});

describe('any other redirect', () => {
  it.each([
    [301, '/elsewhere'],
    [302, '/elsewhere'],
    [303, '/elsewhere'],
    [307, undefined],
  ])('%i to %s is exit 6, and the method is never changed', async (answer, location) => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer, headers: location === undefined ? {} : { Location: location } }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(6);
    expect(bench.server.lines()).toEqual(['POST /uploads', 'HEAD /uploads/<id>', 'PATCH /uploads/<id>']);
  });

  it.each([307, 308])('%i to another origin gets no request there', async (answer) => {
    const other = await startScriptedServer();
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer, headers: { Location: `${other.url}/uploads/x` } }];
    expect((await bench.upload(await bench.file(10), { token: 's3cret' })).exitCode).toBe(6);
    expect(other.seen).toEqual([]);
    expect(bench.of('upload.failed')[0]?.message).toContain(`answered ${answer} to ${other.url}/uploads/x`);
    await other.close();
  });
});

describe('a redirect of a creation that leads back, behind one that was followed', () => {
  it.each<[string, path: string, answer: number, locations: readonly string[]]>([
    ['from a slash at the end to itself', '/files', 301, ['/files/', '/files/']],
    ['from another folder to itself', '/files', 302, ['../x/files', '../x/files']],
    ['as often as it is followed', '/files', 308, Array(9).fill('/files/')],
    ['to and fro', '/files', 307, Array(9).fill(['/x/files', '/y/files']).flat()],
  ])('names no URL of the circle as the one to use: %s', async (_, path, answer, locations) => {
    const bench = await startBench();
    bench.server.script.POST = locations.map((location, index) => ({
      answer: index === 0 ? 307 : answer,
      headers: { Location: location },
    }));
    const server = new URL(path, bench.server.url);
    expect((await bench.upload(await bench.file(10), { server, protocol: 'tus' })).exitCode).toBe(6);
    expect(bench.server.seen.length).toBeGreaterThan(1);
    expect(bench.of('upload.failed')[0]?.hint ?? '').not.toMatch(/--server http/);
  });
});

it.each<[server: string, creation: string, location: string | undefined, to: string | undefined]>([
  ['http://a/', 'http://a/uploads', 'https://a/uploads', 'https://a/'],
  ['http://a/x', 'http://a/x/uploads', '/y/uploads', 'http://a/y'],
  ['http://a/', 'http://a/uploads', '/uploads/', undefined],
  ['http://a/', 'http://a/uploads', '/login', undefined],
  ['http://a/', 'http://a/uploads', 'https://a/uploads?next=1', undefined],
  ['http://a/', 'http://a/uploads', 'ftp://a/uploads', undefined],
  ['http://a/', 'http://a/uploads', undefined, undefined],
  ['http://a/files', 'http://a/files', '/files/', 'http://a/files/'],
  ['http://a/files/', 'http://a/files/', '/files/', undefined],
  ['http://a/', 'http://a/', 'https://b/', 'https://b/'],
  ['http://a/', 'http://a/', '/login', undefined],
  ['http://a/x/', 'http://a/x/uploads', 'uploads#again', undefined],
])('below %s, %s redirected to %s means the server %s', (server, creation, location, to) => {
  expect(redirectedTo(new URL(server), new URL(creation), location)?.href).toBe(to);
});

it('a redirect behind one that was followed is resolved against the URL that gave it', () => {
  const [server, creation, at] = ['http://a/', 'http://a/uploads', 'http://a/v2/uploads'].map(
    (href) => new URL(href),
  ) as [URL, URL, URL];
  expect(redirectedTo(server, creation, '../v2/x/uploads', at)?.href).toBe('http://a/v2/x');
  expect(redirectedTo(server, creation, 'x/uploads', at)?.href).toBe('http://a/v2/x');
});
