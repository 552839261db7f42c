import { randomUUID } from 'node:crypto';
import fs, { cp, readdir } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  create,
  eventually,
  finalize,
  freshFolder,
  head,
  idOf,
  joined,
  onDisk,
  patch,
  payload,
  sha256,
  subject,
  tus,
} from './harness.ts';

/** Copies of the folder as it is before each step that changes names in it: what a crash there would leave. */
async function crashesOf(dir: string, action: () => Promise<unknown>): Promise<readonly string[]> {
  const copies: string[] = [];
  const { rm, rename } = fs;
  const restore = () => {
    Object.assign(fs, { rm, rename });
    syncBuiltinESMExports();
  };
  onTestFinished(restore);
  const copied = async () => {
    const copy = await freshFolder();
    await cp(dir, copy, { recursive: true, preserveTimestamps: true });
    copies.push(copy);
  };
  fs.rm = async (...args) => {
    await copied();
    await rm(...args);
  };
  fs.rename = async (...args) => {
    await copied();
    await rename(...args);
  };
  syncBuiltinESMExports();
  await action();
  restore();
  return copies;
}

const remove = (url: string) => fetch(url, { method: 'DELETE', headers: tus });

/** Of the upload that the server that takes the folder over knows; and what there is besides it. */
async function leftIn(dir: string, url: string) {
  const server = await subject({ dir });
  const { status } = await head(`${server.url}/uploads/${idOf(url)}`);
  const content = status === 200 ? (await finalize(server, url)).status : undefined;
  const names = [...(await readdir(dir)), ...(await readdir(join(dir, '.incomplete')))];
  return { status, content, names: names.filter((name) => !['.incomplete', 'lock'].includes(name)) };
}

describe('a crash inside DELETE', () => {
  it.each([
    ['a finished upload', true],
    ['an unfinished one', false],
  ])('leaves %s as it was, or nothing of it', async (_what, isFinished) => {
    const server = await subject();
    const url = await create(server, 5);
    await patch(url, 0, payload(5));
    if (isFinished) await finalize(server, url);
    const copies = await crashesOf(server.dir, () => remove(url));
    expect(copies.length).toBeGreaterThan(1);
    const [before, ...others] = await Promise.all(copies.map((dir) => leftIn(dir, url)));
    expect(before).toMatchObject({ status: 200, content: 200 });
    for (const left of others) expect(left).toEqual({ status: 404, content: undefined, names: [] });
  });

  it('is finished by the next server, but takes no file of an upload that has the id since', async () => {
    const server = await subject();
    const url = await create(server, 5);
    await patch(url, 0, payload(5));
    await finalize(server, url);
    await server.close();
    const record = join(server.dir, '.incomplete', idOf(url));
    await fs.copyFile(`${record}.json`, `${record}.removed`);
    expect(await leftIn(server.dir, url)).toEqual({
      status: 200,
      content: 200,
      names: ['video.mp4', `${idOf(url)}.json`],
    });
  });
});

describe('a crash inside finalize', () => {
  it.each(['link', 'rm'] as const)(
    'before its %s leaves nothing that DELETE does not remove',
    async (step) => {
      const server = await subject();
      const url = await create(server, 5);
      await patch(url, 0, payload(5));
      await server.close();
      const work = join(server.dir, '.incomplete', idOf(url));
      const finished = { name: 'video.mp4', sizeBytes: 5, sha256: sha256(payload(5)) };
      const info = JSON.parse(await fs.readFile(`${work}.json`, 'utf8'));
      await fs.writeFile(`${work}.json`, JSON.stringify({ ...info, finished }));
      const path = join(server.dir, 'video.mp4');
      // Where the move was not begun, another file may have come to the name.
      await (step === 'rm' ? fs.link(`${work}.data`, path) : fs.writeFile(path, 'other'));
      const again = await subject({ dir: server.dir });
      expect((await remove(url.replace(server.url, again.url))).status).toBe(204);
      expect(await readdir(join(server.dir, '.incomplete'))).toEqual(['lock']);
      expect(await readdir(server.dir)).toEqual(['.incomplete', ...(step === 'rm' ? [] : ['video.mp4'])]);
    },
  );
});

