import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  appendFile,
  chmod,
  open,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseDigest } from '../../src/upload/send/chunk-digest.ts';
import { createChunkReader } from '../../src/upload/send/chunk-reader.ts';
import { inputError, openSource, type Source } from '../../src/upload/source/source.ts';
import { temporaryFolder } from '../cli/run-bin.ts';
import { expectProven, plainTus, startBench } from './harness.ts';

const unix = process.platform !== 'win32';

async function opened(content: string | Uint8Array = 'content'): Promise<{ path: string; source: Source }> {
  const path = join(await temporaryFolder(), 'video.mp4');
  await writeFile(path, content);
  const source = await openSource(path);
  onTestFinished(() => source.close());
  return { path, source };
}

describe('what is no file that can be uploaded', () => {
  it.runIf(unix)('is told: a pipe, without waiting for its writer', async () => {
    const path = join(await temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [path]);
    await expect(openSource(path)).rejects.toMatchObject({
      kind: 'input',
      message: `${path} is a pipe, expected a file`,
    });
  });

  it.runIf(existsSync('/proc/self/status'))(
    'is told: a file of /proc, which has more than its size says',
    async () => {
      await expect(openSource('/proc/self/status')).rejects.toMatchObject({
        kind: 'input',
        message: '/proc/self/status holds more than the 0 bytes that its size says',
      });
    },
  );

  it.runIf(unix)('is told: a socket', async () => {
    const path = join(await temporaryFolder(), 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    await expect(openSource(path)).rejects.toMatchObject({ message: `${path} is a socket, expected a file` });
  });

  it.runIf(unix)('is told: a device', async () => {
    await expect(openSource('/dev/zero')).rejects.toMatchObject({
      kind: 'input',
      message: '/dev/zero is a device, expected a file',
    });
  });

  it('is told: a folder, a missing file, a part of the path that is a file, a circle of links', async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'file'), '');
    const cases = [
      ['', 'is a folder, expected a file'],
      ['missing', 'does not exist'],
      ['file/below', 'does not exist (a part of the path is not a folder)'],
    ];
    if (unix) {
      await symlink('circle', join(dir, 'circle'));
      cases.push(['circle', 'is a link that leads to itself']);
    }
    for (const [name = '', fact] of cases) {
      const path = name === '' ? dir : `${dir}/${name}`;
      await expect(openSource(path)).rejects.toMatchObject({ kind: 'input', message: `${path} ${fact}` });
    }
  });

  it.runIf(unix)('is told: a name that lost its bytes on the way into the program', async () => {
    const dir = await temporaryFolder();
    const bytes = Buffer.concat([Buffer.from(`${dir}/caf`), Buffer.of(0xe9), Buffer.from('.mp4')]);
    await writeFile(bytes, 'x');
    await expect(openSource(`${dir}/caf\ufffd.mp4`)).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringContaining('not UTF-8'),
      hint: expect.stringMatching(/-r.*--files-from0/),
    });
    // Where a file has that very character in its name, it is that file.
    await writeFile(`${dir}/b\ufffd.mp4`, 'y');
    await (await openSource(`${dir}/b\ufffd.mp4`)).close();
  });

  it('is told: a file without permission', async () => {
    const path = join(await temporaryFolder(), 'secret.mp4');
    await writeFile(path, 'x', { mode: 0 });
    const message = `${path} cannot be read: permission denied`;
    expect(inputError(path, { code: 'EACCES' })).toMatchObject({ kind: 'input', message });
    // The administrator may read everything, and Windows knows no such mode.
    if (unix && process.getuid?.() !== 0) await expect(openSource(path)).rejects.toMatchObject({ message });
  });
});

describe('a file that changes', () => {
  const changes: readonly (readonly [string, string, (path: string) => Promise<unknown>])[] = [
    ['grows', 'size, modification time', (path) => appendFile(path, '+')],
    ['shrinks', 'size, modification time', (path) => truncate(path, 3)],
    ['is touched', 'modification time', (path) => utimes(path, 1, 1)],
    [
      'is replaced',
      'inode',
      async (path) => {
        await writeFile(`${path}.new`, 'content');
        await rename(`${path}.new`, path);
      },
    ],
  ];
  it.each(changes)('%s: says so (%s)', async (_, how, change) => {
    const { path, source } = await opened();
    await source.assertUnchanged();
    await change(path);
    await expect(source.assertUnchanged()).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringContaining(how),
    });
  });

  it('vanishes: says so', async () => {
    const { path, source } = await opened();
    await rm(path);
    await expect(source.assertUnchanged()).rejects.toMatchObject({
      kind: 'input',
      message: `${path} vanished while it was being uploaded (removed or renamed); the upload was stopped`,
    });
  });

  it('is shorter than it was while it is read: no byte is made up', async () => {
    const { path, source } = await opened();
    await truncate(path, 3);
    await expect(source.read(new Uint8Array(7), 0)).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringContaining('it became shorter'),
    });
  });

  it.each([
    ['shrinks', (path: string) => truncate(path, 2000)],
    ['vanishes', (path: string) => rm(path)],
    ['is rewritten in place', (path: string) => writeFile(path, Buffer.alloc(3000, 1), { flag: 'r+' })],
  ])('in mid-upload (%s) is exit 3, and nothing more is sent', async (_, change) => {
    const bench = await startBench();
    const file = await bench.file(3000);
    bench.server.script.PATCH = [{ patchHeaders: {} }, { first: () => change(file) }];
    expect((await bench.upload(file, { chunkBytes: 500 })).exitCode).toBe(3);
    // The third chunk may have been read before the change: it is the old file's, too.
    const sent = bench.server.lines().filter((line) => line.startsWith('PATCH'));
    expect(sent.length).toBeLessThanOrEqual(3);
    expect(bench.server.finished.size).toBe(0);
  });
});

