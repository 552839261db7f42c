import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/verify/clock.ts';
import { form } from '../../src/verify/probe/form.ts';
import { createPatience } from '../../src/verify/probe/patience.ts';
import type { Exchange } from '../../src/verify/recording.ts';
import { clock } from '../proof/run.ts';
import { httpServer, hurriedClock, probeAt, rawServer, standStill, stopAll } from './probes.ts';

afterEach(stopAll);

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
/** Answers every request that ends with an empty line or a last chunk. */
const answering =
  (answer = OK) =>
  (socket: Socket) =>
    socket.on('data', () => socket.write(answer));

describe('the bytes of a request', () => {
  const sent = async (
    ...[method, options]: [string, Parameters<ReturnType<typeof probeAt>['probe']['request']>[2]]
  ) => {
    const { origin, received } = await rawServer(answering());
    await probeAt(origin).probe.request(method, `${origin}/a?b=c`, options);
    return received().replace(origin.replace('http://', ''), 'HOST');
  };

  it('are a plain HTTP/1.1 request where nothing else is said', async () => {
    expect(await sent('GET', {})).toBe(
      'GET /a?b=c HTTP/1.1\r\nHost: HOST\r\nUser-Agent: pulse-upload-verify\r\n\r\n',
    );
    expect(await sent('POST', {})).toContain('\r\nContent-Length: 0\r\n\r\n');
    expect(await sent('PATCH', { body: 'hé' })).toMatch(/\r\nContent-Length: 3\r\n\r\nh/);
  });

  it('are exactly what the options say, right or wrong', async () => {
    const headers = {
      host: undefined,
      'content-LENGTH': ['5', '6'],
      'Upload-Offset': '  0 ',
      'X-é': Buffer.from('é').toString('latin1'),
    };
    const bytes = await sent('BREW', { headers, target: '/%zz', version: '1.0', body: 'hello' });
    expect(bytes).toBe(
      'BREW /%zz HTTP/1.0\r\nUser-Agent: pulse-upload-verify\r\ncontent-LENGTH: 5\r\ncontent-LENGTH: 6\r\n' +
        'Upload-Offset:   0 \r\nX-é: Ã©\r\n\r\nhello',
    );
  });

  it('come in chunks of the sizes asked for', async () => {
    expect(await sent('PATCH', { chunked: [1, 3], body: '12345678' })).toMatch(
      /Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n3\r\n234\r\n3\r\n567\r\n1\r\n8\r\n0\r\n\r\n$/,
    );
    expect(await sent('POST', { chunked: [5], body: '' })).toMatch(/chunked\r\n\r\n0\r\n\r\n$/);
  });

  it('can be a form', async () => {
    const { body, type } = form([
      { name: 'chunk', filename: 'c', bytes: 'data' },
      { name: 'x', bytes: 'y' },
    ]);
    const bytes = await sent('PATCH', { body, headers: { 'Content-Type': type } });
    expect(bytes.slice(bytes.indexOf('\r\n\r\n') + 4).split('\r\n')).toEqual([
      '--pulse-verify-7MA4YWxkTrZu0gW',
      'Content-Disposition: form-data; name="chunk"; filename="c"',
      'Content-Type: application/octet-stream',
      '',
      'data',
      '--pulse-verify-7MA4YWxkTrZu0gW',
      'Content-Disposition: form-data; name="x"',
      '',
      'y',
      '--pulse-verify-7MA4YWxkTrZu0gW--',
      '',
    ]);
  });
});

describe('what an exchange records', () => {
  it('is what was sent, what came back, and when', async () => {
    const { origin } = await rawServer(
      answering(
        'HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 409 Conflict\r\nX-a: 1\r\nContent-Length: 4\r\n\r\nbusy',
      ),
    );
    const { probe } = probeAt(origin);
    const file = probe.payload(100);
    const exchange = await probe.request('PATCH', `${origin}/x`, { body: ['head', file.part(10, 20)] });
    expect(exchange).toMatchObject({
      n: 1,
      connection: 1,
      sent: {
        method: 'PATCH',
        writtenBytes: 14,
        body: { sizeBytes: 14, parts: [{ payload: file.record, from: 10, to: 20, atBytes: 4 }] },
      },
      answer: {
        status: 409,
        reason: 'Conflict',
        headers: [
          ['X-a', '1'],
          ['Content-Length', '4'],
        ],
        interim: [{ status: 103, reason: 'Hints', headers: [['Link', 'x']] }],
        body: { sizeBytes: 4, text: 'busy' },
      },
    });
    expect(exchange.startedMs).toBeLessThanOrEqual(exchange.sentMs);
    expect(exchange.endedMs).toBeGreaterThanOrEqual(exchange.firstByteMs ?? Number.NaN);
  });

  it('survives JSON unchanged', async () => {
    const { origin } = await rawServer(answering());
    const { probe } = probeAt(origin);
    await probe.request('PATCH', `${origin}/x`, { body: probe.payload(10).part(0, 10) });
    expect(JSON.parse(JSON.stringify(probe.exchanges))).toEqual(probe.exchanges);
  });

  it('is no answer, and why', async () => {
    const { origin } = await rawServer((socket) => void socket.end('SSH-2.0'));
    const exchange = await probeAt(origin).probe.request('GET', origin);
    expect(exchange.answer).toBeUndefined();
    expect(exchange.broken).toMatchObject({ cause: 'not-http', received: 'SSH-2.0' });
  });

  it('is no connection, and why', async () => {
    const origin = 'http://127.0.0.1:1';
    expect(await probeAt(origin).probe.request('GET', origin)).toMatchObject({
      sent: { writtenBytes: 0 },
      broken: { cause: 'refused' },
    });
  });
});

