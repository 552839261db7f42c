import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { forgetUpload, keptUploads } from '../../src/upload/state/kept-uploads.ts';
import { openStateStore, type UploadRecord } from '../../src/upload/state/state-store.ts';
import { temporaryFolder } from '../cli/run-bin.ts';

const key = { server: 'http://host/', protocol: 'pulse', path: '/videos/a.mp4' };
const record: UploadRecord = {
  schema: 1,
  ...key,
  identity: { sizeBytes: 20, mtimeNs: '1', inode: '2' },
  url: 'http://host/uploads/1',
  createdAt: '2026-01-01T00:00:00.000Z',
  prefix: { bytes: 0, sha256: '' },
  phase: 'sending',
};
const silent = () => {};

describe('the state folder', () => {
  it.skipIf(process.platform === 'win32')('is for this user only, and so is everything in it', async () => {
    const dir = join(await temporaryFolder(), 'a', 'b');
    const store = openStateStore(dir);
    await store.write(record);
    const lock = await store.lock(key);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    const modes = await Promise.all(
      (await readdir(dir)).map(async (name) => (await stat(join(dir, name))).mode & 0o777),
    );
    expect(modes).toEqual([0o600, 0o600]);
    await lock.release();
  });

  it('that vanishes between two writes is made again', async () => {
    const dir = join(await temporaryFolder(), 'a', 'b');
    const store = openStateStore(dir);
    for (const write of [() => store.write(record), async () => (await store.lock(key)).release()]) {
      await store.write(record);
      await rm(join(dir, '..'), { recursive: true });
      await write();
    }
    await store.remove(key);
    await store.remove(key);
    expect(await readdir(dir)).toEqual([]);
  });

  it.each([
    ['is a file', async (dir: string) => writeFile(dir, '')],
    ['is below a file', async (dir: string) => writeFile(join(dir, '..'), '')],
  ])('that %s is an error with a way out', async (_, prepare) => {
    const dir = join(await temporaryFolder(), 'a', 'b');
    await mkdir(join(dir, '..', '..'), { recursive: true });
    if (!_.includes('below')) await mkdir(join(dir, '..'));
    await prepare(dir);
    const refused = { kind: 'input', hint: expect.stringContaining('PULSE_UPLOAD_STATE_DIR') };
    await expect(openStateStore(dir).write(record)).rejects.toMatchObject(refused);
    await expect(openStateStore(dir).lock(key)).rejects.toMatchObject(refused);
  });

  // Node's recursive mkdir spins there for ever.
  it.runIf(process.platform === 'linux')('below /proc is refused', async () => {
    const refused = { kind: 'input', message: expect.stringContaining('/proc/none/state') };
    await expect(openStateStore('/proc/none/state').write(record)).rejects.toMatchObject(refused);
  });
});

