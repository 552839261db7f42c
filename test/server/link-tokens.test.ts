import { randomUUID } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { encodeMetadata } from '../../src/protocol/headers.ts';
import { patch, payload, type Subject, subject, tus } from './harness.ts';

const token = 'opens everything';

interface Paired {
  readonly server: Subject;
  readonly artifactId: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function paired(): Promise<Paired> {
  const server = await subject({ protocol: 'pulse-v1', token: token.replaceAll(' ', '-') });
  const query = new URL(server.pairingLink?.() ?? '').searchParams;
  expect(query.get('server')).toBe(server.url);
  return {
    server,
    artifactId: query.get('artifactId') ?? '',
    headers: { Authorization: `Bearer ${query.get('token')}` },
  };
}

function create({ server, headers }: Paired, metadata: Record<string, string>): Promise<Response> {
  const all = { filename: 'v.mp4', ...metadata };
  return fetch(`${server.url}/upload`, {
    method: 'POST',
    headers: { ...tus, ...headers, 'Upload-Length': '10', 'Upload-Metadata': encodeMetadata(all) },
  });
}

afterEach(() => vi.useRealTimers());

it("a link's token opens its artifact, from the creation to the end", async () => {
  const link = await paired();
  const { server, artifactId, headers } = link;
  const created = await create(link, { artifactId });
  expect(created.status).toBe(201);
  const url = new URL(created.headers.get('location') ?? '', server.url).href;
  expect((await patch(url, 0, payload(10), headers)).status).toBe(204);
  expect((await fetch(`${server.url}/artifacts/${artifactId}`, { headers })).status).toBe(200);
});

it('and what belongs to it, but nothing else', async () => {
  const link = await paired();
  const { server, artifactId, headers } = link;
  expect((await create(link, { artifactId: randomUUID() })).status).toBe(403);
  const related = await create(link, { artifactId: randomUUID(), relatedTo: artifactId });
  expect(related.status).toBe(201);
  const url = new URL(related.headers.get('location') ?? '', server.url).href;
  expect((await patch(url, 0, payload(10), headers)).status).toBe(204);
  const other = await paired();
  expect((await fetch(url, { method: 'HEAD', headers: { ...tus, ...other.headers } })).status).toBe(403);
});

it('no longer than an hour, and not with one letter changed', async () => {
  const link = await paired();
  const { artifactId, headers } = link;
  const forged = headers.Authorization?.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')) ?? '';
  expect((await create({ ...link, headers: { Authorization: forged } }, { artifactId })).status).toBe(403);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 });
  expect((await create(link, { artifactId })).status).toBe(403);
  vi.setSystemTime(Date.now() - 7_000);
  expect((await create(link, { artifactId })).status).toBe(201);
});

it('a server that asks for no token hands out links without one, and other protocols have none', async () => {
  const open = await subject({ protocol: 'pulse-v1' });
  expect(open.pairingLink?.()).toMatch(/^pulsecam:\/\/\?v=1&artifactId=[\da-f-]{36}&server=[^&]*$/);
  expect((await subject({ protocol: 'pulse' })).pairingLink).toBeUndefined();
});