describe('a secret', () => {
  const tokens = { owner: 'top-secret-token' };

  it('goes to the named origin only, under the name of the protocol', async () => {
    const [here, elsewhere] = [await rawServer(answering()), await rawServer(answering())];
    await probeAt(here.origin, {}, { tokens }).probe.request('GET', here.origin);
    await probeAt(here.origin, { protocol: 'tus' }, { tokens }).probe.request('GET', here.origin);
    await probeAt(here.origin, {}, { tokens, headers: { 'X-Mine': '1' } }).probe.request(
      'GET',
      elsewhere.origin,
    );
    expect(here.received()).toContain('X-Upload-Token: top-secret-token');
    expect(here.received()).toContain('Authorization: Bearer top-secret-token');
    expect(elsewhere.received()).not.toMatch(/secret|X-Mine/);
  });

  it('is left out for nobody, also where it stands in a header of the user', async () => {
    const { origin, received } = await rawServer(answering());
    const headers = { Cookie: 'session=12345678', 'X-Env': 'test' };
    await probeAt(origin, {}, { tokens, headers }).probe.request('GET', origin, { as: 'nobody' });
    expect(received()).toContain('X-Env: test');
    expect(received()).not.toMatch(/secret|session/);
  });

  it('stands in no recording, also where the server repeats it', async () => {
    const echo = Buffer.from(tokens.owner).toString('base64');
    const { origin } = await rawServer(
      answering(
        `HTTP/1.1 200 Hi-top-secret-token\r\nX: top-secret-token\r\nContent-Length: 24\r\n\r\n${echo}`,
      ),
    );
    const { probe } = probeAt(origin, {}, { tokens });
    await probe.request('POST', `${origin}/top-secret-token`, { body: '{"token":"top-secret-token"}' });
    const recorded = JSON.stringify(probe.exchanges);
    expect(recorded).not.toContain('top-secret-token');
    expect(recorded).not.toContain(echo);
    expect(recorded).toContain('<token>');
  });
});