describe('a file whose inode was touched in mid-upload', () => {
  const rewrite = async (path: string, offsetBytes: number) => {
    const { mtime } = await stat(path);
    const handle = await open(path, 'r+');
    await handle.write(Buffer.from('other'), 0, 5, offsetBytes);
    await handle.close();
    await utimes(path, mtime, mtime);
  };
  /** A time that `utimes` can set back exactly. */
  const aged = async (path: string) => utimes(path, new Date(1_700_000_000_000), new Date(1_700_000_000_000));

  it('and rewritten, its times set back, is exit 3: what was sent is no longer the file', async () => {
    const bench = await startBench();
    const file = await bench.file(3000);
    await aged(file);
    bench.server.script.PATCH = [{ patchHeaders: {} }, { first: () => rewrite(file, 0) }];
    expect((await bench.upload(file, { chunkBytes: 500 })).exitCode).toBe(3);
    expect(bench.of('upload.failed')).toMatchObject([
      { message: expect.stringContaining('although its size and modification time are the same') },
    ]);
    expect(bench.server.finished.size).toBe(0);
  });

  it('and rewritten, its times set back, is a new upload to the next run, as the hint says', async () => {
    const bench = await startBench();
    const settings = { ...plainTus(bench), chunkBytes: 500 };
    const file = await bench.file(3000);
    await aged(file);
    // What was sent is remembered by then.
    bench.server.script.PATCH = [
      { first: () => bench.clock.sleep(3_000) },
      { first: () => rewrite(file, 0) },
    ];
    expect((await bench.upload(file, settings)).exitCode).toBe(3);
    expect(bench.of('upload.failed')).toMatchObject([
      { hint: expect.stringMatching(/starts a new upload$/), resumable: false },
    ]);
    expect((await bench.upload(file, settings)).exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toEqual([]);
    const held = [...bench.server.uploads.values()].at(-1);
    expect(held?.data.equals(await readFile(file))).toBe(true);
  });

  it('and not rewritten is proven', async () => {
    const bench = await startBench();
    const file = await bench.file(3000);
    bench.server.script.PATCH = [{ patchHeaders: {} }, { first: () => chmod(file, 0o600) }];
    await bench.upload(file, { chunkBytes: 500 });
    await expectProven(bench, file);
  });
});

describe('hashing what the server already holds', () => {
  it('ends when the user says so', async () => {
    const { source } = await opened(new Uint8Array(8 * 1024 * 1024));
    const stop = new AbortController();
    let reads = 0;
    const slow: Source = {
      ...source,
      read: async (target, offsetBytes) => {
        reads += 1;
        if (reads === 2) stop.abort(new Error('stop'));
        return source.read(target, offsetBytes);
      },
    };
    const reader = createChunkReader(slow, stop.signal);
    await expect(reader.hashPrefix(8 * 1024 * 1024)).rejects.toThrow('stop');
    expect(reads).toBe(2);
  });
});

it.each([true, false])(
  'a chunk that is read again must be the same bytes (a checksum: %s)',
  async (isChecked) => {
    const { source } = await opened('some content');
    let reads = 0;
    const fickle: Source = {
      ...source,
      read: async (target, offsetBytes) => {
        const filled = await source.read(target, offsetBytes);
        reads += 1;
        if (reads === 2) target[0] = 0;
        return filled;
      },
    };
    const digest = isChecked ? chooseDigest('auto', { checksumAlgorithms: ['sha1'] }, '') : undefined;
    const reader = createChunkReader(fickle, undefined, digest);
    await reader.chunk(0, 4);
    const again = reader.chunk(0, 4);
    // Without checksums nothing is claimed of what was sent, until the server names its own.
    if (isChecked) await expect(again).rejects.toMatchObject({ kind: 'input' });
    else expect((await again).bytes[0]).toBe(0);
  },
);
