import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { allExtensions } from '../../src/server/extensions.ts';
import type { RunningServer, ServerSettings } from '../../src/server/server.ts';
import { offsetOf, patch, payload, subject, tus } from './harness.ts';

/** Protocol v1, 5.4: a token is good for the artifact that it is bound to, and for those that name it in relatedTo. */

const mine = randomUUID();
const theirs = randomUUID();
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const me = bearer('token-of-mine');
const they = bearer('token-of-theirs');
const admin = bearer('token-for-everything');

const serving = (more: Partial<ServerSettings> = {}) =>
  subject({
    ...more,
    protocol: 'pulse-v1',
    token: 'token-for-everything',
    boundTokens: [
      { token: 'token-of-mine', artifactId: mine },
      { token: 'token-of-theirs', artifactId: theirs },
    ],
  });

function post(
  server: RunningServer,
  artifactId: string,
  who: Record<string, string>,
  relatedTo?: string,
  more: Record<string, string> = { 'Upload-Length': '5' },
): Promise<Response> {
  const pairs = { artifactId, filename: 'a.mp4', ...(relatedTo !== undefined && { relatedTo }) };
  const metadata = Object.entries(pairs)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');
  return fetch(`${server.url}/upload`, {
    method: 'POST',
    headers: { ...tus, 'Upload-Metadata': metadata, ...more, ...who },
  });
}

const ask = async (url: string, method: string, who: Record<string, string>) =>
  (await fetch(url, { method, headers: { ...tus, ...who } })).status;

describe('a token that is bound to an artifact', () => {
  it('joins no part that it may not ask for', async () => {
    const server = await serving({ extensions: allExtensions });
    const part = { 'Upload-Concat': 'partial', 'Upload-Length': '5' };
    expect((await post(server, theirs, they, undefined, part)).status).toBe(201);
    expect((await patch(`${server.url}/upload/${theirs}`, 0, payload(5), they)).status).toBe(204);
    const whole = { 'Upload-Concat': `final;/upload/${theirs}` };
    expect((await post(server, mine, me, undefined, whole)).status).toBe(403);
    expect((await post(server, mine, admin, undefined, whole)).status).toBe(201);
  });

  it('creates, sends, asks for and removes that artifact and those related to it', async () => {
    const server = await serving();
    for (const [id, anchor] of [
      [mine, undefined],
      [randomUUID(), mine],
      [randomUUID(), mine.toUpperCase()],
    ] as const) {
      expect((await post(server, id, me, anchor)).status).toBe(201);
      const url = `${server.url}/upload/${id}`;
      expect(await ask(url, 'HEAD', me)).toBe(200);
      expect((await patch(url, 0, payload(5), me)).status).toBe(204);
      expect(await ask(`${server.url}/artifacts/${id}`, 'GET', me)).toBe(200);
      expect(await ask(`${server.url}/artifacts/${id}?token=token-of-mine`, 'GET', {})).toBe(200);
      expect(await ask(`${server.url}/artifacts/${id.toUpperCase()}`, 'DELETE', me)).toBe(204);
    }
  });

  it('is refused with 403 for every other artifact, whether it is there or not', async () => {
    const server = await serving();
    expect((await post(server, theirs, they)).status).toBe(201);
    expect((await post(server, randomUUID(), me)).status).toBe(403);
    expect((await post(server, randomUUID(), me, theirs)).status).toBe(403);
    for (const id of [theirs, randomUUID(), 'not-an-id']) {
      const url = `${server.url}/upload/${id}`;
      expect(await ask(url, 'HEAD', me)).toBe(403);
      expect((await patch(url, 0, payload(5), me)).status).toBe(403);
      expect(await ask(url, 'DELETE', me)).toBe(403);
      for (const method of ['GET', 'DELETE'])
        expect(await ask(`${server.url}/artifacts/${id}`, method, me)).toBe(403);
      expect(await ask(`${server.url}/artifacts/${id}?token=token-of-mine`, 'GET', {})).toBe(403);
    }
    expect(await ask(`${server.url}/upload/${theirs}`, 'HEAD', they)).toBe(200);
  });

  it('does not reach an artifact by declaring a relation to its own when that exists already', async () => {
    const server = await serving();
    expect((await post(server, theirs, they)).status).toBe(201);
    expect((await post(server, theirs, me, mine)).status).toBe(409);
    expect((await patch(`${server.url}/upload/${theirs}`, 0, payload(5), me)).status).toBe(403);
  });

  it('stands beside a token for everything, and leaves its rights alone', async () => {
    const server = await serving();
    expect((await post(server, theirs, they)).status).toBe(201);
    expect(await ask(`${server.url}/upload/${theirs}`, 'HEAD', admin)).toBe(200);
    expect(await ask(`${server.url}/upload/${randomUUID()}`, 'HEAD', admin)).toBe(404);
    expect((await post(server, randomUUID(), admin)).status).toBe(201);
  });

  it('is still one without which nobody gets in: 401, and 403 for one that is wrong', async () => {
    const server = await serving();
    expect((await post(server, mine, {})).status).toBe(401);
    expect((await post(server, mine, bearer('made-up'))).status).toBe(403);
  });

  it('is refused for metadata that names no artifact as it is without tokens', async () => {
    const server = await serving();
    expect((await post(server, 'no-uuid', me, mine)).status).toBe(400);
  });

  it('does not open the page, which shows every upload', async () => {
    const server = await subject({
      protocol: 'pulse-v1',
      page: true,
      boundTokens: [{ token: 'token-of-mine', artifactId: mine }],
    });
    expect((await post(server, mine, me)).status).toBe(201);
    await patch(`${server.url}/upload/${mine}`, 0, payload(5), me);
    expect(await ask(`${server.url}/page/uploads`, 'GET', me)).toBe(403);
    expect(await ask(`${server.url}/page/files/${mine}`, 'GET', me)).toBe(403);
    expect(await ask(`${server.url}/page/files/${mine}?token=token-of-mine`, 'GET', {})).toBe(403);
    expect(await ask(`${server.url}/page/uploads`, 'GET', {})).toBe(401);
  });

  it('acts on the one artifact that it was judged for, whatever the path looks like', async () => {
    const server = await serving();
    const own = randomUUID();
    expect((await post(server, own, me, mine)).status).toBe(201);
    expect((await post(server, theirs, they)).status).toBe(201);
    const paths = [`${own}/${theirs}`, `${theirs}/${own}`, `${theirs}/`, `${theirs};${own}`, `%2F${theirs}`];
    for (const path of paths) {
      const url = `${server.url}/upload/${path}`;
      expect([403, 404]).toContain((await patch(url, 0, payload(5), me)).status);
    }
    const asked = await fetch(`${server.url}/upload/${theirs}`, {
      method: 'HEAD',
      headers: { ...tus, ...they },
    });
    expect(asked.headers.get('upload-offset')).toBe('0');
    await expect(offsetOf(`${server.url}/upload/${own}`)).rejects.toThrow('401');
  });
});