describe('a connection', () => {
  it('is used again for the next request of a scenario', async () => {
    const { origin } = await rawServer(answering());
    const { probe } = probeAt(origin);
    for (let round = 0; round < 3; round++) await probe.request('GET', origin);
    expect(probe.exchanges.map(({ connection }) => connection)).toEqual([1, 1, 1]);
  });

  it.each([
    ['says Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'],
    ['speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['sends stray bytes behind the answer', `${OK}stray`],
  ])('is not used again where the server %s', async (_what, answer) => {
    const { origin } = await rawServer(answering(answer));
    const { probe } = probeAt(origin);
    for (let round = 0; round < 3; round++) await probe.request('GET', origin);
    expect(probe.exchanges.map(({ connection }) => connection)).toEqual([1, 2, 3]);
    expect(probe.exchanges.every(({ answer: got }) => got?.status === 200)).toBe(true);
  });

  it('that ended while nobody used it is replaced, and the request repeated', async () => {
    let connections = 0;
    const { origin } = await rawServer((socket) => {
      const isFirst = ++connections === 1;
      let requests = 0;
      socket.on('data', () => {
        if (isFirst && ++requests === 2) socket.resetAndDestroy();
        else socket.write(OK);
      });
    });
    const { probe } = probeAt(origin);
    await probe.request('GET', origin);
    const second = await probe.request('PATCH', origin, { body: 'x' });
    expect(second).toMatchObject({ n: 3, connection: 2, answer: { status: 200 } });
    expect(probe.exchanges[1]).toMatchObject({ repeated: true, broken: { cause: 'reset' } });
  });

  it('that breaks on a fresh connection is not repeated', async () => {
    const { origin } = await rawServer((socket) => socket.on('data', () => socket.resetAndDestroy()));
    const { probe } = probeAt(origin);
    expect((await probe.request('PATCH', origin, { body: 'x' })).broken?.cause).toBe('reset');
    expect(probe.exchanges).toHaveLength(1);
  });

  it('is one of its own for a request that is paced, cut or stalled', async () => {
    const origin = await httpServer((_request, response) => void response.end());
    const { probe } = probeAt(origin);
    await probe.request('GET', origin);
    await probe.request('PATCH', origin, { body: 'xyz', bodyPace: { segmentBytes: 1, pauseMs: 1 } });
    const cut = await probe.request('PATCH', origin, { body: '12345', cut: { afterBytes: 2, by: 'close' } });
    expect(cut).toMatchObject({
      connection: 3,
      sent: { writtenBytes: 2, cut: 'close', body: { sizeBytes: 5 } },
    });
    expect(cut.answer ?? cut.broken).toBeUndefined();
    const stalled = await probe.begin('PATCH', origin, { body: '12345', stallAfterBytes: 2 });
    expect(stalled.exchange.sent.writtenBytes).toBe(2);
    await stalled.sendRest();
    expect(await stalled.answer()).toMatchObject({
      connection: 4,
      answer: { status: 200 },
      sent: { writtenBytes: 5 },
    });
  });

  it('that still waits for the rest of a request is not used again', async () => {
    // Answers the head, keeps the connection, and reads on much later.
    const { origin } = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write(OK);
        socket.pause();
      });
    });
    const { probe } = probeAt(origin);
    const first = await probe.request('PATCH', `${origin}/a`, { body: Buffer.alloc(24 * 1024 * 1024) });
    const next = await probe.request('HEAD', `${origin}/a`);
    expect([first, next].map(({ answer, connection }) => [answer?.status, connection])).toEqual([
      [200, 1],
      [200, 2],
    ]);
  });

  it.each([
    ['is refused', 5, 'HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n'],
    ['is taken in part', 5, 'HTTP/1.1 204 No Content\r\nUpload-Offset: 12\r\n\r\n'],
    ['is taken and nothing said of how much', 0, OK],
  ])(
    'is not used again behind a body that %s: what is unread may be taken for the next request',
    async (_what, offset, answer) => {
      const { origin } = await rawServer(answering(answer));
      const { probe } = probeAt(origin);
      const upload = { url: `${origin}/a`, id: 'a', sizeBytes: 100, filename: 'a', created: {} as Exchange };
      await probe.patch(upload, offset, '12345678');
      await probe.request('HEAD', `${origin}/a`);
      expect(probe.exchanges.map(({ connection }) => connection)).toEqual([1, 2]);
    },
  );

  it('is used again behind a body that was taken, and behind a refusal of none', async () => {
    let requests = 0;
    const { origin } = await rawServer((socket) =>
      socket.on('data', () => {
        const isFirst = requests++ === 0;
        socket.write(
          isFirst
            ? 'HTTP/1.1 204 No Content\r\nUpload-Offset: 13\r\n\r\n'
            : 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
        );
      }),
    );
    const { probe } = probeAt(origin);
    const upload = { url: `${origin}/a`, id: 'a', sizeBytes: 100, filename: 'a', created: {} as Exchange };
    await probe.patch(upload, 5, '12345678');
    await probe.request('DELETE', `${origin}/a`);
    await probe.request('GET', `${origin}/a`);
    expect(probe.exchanges.map(({ connection }) => connection)).toEqual([1, 1, 1]);
  });

  it('that was half-closed may still be answered', async () => {
    const { origin } = await rawServer((socket) =>
      socket.on('end', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')),
    );
    const { probe } = probeAt(origin);
    const cut = await probe.request('PATCH', origin, { body: '12345', cut: { afterBytes: 2, by: 'fin' } });
    expect(cut).toMatchObject({ sent: { cut: 'fin' }, answer: { status: 400 } });
  });

  it('carries several requests at once, whose answers come in order', async () => {
    const { origin } = await rawServer((socket) => {
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes;
        if (text.includes('/b')) socket.write(`${OK}HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n`);
      });
    });
    const { probe } = probeAt(origin);
    const link = await probe.open();
    const first = await link.begin({ method: 'GET', url: new URL(`${origin}/a`) });
    const second = await link.begin({ method: 'GET', url: new URL(`${origin}/b`) });
    expect((await first.answer()).answer?.status).toBe(200);
    expect((await second.answer()).answer?.status).toBe(404);
    link.close();
  });
});

