import { existsSync } from 'node:fs';
import { type FileHandle, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { beforeSync } from '../system/before-sync.ts';
import { create, finalize, idOf, patch, type Subject, subject } from './harness.ts';

/** What the disk is told to make durable, and what is answered, in that order. */
async function watched(): Promise<{ server: Subject; steps: string[]; of: (url: string) => void }> {
  const steps: string[] = [];
  const server = await subject({
    behaviour: {
      filter: async ({ request }, next) => {
        const reply = await next();
        steps.push(`${request.method} ${reply.status}`);
        return reply;
      },
    },
  });
  const work = join(server.dir, '.incomplete');
  let data = '';
  const nameOf = async (handle: FileHandle) => {
    const { ino } = await handle.stat();
    const is = async (path: string) => (await stat(path).catch(() => undefined))?.ino === ino;
    const isMoved = existsSync(join(server.dir, 'video.mp4')) ? ', the video in it' : '';
    if (await is(work)) return `folder of uploads${data !== '' && !existsSync(data) ? ', one less' : ''}`;
    if (await is(server.dir)) return `folder of videos${isMoved}`;
    return (await is(data)) ? `bytes: ${await readFile(data)}` : 'what is known';
  };
  await beforeSync(async (handle) => void steps.push(await nameOf(handle)));
  return { server, steps, of: (url) => (data = join(work, `${idOf(url)}.data`)) };
}

/** Where folders cannot be synced (Windows) they are not expected to be. */
const durable = (steps: readonly string[]) =>
  steps.filter((step) => process.platform !== 'win32' || !step.startsWith('folder'));

describe('what is answered', () => {
  it('was told to the disk before: files, then the folders that name them', async () => {
    const { server, steps, of } = await watched();
    const url = await create(server, 10);
    of(url);
    expect(steps).toEqual(durable(['what is known', 'folder of uploads', 'POST 201']));

    steps.length = 0;
    await patch(url, 0, Buffer.from('first'));
    await patch(url, 5, Buffer.from(', all'));
    expect(steps).toEqual(durable(['PATCH 204', 'bytes: first, all', 'folder of uploads', 'PATCH 204']));

    steps.length = 0;
    await finalize(server, url, 'video.mp4');
    const written = ['what is known', 'folder of uploads'];
    const moved = ['folder of videos, the video in it', 'folder of uploads, one less'];
    expect(steps).toEqual(durable([...written, ...moved, 'POST 200']));
  });
});
