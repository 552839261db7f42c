import { describe, expect, it } from 'vitest';
import { receive } from '../../src/server/http/receive.ts';
import type { Behaviour } from '../../src/server/server.ts';
import { freshHold } from '../../src/server/store/hold.ts';
import {
  create,
  finalize,
  head,
  offsetBecomes,
  offsetOf,
  patch,
  patchHead,
  payload,
  provenAnswer,
  subject,
  wireTo,
} from './harness.ts';

/** Each seam carries at least one defect or variation of the kind that it is there for. */
describe('a behaviour', () => {
  it('replaces one rule and leaves the others, also those that read with it', async () => {
    const server = await subject({
      behaviour: { rules: { parse: { offset: (text) => Number.parseInt(text ?? '', 10) } } },
    });
    const url = await create(server, 10);
    expect((await patch(url, '0abc', payload(2))).status).toBe(204);
    expect((await patch(url, '1.5', payload(2))).status).toBe(409);
    const careless = await subject({
      behaviour: { rules: { patchHeld: { offsetMatches: () => undefined } } },
    });
    const other = await create(careless, 10);
    expect((await patch(other, 7, payload(2))).status).toBe(204);
    expect((await patch(other, 'x', payload(2))).status).toBe(400);
  });

  it('replaces one answer', async () => {
    const server = await subject({ behaviour: { answers: { common: () => ({}) } } });
    const answer = await head(await create(server, 10));
    expect(answer.headers.has('cache-control')).toBe(false);
    expect(answer.headers.get('upload-length')).toBe('10');
  });

  it('changes requests and answers on their way, or writes the answer itself', async () => {
    const filter: Behaviour['filter'] = async ({ request, outgoing }, next) => {
      if (request.path === '/raw') {
        outgoing.socket?.write('HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n');
        outgoing.destroy();
      }
      const reply = await next({ request: { ...request, path: request.path.replace('/prefix', '') } });
      const headers = Object.fromEntries(
        Object.entries(reply.headers ?? {}).map(([name, value]) => [name.toUpperCase(), value]),
      );
      return reply.status === 404 ? { status: 410 } : { ...reply, headers };
    };
    const server = await subject({ behaviour: { filter } });
    expect((await fetch(`${server.url}/prefix/health`)).status).toBe(200);
    expect((await fetch(`${server.url}/other`)).status).toBe(410);
    const wire = await wireTo(server);
    await wire.send('GET /health HTTP/1.1\r\nHost: t\r\n\r\n');
    expect(await wire.received(/OK/)).toContain('CONTENT-TYPE: application/json');
    await wire.send('GET /raw HTTP/1.1\r\nHost: t\r\n\r\n');
    expect(await wire.received(/ 299 /)).toMatch(/OK"\}HTTP\/1\.1 299 Odd/);
  });

  it('may acknowledge fewer bytes than came, and lose bytes of a broken connection', async () => {
    const server = await subject({
      behaviour: {
        async receive(job) {
          const ending = await receive({ ...job, roomBytes: Math.min(job.roomBytes, 4) });
          return ending.kind === 'overrun' ? { kind: 'whole' } : ending;
        },
      },
    });
    const url = await create(server, 10);
    expect((await patch(url, 0, payload(10))).headers.get('upload-offset')).toBe('4');
    expect((await patch(url, 4, payload(10).subarray(4))).headers.get('upload-offset')).toBe('8');
  });

  it('may count what a broken connection stored as never stored: then the appended bytes are there twice', async () => {
    const server = await subject({
      behaviour: {
        async receive(job) {
          const before = job.upload.offsetBytes;
          const ending = await receive(job);
          if (ending.kind === 'cut') job.upload.offsetBytes = before;
          return ending;
        },
        store(store) {
          let endBytes = 0;
          return {
            ...store,
            async write(id) {
              const writer = await store.write(id);
              return {
                ...writer,
                async write(pieces) {
                  const written = await writer.write(pieces, endBytes);
                  endBytes += written;
                  return written;
                },
              };
            },
          };
        },
      },
    });
    const bytes = payload(10);
    const url = await create(server, 10);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': 10 }));
    await wire.send(bytes.subarray(0, 4));
    await offsetBecomes(url, 4);
    wire.socket.destroy();
    await offsetBecomes(url, 0);
    expect((await patch(url, 0, bytes)).status).toBe(204);
    const stored = Buffer.concat([bytes.subarray(0, 4), bytes]);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, stored));
  });

  it('may forget the lock', async () => {
    const server = await subject({ behaviour: { takeHold: async () => freshHold() } });
    const url = await create(server, 10);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': 5 }));
    await wire.send('12');
    await offsetBecomes(url, 2);
    expect((await patch(url, 2, payload(2))).status).toBe(204);
    await wire.send('345');
    await wire.received(/ 204 /);
    expect(await offsetOf(url)).toBe(7);
  });

  it('may hand out other ids and places', async () => {
    let count = 0;
    const server = await subject({
      behaviour: {
        newId: () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`,
        locate: (id, { headers }) => `http://${headers.host}/uploads/${id}`,
      },
    });
    expect(await create(server, 0)).toBe(`${server.url}/uploads/00000000-0000-4000-8000-000000000001`);
    expect((await head(await create(server, 0))).status).toBe(200);
  });

  it('may treat connections badly', async () => {
    const server = await subject({ behaviour: { connection: (socket) => socket.destroy() } });
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });
});