it('a pause lets others go on, though the process stood still in it', async () => {
  const { origin } = await rawServer(() => {});
  const { probe } = probeAt(origin);
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 5);
  const pause = probe.pause(100);
  standStill(200);
  await pause;
  clearInterval(turning);
  expect(turns).toBeGreaterThan(3);
});

it('a scenario that never ends asking is our mistake', async () => {
  const { origin } = await rawServer((socket) => void socket.end());
  const { probe } = probeAt(origin);
  const endless = async () => {
    for (;;) await probe.request('GET', origin);
  };
  await expect(endless()).rejects.toThrow('more than 2000 requests');
});

describe('a server that limits requests', () => {
  /** Puts off so many requests, and takes all others. */
  const limiting = async (
    times: number,
    status: number,
    headers: Record<string, string> = {},
    time: Clock = hurriedClock(),
  ) => {
    let left = times;
    const origin = await httpServer((_, response) => {
      const isPutOff = left-- > 0;
      response.writeHead(isPutOff ? status : 200, isPutOff ? headers : {}).end();
    });
    const { probe } = probeAt(origin, {}, {}, { clock: time });
    const seen = () => probe.exchanges.map(({ answer, repeated }) => [answer?.status, repeated]);
    return { probe, origin, clock: time, seen };
  };

  it.each([
    [429, { 'Retry-After': '7' }, 7000],
    [503, { 'Retry-After': '7' }, 7000],
    [429, {}, 1000],
    [429, { Date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'Retry-After': 'Sun, 06 Nov 1994 08:49:40 GMT' }, 3000],
  ])('with %i and %j is asked again when it wants', async (status, headers, waitedMs) => {
    const { probe, origin, clock: hurried, seen } = await limiting(1, status, headers);
    const startMs = hurried.nowMs();
    expect((await probe.request('GET', `${origin}/a`)).answer?.status).toBe(200);
    expect(seen()).toEqual([
      [status, true],
      [200, undefined],
    ]);
    expect(hurried.nowMs() - startMs).toBe(waitedMs);
  });

  it('with 503 and no time is not asked again: so a proxy answers for a server that is gone', async () => {
    const { probe, origin, seen } = await limiting(1, 503);
    await probe.request('GET', `${origin}/a`);
    expect(seen()).toEqual([[503, undefined]]);
  });

  it('is asked five times, and in the same run not again', async () => {
    const { probe, origin, seen } = await limiting(100, 429);
    expect((await probe.request('GET', `${origin}/a`)).answer?.status).toBe(429);
    await probe.request('GET', `${origin}/a`);
    const again = [429, true];
    expect(seen()).toEqual([again, again, again, again, [429, undefined], [429, undefined]]);
  });

  it.each([
    ['is asked again after a lock was held in vain', 60_000, 5, [429, 429, 200]],
    ['is not asked for a lock that is known never to open', 0, 1, [429, 429, 200]],
  ])('%s', async (_what, busyMs, lockedHeads, expected) => {
    let left = 2;
    const origin = await httpServer((request, response) => {
      if (request.method === 'PATCH') return;
      const isLocked = request.url === '/locked';
      const status = isLocked ? 503 : left-- > 0 ? 429 : 200;
      response.writeHead(status, isLocked ? { 'Retry-After': '1' } : {}).end();
    });
    const { probe } = probeAt(origin, {}, {}, { clock: hurriedClock(), patience: createPatience(busyMs) });
    const body = { body: 'four', cut: { afterBytes: 2, by: 'close' as const } };
    await probe.request('PATCH', `${origin}/locked`, body);
    await probe.request('HEAD', `${origin}/locked`);
    await probe.request('GET', `${origin}/limited`);
    const said = (method: string) =>
      probe.exchanges.filter(({ sent }) => sent.method === method).map(({ answer }) => answer?.status);
    expect(said('HEAD')).toEqual(Array(lockedHeads).fill(503));
    expect(said('GET')).toEqual(expected);
  });

  it('is not waited for where it wants more than half a minute', async () => {
    const { probe, origin, seen } = await limiting(1, 429, { 'Retry-After': '31' });
    await probe.request('GET', `${origin}/a`);
    expect(seen()).toEqual([[429, undefined]]);
  });

  it('is asked once by what is paced, cut or hand-written, and by requests at the same time', async () => {
    const { probe, origin } = await limiting(100, 429, {}, clock);
    const special = [{ target: '/%zz' }, { version: '1.0' as const }, { headPace: { segmentBytes: 100 } }];
    for (const options of special) await probe.request('GET', `${origin}/a`, options);
    await Promise.all([1, 2, 3].map(() => probe.request('GET', `${origin}/a`)));
    expect(probe.exchanges).toHaveLength(6);
  });
});
