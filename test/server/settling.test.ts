import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RunningServer, ServerSettings } from '../../src/server/server.ts';
import { eventually, head, patch, payload, sha256, subject, tus } from './harness.ts';

/** Lets a server settle complete uploads only when it is let go, and tells what was asked of it until then. */
function gated() {
  const methods = new Set<string>();
  let isBegun = false;
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const behaviour: ServerSettings['behaviour'] = {
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

async function created(server: RunningServer, sizeBytes: number, pairs: Readonly<Record<string, string>>) {
  const metadata = Object.entries(pairs).map(
    ([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`,
  );
  const answer = await fetch(server.url.endsWith('/files') ? server.url : `${server.url}/upload`, {
    method: 'POST',
    headers: { ...tus, 'Upload-Length': String(sizeBytes), 'Upload-Metadata': metadata.join(',') },
  });
  expect(answer.status).toBe(201);
  return new URL(answer.headers.get('location') ?? '', server.url).href;
}

describe('protocol v1', () => {
  it('acknowledges no whole file by HEAD before its checksum was compared', async () => {
    const settling = gated();
    const server = await subject({ protocol: 'pulse-v1', behaviour: settling.behaviour });
    const bytes = payload(50);
    const url = await created(server, 50, {
      artifactId: randomUUID(),
      filename: 'clip.mp4',
      checksum: `sha256:${sha256(payload(50, 'other'))}`,
    });
    const last = patch(url, 0, bytes);
    await settling.begun();
    const asked = head(url);
    await settling.asked('HEAD');
    settling.letGo();
    expect((await last).status).toBe(422);
    expect((await asked).status).toBe(422);
    expect((await head(url)).status).toBe(404);
  });
});