describe('where there are no hard links', () => {
  const failed = (code: string) => Object.assign(new Error(code), { code });

  it.each([
    ['was made all the same', true],
    ['was not made', false],
  ])('a move that is said to have failed loses no file: it %s', async (_which, isMade) => {
    const server = await subject();
    const url = await create(server, 5);
    await patch(url, 0, payload(5));
    const { link, rename } = fs;
    const restore = () => {
      Object.assign(fs, { link, rename });
      syncBuiltinESMExports();
    };
    onTestFinished(restore);
    fs.link = () => Promise.reject(failed('EPERM'));
    fs.rename = async (from, to) => {
      const isMove = String(from).endsWith('.data');
      if (isMade || !isMove) await rename(from, to);
      if (isMove) throw failed('EIO');
    };
    syncBuiltinESMExports();
    expect((await finalize(server, url)).status).toBe(500);
    restore();
    const names = await readdir(server.dir);
    expect(names).toEqual(['.incomplete', ...(isMade ? ['video.mp4'] : [])]);
    await server.close();
    expect(await leftIn(server.dir, url)).toEqual({
      status: 200,
      content: 200,
      names: ['video.mp4', `${idOf(url)}.json`],
    });
  });
});

describe('DELETE', () => {
  const full = () => Promise.reject(Object.assign(new Error('disk full'), { code: 'ENOSPC' }));

  it.each(['tus', 'pulse-v1'] as const)(
    'needs no room on the disk: what cannot be named (%s)',
    async (protocol) => {
      const server = await subject({
        protocol,
        behaviour: { store: (store) => ({ ...store, finish: full }) },
      });
      const isV1 = protocol === 'pulse-v1';
      const named = { artifactId: randomUUID(), filename: 'clip.mp4' };
      const metadata = Object.entries(named).map(
        ([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`,
      );
      const answer = await fetch(isV1 ? `${server.url}/upload` : server.url, {
        method: 'POST',
        headers: { ...tus, 'Upload-Length': '5', 'Upload-Metadata': metadata.join(',') },
      });
      const url = new URL(answer.headers.get('location') ?? '', server.url).href;
      expect((await patch(url, 0, payload(5))).status).toBe(507);
      expect((await remove(url)).status).toBe(204);
      expect(await readdir(join(server.dir, '.incomplete'))).toEqual(['lock']);
    },
  );

  it('needs no room on the disk: what cannot be joined', async () => {
    const server = await subject(
      onDisk((store) => ({
        write: async (id) => {
          const writer = await store.write(id);
          const isWhole = (await store.load(id))?.info.concat?.kind === 'final';
          return isWhole ? { ...writer, write: full } : writer;
        },
      })),
    );
    const part = await create(server, 5, { 'Upload-Concat': 'partial' });
    const url = await joined(server, part);
    await patch(part, 0, payload(5));
    expect((await head(url)).status).toBe(507);
    expect((await remove(url)).status).toBe(204);
    expect(
      (await readdir(join(server.dir, '.incomplete'))).filter((name) => name.includes(idOf(url))),
    ).toEqual([]);
  });

  it('waits for a join, which writes nothing behind it', async () => {
    let isJoining = false;
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const server = await subject(
      onDisk((store) => ({
        update: async (info) => {
          if (info.concat?.kind === 'final' && info.lengthBytes !== undefined) {
            isJoining = true;
            await gate;
          }
          await store.update(info);
        },
      })),
    );
    const answer = await fetch(server.url, {
      method: 'POST',
      headers: { ...tus, 'Upload-Concat': 'partial', 'Upload-Defer-Length': '1' },
    });
    const part = new URL(answer.headers.get('location') ?? '', server.url).href;
    const url = await joined(server, part);
    await patch(part, 0, payload(5), { 'Upload-Length': '5' });
    const asked = head(url);
    await eventually(
      () => isJoining || undefined,
      () => 'the join',
    );
    const removed = remove(url);
    await Promise.race([removed, sleep(100)]);
    letGo();
    expect((await removed).status).toBe(204);
    await asked;
    const names = [...(await readdir(server.dir)), ...(await readdir(join(server.dir, '.incomplete')))];
    expect(names.filter((name) => name.includes(idOf(url)))).toEqual([]);
  });
});
