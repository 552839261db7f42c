import { describe, expect, it } from 'vitest';
import { create, finalize, idOf, patch, payload, subject, tus } from './harness.ts';

describe('the page and what it asks', () => {
  it('is not there unless it was asked for', async () => {
    const server = await subject();
    for (const path of ['/', '/page/page.js', '/page/uploads', '/page/facts']) {
      expect((await fetch(server.url + path)).status).toBe(404);
    }
  });

  it('lets nothing but its own files in', async () => {
    const server = await subject({ page: true });
    const answer = await fetch(`${server.url}/`);
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'/);
    expect(await answer.text()).toMatch(/^<!doctype html>/);
    for (const path of [
      '/page/index.html',
      '/page/..%2fpackage.json',
      '/page/nothing.js',
      '/page/constructor',
    ]) {
      expect((await fetch(server.url + path)).status).toBe(404);
    }
  });

  it('lists what is held', async () => {
    const server = await subject({ page: true });
    const begun = await create(server, 10, { 'Upload-Metadata': 'filename YS5tcDQ=' });
    await patch(begun, 0, payload(4));
    const done = await create(server, 3);
    await patch(done, 0, payload(3));
    const { checksum } = (await (await finalize(server, done, 'b.mp4')).json()) as { checksum: string };
    const { uploads } = (await (await fetch(`${server.url}/page/uploads`)).json()) as { uploads: object[] };
    expect(uploads).toEqual([
      {
        id: idOf(done),
        name: 'b.mp4',
        offsetBytes: 3,
        lengthBytes: 3,
        sha256: checksum.slice(7),
        isFinished: true,
        isVideo: true,
      },
      { id: idOf(begun), name: 'a.mp4', offsetBytes: 4, lengthBytes: 10, isFinished: false, isVideo: true },
    ]);
    expect((await fetch(`${server.url}/page/files/${idOf(begun)}`)).status).toBe(404);
    expect((await fetch(`${server.url}/page/checksum/${idOf(begun)}`)).status).toBe(404);
    const part = await fetch(`${server.url}/page/files/${idOf(done)}`, { headers: { Range: 'bytes=1-1' } });
    expect([part.status, part.headers.get('content-type')]).toEqual([206, 'video/mp4']);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(payload(3).subarray(1, 2));
  });

  it('serves nothing that a browser would run', async () => {
    const server = await subject({ page: true });
    const url = await create(server, 3);
    await patch(url, 0, payload(3));
    await finalize(server, url, 'evil.html');
    const { headers } = await fetch(`${server.url}/page/files/${idOf(url)}`);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toBe('attachment');
    expect(headers.get('content-security-policy')).toBe('sandbox');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('asks for the token wherever uploads are told of', async () => {
    const token = 'token-of-the-page';
    const server = await subject({ page: true, token });
    const headers = { 'X-Upload-Token': token };
    const url = await create(server, 3, headers);
    await patch(url, 0, payload(3), headers);
    const id = idOf(url);
    expect(await (await fetch(`${server.url}/page/facts`)).json()).toMatchObject({ asksForToken: true });
    for (const path of [
      '/page/uploads',
      `/page/checksum/${id}`,
      `/page/files/${id}`,
      `/page/files/${id}?token=x`,
    ]) {
      expect((await fetch(server.url + path)).status, path).toBe(401);
    }
    expect((await fetch(`${server.url}/page/uploads`, { headers })).status).toBe(200);
    expect((await fetch(`${server.url}/page/files/${id}?token=${token}`)).status).toBe(200);
  });
});

describe('other origins', () => {
  const origin = 'https://app.example.org';
  const preflight = { Origin: origin, 'Access-Control-Request-Method': 'PATCH' };

  it('are told nothing by default', async () => {
    const server = await subject();
    const answer = await fetch(`${server.url}/uploads`, { method: 'OPTIONS', headers: preflight });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('may upload where one is allowed, and no other may', async () => {
    const server = await subject({ corsOrigin: origin });
    const asked = await fetch(`${server.url}/uploads`, { method: 'OPTIONS', headers: preflight });
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    expect(asked.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(asked.headers.get('access-control-allow-headers')).toContain('Upload-Offset');
    const creation = { method: 'POST', headers: { ...tus, 'Upload-Length': '3', Origin: origin } };
    const made = await fetch(`${server.url}/uploads`, creation);
    expect(made.headers.get('access-control-allow-origin')).toBe(origin);
    expect(made.headers.get('access-control-expose-headers')).toContain('Location');
    expect(made.headers.has('access-control-allow-credentials')).toBe(false);
    const other = await fetch(`${server.url}/uploads`, {
      ...creation,
      headers: { ...creation.headers, Origin: 'https://evil.example' },
    });
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
    expect(other.headers.get('vary')).toBe('Origin');
  });

  const anyId = '11111111-2222-4333-8444-555555555555';
  const resources = [
    ['pulse', '/uploads/finalize', 'POST', 'content-type'],
    ['pulse', '/health', 'GET', 'x-upload-token'],
    ['pulse-v1', `/artifacts/${anyId}`, 'DELETE', 'authorization'],
    ['pulse-v1', '/capabilities', 'GET', 'authorization'],
    ['tus', `/files/${anyId}`, 'PATCH', 'upload-offset'],
  ] as const;

  it.each(resources)('under %s may send %s what its browser asks for first', async (...asked) => {
    const [protocol, path, method, header] = asked;
    const { port } = await subject({ protocol, corsOrigin: origin, token: 'token-of-the-page' });
    const ask = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${port}${path}`, { method: 'OPTIONS', headers });
    const { status, headers } = await ask({
      ...preflight,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': header,
    });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    expect(headers.get('access-control-allow-methods')?.split(', ')).toContain(method);
    expect(headers.get('access-control-allow-headers')?.toLowerCase().split(', ')).toContain(header);
  });

  it('change nothing about OPTIONS where it is no preflight of theirs', async () => {
    const ask = async (
      server: { url: string },
      headers: Record<string, string>,
      path = '/uploads/finalize',
    ) => (await fetch(server.url + path, { method: 'OPTIONS', headers })).status;
    const closed = await subject();
    expect(await ask(closed, preflight)).toBe(405);
    const open = await subject({ corsOrigin: origin });
    expect(await ask(open, {})).toBe(405);
    expect(await ask(open, { Origin: origin })).toBe(405);
    expect(await ask(open, { ...preflight, Origin: 'https://evil.example' })).toBe(405);
    expect(await ask(open, preflight, '/elsewhere')).toBe(404);
    expect(await ask(await subject({ corsOrigin: '*' }), preflight)).toBe(204);
  });
});
