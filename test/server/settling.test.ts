import { randomUUID } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { concatenation, concatenationUnfinished } from '../../src/server/extensions/concatenation.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import type { Behaviour, RunningServer } from '../../src/server/server.ts';
import {
  create,
  eventually,
  head,
  idOf,
  joined,
  offsetOf,
  onDisk,
  patch,
  payload,
  sha256,
  subject,
  tus,
} from './harness.ts';

/** Lets a server settle complete uploads only when it is let go, and tells what was asked of it until then. */
function gated() {
  const methods = new Set<string>();
  let isBegun = false;
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const behaviour: Behaviour = {
    filter: (exchange, next) => {
      methods.add(exchange.request.method);
      return next();
    },
    store: (store) => ({
      ...store,
      sync: async (id) => {
        isBegun = true;
        await gate;
        await store.sync(id);
      },
    }),
  };
  const until = (is: () => boolean, what: string) =>
    eventually(
      () => is() || undefined,
      () => what,
    );
  return {
    behaviour,
    begun: () => until(() => isBegun, 'an upload to be settled'),
    asked: (method: string) => until(() => methods.has(method), `a ${method}`),
    letGo,
  };
}

async function created(
  server: RunningServer,
  pairs: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
) {
  const metadata = Object.entries(pairs).map(
    ([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`,
  );
  const answer = await fetch(`${server.url}/upload`, {
    method: 'POST',
    headers: { ...tus, ...headers, 'Upload-Metadata': metadata.join(',') },
  });
  expect(answer.status).toBe(201);
  return new URL(answer.headers.get('location') ?? '', server.url).href;
}

const named = (more: Readonly<Record<string, string>> = {}) => ({
  artifactId: randomUUID(),
  filename: 'clip.mp4',
  ...more,
});

const wrong = { checksum: `sha256:${sha256(payload(50, 'other'))}` };

describe('protocol v1', () => {
  it('acknowledges no whole file by HEAD before its checksum was compared', async () => {
    const settling = gated();
    const server = await subject({ protocol: 'pulse-v1', behaviour: settling.behaviour });
    const bytes = payload(50);
    const url = await created(server, named(wrong), { 'Upload-Length': '50' });
    const last = patch(url, 0, bytes);
    await settling.begun();
    const asked = head(url);
    await settling.asked('HEAD');
    settling.letGo();
    expect((await last).status).toBe(422);
    expect((await asked).status).toBe(422);
    expect((await head(url)).status).toBe(404);
  });

  it('acknowledges no join by the HEAD that makes it, where its checksum is another', async () => {
    const server = await subject({ protocol: 'pulse-v1', extensions: allExtensions });
    const part = await created(server, named(), { 'Upload-Length': '50', 'Upload-Concat': 'partial' });
    const url = await created(server, named(wrong), { 'Upload-Concat': `final;${part}` });
    await patch(part, 0, payload(50));
    expect((await head(url)).status).toBe(422);
    expect((await head(url)).status).toBe(404);
  });
});

describe('plain tus', () => {
  const filename = `filename ${Buffer.from('clip.mp4').toString('base64')}`;

  it('names what a crash left complete before HEAD acknowledges it', async () => {
    const server = await subject({ protocol: 'tus' });
    const url = await create(server, 5, { 'Upload-Metadata': filename });
    await server.close();
    await appendFile(join(server.dir, '.incomplete', `${idOf(url)}.data`), 'hello');
    const again = await subject({ protocol: 'tus', dir: server.dir });
    expect(await offsetOf(url.replace(server.url, again.url))).toBe(5);
    expect(await readFile(join(server.dir, 'clip.mp4'), 'utf8')).toBe('hello');
  });

  it('is not said to be whole by HEAD where the disk is too full to name it', async () => {
    const disk = { isFull: true };
    const server = await subject({ protocol: 'tus', behaviour: unableToFinish(disk) });
    const url = await create(server, 5, { 'Upload-Metadata': filename });
    expect((await patch(url, 0, payload(5))).status).toBe(507);
    expect((await head(url)).status).toBe(507);
    disk.isFull = false;
    expect(await offsetOf(url)).toBe(5);
    expect(await readFile(join(server.dir, 'clip.mp4'))).toEqual(payload(5));
  });

  it('names a join that was cut off behind its last byte, also where nobody asks for it', async () => {
    const server = await subject({
      protocol: 'tus',
      extensions: allExtensions,
      behaviour: unableToFinish({ isFull: true }),
    });
    const part = await create(server, 5, { 'Upload-Concat': 'partial' });
    const url = await joined(server, part);
    await patch(part, 0, Buffer.from('hello'));
    expect((await head(url)).status).toBe(507);
    await server.close();
    const extensions = [concatenation({}, { sweepEveryMs: 20 }), concatenationUnfinished];
    await subject({ protocol: 'tus', extensions, dir: server.dir });
    await expect
      .poll(() => readFile(join(server.dir, idOf(url)), 'utf8').catch(() => ''), { timeout: 20_000 })
      .toBe('hello');
  });

  it.each([
    ['HEAD', (server: RunningServer, id: string) => head(`${server.url}/${id}`)],
    [
      "the page's question for the checksum",
      (server: RunningServer, id: string) => fetch(new URL(`/page/checksum/${id}`, server.url)),
    ],
  ])('settles a join only once it is written down that it may be told of: %s', async (_name, ask) => {
    let told: string | undefined;
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const server = await subject({
      page: true,
      ...onDisk((store) => ({
        update: async (info) => {
          told = info.id;
          await gate;
          await store.update(info);
        },
      })),
    });
    const part = await create(server, 5, { 'Upload-Concat': 'partial' });
    await patch(part, 0, Buffer.from('hello'));
    const creation = joined(server, part);
    const id = await eventually(
      () => told,
      () => 'the join',
    );
    const asked = ask(server, id);
    await Promise.race([asked, sleep(100)]);
    letGo();
    expect(idOf(await creation)).toBe(id);
    expect((await asked).status).toBe(200);
    await server.close();
    const again = await subject({ protocol: 'tus', dir: server.dir });
    expect(await offsetOf(`${again.url}/${id}`)).toBe(5);
  });
});

function unableToFinish(disk: { readonly isFull: boolean }): Behaviour {
  const full = () => Object.assign(new Error('disk full'), { code: 'ENOSPC' });
  return {
    store: (store) => ({
      ...store,
      finish: (...args) => (disk.isFull ? Promise.reject(full()) : store.finish(...args)),
    }),
  };
}