describe('a record', () => {
  it('says when it was written, and comes back as it was', async () => {
    const store = openStateStore(await temporaryFolder(), () => new Date('2026-02-01T00:00:00Z'));
    await store.write(record);
    const kept = { ...record, savedAt: '2026-02-01T00:00:00.000Z' };
    expect(await store.read(key, silent)).toEqual(kept);
    expect(await store.peek(key)).toEqual(kept);
    await store.remove(key);
    expect(await store.read(key, silent)).toBeUndefined();
  });

  it('is the old one or the new one while it is replaced, and never half of it', async () => {
    const store = openStateStore(await temporaryFolder());
    await store.write(record);
    const writing = Promise.all(
      Array.from({ length: 20 }, (_, bytes) => store.write({ ...record, prefix: { bytes, sha256: 'x' } })),
    );
    for (let look = 0; look < 50; look++) expect(await store.peek(key)).toMatchObject({ url: record.url });
    await writing;
  });

  it('of a later version says so when it is set aside, and is not overwritten before', async () => {
    const dir = await temporaryFolder();
    const store = openStateStore(dir);
    await store.write(record);
    const [name = ''] = await readdir(dir);
    const later = JSON.stringify({ ...record, schema: 2 });
    await writeFile(join(dir, name), later);
    expect(await store.peek(key)).toBeUndefined();
    expect(await readdir(dir)).toEqual([name]);
    const said: string[] = [];
    expect(await store.read(key, (message) => said.push(message))).toBeUndefined();
    expect(said).toEqual([
      expect.stringMatching(/later version of pulse-upload \(schema 2, .* was set aside as/),
    ]);
    expect(await readFile(join(dir, `${name}.unreadable`), 'utf8')).toBe(later);
  });

  it.each([
    ['no date', { createdAt: 'yesterday' }],
    ['a file as URL', { url: '/uploads/1' }],
    ['no size', { identity: { ...record.identity, sizeBytes: '3' } }],
    ['a text as prefix', { prefix: { bytes: '0', sha256: '' } }],
    ['less than nothing as prefix', { prefix: { bytes: -1, sha256: '' } }],
    ['a prefix that is longer than the file', { prefix: { bytes: 21, sha256: '' } }],
    ['more read than the file has', { readAhead: { bytes: 21, sha256: '' } }],
    ['less than nothing compared', { checkedBytes: -1 }],
    [
      'a part of which more is there than it has',
      { parts: [{ fromBytes: 0, endBytes: 20, prefix: { bytes: 21, sha256: '' } }] },
    ],
    ['an unknown phase', { phase: 'done' }],
  ])('with %s is not trusted', async (_, change) => {
    const dir = await temporaryFolder();
    const store = openStateStore(dir);
    await store.write(record);
    const [name = ''] = await readdir(dir);
    await writeFile(join(dir, name), JSON.stringify({ ...record, ...change }));
    expect(await store.read(key, silent)).toBeUndefined();
    expect(await readdir(dir)).toEqual([`${name}.unreadable`]);
  });

  it('that is a folder is set aside', async () => {
    const dir = await temporaryFolder();
    const store = openStateStore(dir);
    await store.write(record);
    const [name = ''] = await readdir(dir);
    await rm(join(dir, name));
    await mkdir(join(dir, name));
    expect(await store.read(key, silent)).toBeUndefined();
    expect(await readdir(dir)).toEqual([`${name}.unreadable`]);
  });

  it.skipIf(process.platform === 'win32')('that is a pipe is set aside: nobody waits at it', async () => {
    const dir = await temporaryFolder();
    const store = openStateStore(dir);
    await store.write(record);
    const [name = ''] = await readdir(dir);
    await rm(join(dir, name));
    spawnSync('mkfifo', [join(dir, name)]);
    expect(await keptUploads(dir, Date.now())).toEqual([]);
    expect(await store.peek(key)).toBeUndefined();
    expect(await store.read(key, silent)).toBeUndefined();
    expect(await readdir(dir)).toEqual([`${name}.unreadable`]);
  });

  // The superuser may read everything: test/cli/permissions.test.ts shows the same for him, by another user.
  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'that may not be read is refused, and left alone: it may be a good one, of another user',
    async () => {
      const dir = await temporaryFolder();
      const store = openStateStore(dir);
      await store.write(record);
      const [name = ''] = await readdir(dir);
      await chmod(join(dir, name), 0);
      const refused = { kind: 'input', message: `the saved state ${join(dir, name)} cannot be read: EACCES` };
      await expect(store.read(key, silent)).rejects.toMatchObject(refused);
      await expect(store.peek(key)).rejects.toMatchObject(refused);
      expect(await readdir(dir)).toEqual([name]);
    },
  );
});

describe('a record that an earlier version named by a slash more', () => {
  const spelled = { ...key, server: 'http://host/api/' };

  /** What stands in its file, under the name that an earlier version gave it. */
  const earlier = async (change: Partial<UploadRecord> = {}) => {
    const dir = await temporaryFolder();
    const name = createHash('sha256')
      .update(JSON.stringify([spelled.server, spelled.protocol, spelled.path]))
      .digest('hex')
      .slice(0, 40);
    await writeFile(join(dir, `${name}.json`), JSON.stringify({ ...record, ...spelled, ...change }));
    return { dir, name: `${name}.json`, store: openStateStore(dir) };
  };
  const other = { ...key, server: 'http://host/api' };

  it.each([spelled, other])('is found at $server, and has one name from then on', async (at) => {
    const { dir, name, store } = await earlier();
    expect(await store.peek(at)).toMatchObject({ url: record.url });
    expect(await readdir(dir)).toEqual([name]);
    const lock = await store.lock(at);
    expect(await store.read(at, silent)).toMatchObject({ url: record.url });
    await lock.release();
    await store.remove(other);
    expect(await readdir(dir)).toEqual([]);
  });

  it('is listed, kept from being pruned by who comes back, and forgotten', async () => {
    const { dir, store } = await earlier();
    const [kept] = await keptUploads(dir, Date.now());
    expect(kept?.record).toMatchObject(spelled);
    await store.renew(other);
    expect(await store.prune(Date.now())).toEqual([]);
    if (kept !== undefined) await forgetUpload(dir, kept.record);
    expect(await readdir(dir)).toEqual([]);
  });

  it('waits behind one that has its name by now: of that one nothing is lost', async () => {
    const { dir, name, store } = await earlier({ url: 'http://host/api/uploads/old' });
    await store.write({ ...record, ...other });
    expect((await keptUploads(dir, Date.now())).map((kept) => kept.record.url)).toEqual([record.url]);
    await (await store.lock(spelled)).release();
    expect(await store.read(spelled, silent)).toMatchObject({ url: record.url });
    await store.remove(spelled);
    expect(await readdir(dir)).toEqual([name]);
    expect(await store.peek(other)).toMatchObject({ url: 'http://host/api/uploads/old' });
  });
});
