import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../fixtures/proxies/fault.ts';
import type { WireRequest } from '../../src/protocol/wire.ts';
import { checksum } from '../../src/server/extensions/checksum.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import { type Reply, refusal } from '../../src/server/http/exchange.ts';
import type { Filter } from '../../src/server/parts.ts';
import type { ServerSettings } from '../../src/server/server.ts';
import type { Tools } from '../../src/upload/settings.ts';
import { MIB, plainTus, startBench } from './harness.ts';
import { type ReferenceBench, startReferenceBench } from './reference.ts';

const tus = { protocol: 'tus' } as const;
const withAll = (more: Partial<ServerSettings> = {}) =>
  startReferenceBench({ protocol: 'tus', extensions: allExtensions, ...more });
/** Lists checksum and takes every digest for the right one. */
const ignoring = allExtensions.map((each) =>
  each.name === 'checksum' ? checksum({ agrees: () => true }) : each,
);

const answers = (bench: ReferenceBench) =>
  bench.lines().map((line) => line.replace(/^(\S+) .* (\d+)$/, '$1 $2'));

/** Every PATCH as it leaves the client; `change` may damage its body. */
function watching(seen: WireRequest[], change: (body: Buffer, nth: number) => Buffer = (body) => body) {
  return (tools: Tools): Tools => ({
    ...tools,
    send: (request, conditions) => {
      if (request.method !== 'PATCH') return tools.send(request, conditions);
      seen.push({ ...request, body: (request.body ?? []).map((part) => Buffer.from(part)) });
      const body = change(Buffer.concat(request.body ?? []), seen.length);
      return tools.send({ ...request, body: [body] }, conditions);
    },
  });
}

function flipped(body: Buffer): Buffer {
  body[0] = (body[0] ?? 0) ^ 1;
  return body;
}

async function expectStored(bench: ReferenceBench, file: string): Promise<void> {
  expect((await bench.stored('video.mp4')).equals(await readFile(file))).toBe(true);
}

describe('checksums of chunks', () => {
  it('prove nothing of an empty file, of which there is no chunk', async () => {
    const bench = await withAll();
    const empty = await bench.file(0, 'empty.mp4');
    expect((await bench.upload(empty, tus)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([
      { sizeBytes: 0, proven: false, reason: 'it is empty, so that no chunk was compared' },
    ]);
    expect((await bench.upload(empty, { ...tus, readBack: true, requireProof: true })).exitCode).toBe(0);
    expect(bench.of('upload.done').at(-1)).toMatchObject({ proven: true, proof: 'read-back' });
  });

  it('and what is read back prove it also without a finalize, of which tus has none', async () => {
    const bench = await withAll();
    const file = await bench.file(10);
    expect((await bench.upload(file, { ...tus, finalize: false })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'checksum' }]);
    const other = await bench.file(10, 'other.mp4');
    await bench.upload(other, { ...tus, finalize: false, readBack: true });
    expect(bench.of('upload.done').at(-1)).toMatchObject({ proven: true, proof: 'read-back' });
  });

  it('go with every chunk, are those of exactly its bytes, and prove the upload', async () => {
    const bench = await withAll();
    const file = await bench.file(2 * MIB + 7);
    const seen: WireRequest[] = [];
    expect((await bench.upload(file, { ...tus, requireProof: true }, watching(seen))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'checksum' }]);
    expect(answers(bench)).toEqual([
      'OPTIONS 204',
      'POST 201',
      'HEAD 200',
      // One byte with the checksum of another: whoever refuses it compares.
      'PATCH 460',
      'HEAD 200',
      'PATCH 204',
      'PATCH 204',
      'PATCH 204',
      'HEAD 200',
    ]);
    const sums = seen.map(({ headers, body = [] }) => [
      headers['Upload-Checksum'],
      `sha256 ${createHash('sha256').update(Buffer.concat(body)).digest('base64')}`,
    ]);
    expect(sums.map(([sent, right]) => sent === right)).toEqual([false, true, true, true]);
    await expectStored(bench, file);
  });

  it('are looked at once a run, not once a file', async () => {
    const bench = await withAll();
    await bench.upload([await bench.file(10, 'a.mp4'), await bench.file(10, 'b.mp4')], tus);
    expect(bench.of('upload.done').map(({ proof }) => proof)).toEqual(['checksum', 'checksum']);
    expect(answers(bench).filter((line) => line === 'PATCH 460')).toHaveLength(1);
  });

  it('show nothing without HEAD, and keep nothing from arriving', async () => {
    const bench = await withAll();
    bench.proxy.setFaults([{ on: { method: 'HEAD', times: 99 }, do: 'answer', status: 405 }]);
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false, retries: 0 }]);
    await expectStored(bench, file);
  });

  it('find a chunk that was damaged on its way, which is sent once more', async () => {
    const bench = await withAll();
    const file = await bench.file(3 * MIB);
    const damaging = watching([], (body, nth) => (nth === 3 ? flipped(body) : body));
    expect((await bench.upload(file, tus, damaging)).exitCode).toBe(0);
    expect(bench.of('upload.retry')).toMatchObject([{ reason: expect.stringMatching(/answered 460/) }]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, retries: 1 }]);
    await expectStored(bench, file);
  });

  it('end a line that damages everything in exit 7, after every retry', async () => {
    const bench = await withAll();
    const damaging = watching([], (body, nth) => (nth > 2 ? flipped(body) : body));
    expect((await bench.upload(await bench.file(3 * MIB), { ...tus, retries: 2 }, damaging)).exitCode).toBe(
      7,
    );
    expect(answers(bench).filter((line) => line === 'PATCH 460')).toHaveLength(1 + 3);
    expect(bench.of('upload.failed')).toMatchObject([
      { kind: 'integrity', message: expect.stringMatching(/received other bytes than those of the sha256/) },
    ]);
  });

  it('take 417 for 460, as rustus means it', async () => {
    const bench = await withAll({
      behaviour: {
        filter: async (_, next) => {
          const reply = await next();
          return reply.status === 460 ? { ...reply, status: 417 } : reply;
        },
      },
    });
    const damaging = watching([], (body, nth) => (nth === 2 ? flipped(body) : body));
    expect((await bench.upload(await bench.file(2 * MIB), tus, damaging)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, retries: 1 }]);
  });

  it('are those of smaller chunks after 413, and of what a line took', async () => {
    const bench = await withAll();
    bench.proxy.setFaults([
      { on: { method: 'PATCH' }, do: 'limit-body', bytes: 300_000 },
      { on: { method: 'PATCH', nth: 6 }, do: 'take-part', share: 0.5 },
      { on: { method: 'PATCH', nth: 8 }, do: 'cut-request', afterBodyBytes: 100_000, by: 'rst' },
    ]);
    const file = await bench.file(2 * MIB + 1);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'checksum' }]);
    await expectStored(bench, file);
  });
});

describe('checksums prove nothing', () => {
  const unproven = async (bench: ReferenceBench, reason: RegExp) => {
    expect(bench.of('upload.failed')).toEqual([]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false, reason: expect.stringMatching(reason) }]);
    expect(bench.of('upload.done')[0]).not.toHaveProperty('proof');
  };

  it('where the server lists them and does not compare: the file is whole all the same', async () => {
    const bench = await withAll({ extensions: ignoring });
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    await unproven(bench, /takes a chunk whose checksum is wrong/);
    await expectStored(bench, file);
    expect((await bench.upload(file, { ...tus, requireProof: true })).exitCode).toBe(8);
  });

  it('where it answers 460, and keeps what it refused', async () => {
    const keeping: Filter = async (exchange, next) => {
      const { 'upload-checksum': _, ...headers } = exchange.request.headers;
      const isFirst = exchange.request.headers['upload-offset'] === '0';
      if (!isFirst) return next();
      await next({ request: { ...exchange.request, headers } });
      return refusal(460, 'refused, and kept');
    };
    const bench = await withAll({ behaviour: { filter: keeping } });
    const file = await bench.file(MIB);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    await unproven(bench, /takes a chunk whose checksum is wrong/);
    await expectStored(bench, file);
  });

  it('after an answer was lost', async () => {
    const bench = await withAll();
    bench.proxy.setFaults([{ on: { method: 'PATCH', nth: 3 }, do: 'swallow-response', by: 'rst' }]);
    await bench.upload(await bench.file(3 * MIB), tus);
    await unproven(bench, /^the answer to a chunk was lost/);
  });

  it('of a first part that an earlier run sent without', async () => {
    const bench = await withAll();
    const file = await bench.file(3 * MIB);
    bench.proxy.setFaults([{ on: { method: 'PATCH', nth: 2, times: 9 }, do: 'answer', status: 500 }]);
    expect((await bench.upload(file, { ...tus, checksum: 'none', retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    bench.events.length = 0;
    await bench.upload(file, tus);
    await unproven(bench, /^the bytes that were there already are not known/);
  });

  it('when they are too short, or not wanted', async () => {
    const bench = await withAll();
    await bench.upload(await bench.file(10, 'a.mp4'), { ...tus, checksum: 'crc32' });
    await unproven(bench, /^crc32 is too short/);
    await bench.upload(await bench.file(10, 'b.mp4'), { ...tus, checksum: 'none' });
    expect(bench.of('upload.done')[1]).toMatchObject({ proven: false, reason: 'no checksums were sent' });
    expect(answers(bench).filter((line) => line.startsWith('PATCH'))).toEqual(['PATCH 204', 'PATCH 204']);
  });
});

describe('a server that takes a wrong checksum ill', () => {
  const on460 =
    (change: (reply: Reply) => Reply): Filter =>
    async (_, next) => {
      const reply = await next();
      return reply.status === 460 ? change(reply) : reply;
    };

  it.each([500, 422, 403])(
    'and answers %i gets the file all the same, without a try spent',
    async (status) => {
      const bench = await withAll({ behaviour: { filter: on460((reply) => ({ ...reply, status })) } });
      const file = await bench.file(4 * MIB);
      expect((await bench.upload(file, { ...tus, retries: 0 })).exitCode).toBe(0);
      expect(bench.of('upload.done')).toMatchObject([
        { proven: false, reason: 'the server was not seen to compare checksums', retries: 0 },
      ]);
      // It is asked twice, and not with every chunk.
      expect(answers(bench).filter((line) => line === `PATCH ${status}`)).toHaveLength(2);
      await expectStored(bench, file);
    },
  );

  it('and drops the upload gets it once more, proven', async () => {
    const dropping: Filter = async (exchange, next, parts) => {
      const reply = await next();
      const upload = await parts.uploads.find(exchange.request.path.split('/').at(-1) ?? '');
      if (reply.status === 460 && upload !== undefined) await parts.uploads.remove(upload);
      return reply;
    };
    const bench = await withAll({ behaviour: { filter: dropping } });
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(bench.of('upload.created')).toHaveLength(2);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'checksum' }]);
    await expectStored(bench, file);
  });

  it('and cuts the connection gets the file all the same', async () => {
    const bench = await withAll();
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 1 }, do: 'cut-request', afterBodyBytes: 0, by: 'rst' },
    ]);
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, { ...tus, retries: 0 })).exitCode).toBe(0);
    // The second try shows it.
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, retries: 0 }]);
    await expectStored(bench, file);
  });
});

describe('checksums of an upload that is resumed', () => {
  it('prove it where every byte before was sent with them', async () => {
    const bench = await withAll();
    const file = await bench.file(4 * MIB);
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 4, times: 9 }, do: 'cut-request', afterBodyBytes: 1, by: 'rst' },
    ]);
    expect((await bench.upload(file, { ...tus, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toMatchObject([{ offsetBytes: 2 * MIB }]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'checksum' }]);
    await expectStored(bench, file);
  });

  it('prove it after an interruption, which knows exactly how far it came', async () => {
    const bench = await withAll();
    const file = await bench.file(4 * MIB);
    const stop = new AbortController();
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 4 }, do: 'meanwhile', run: async () => stop.abort() },
    ]);
    const stoppable = (tools: Tools) => ({ ...tools, signal: stop.signal });
    expect((await bench.upload(file, tus, stoppable)).exitCode).toBe(130);
    bench.proxy.setFaults([]);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toMatchObject([{ offsetBytes: 2 * MIB }]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'checksum' }]);
  });

  it('prove nothing of chunks that went without, since the server had refused one', async () => {
    const bench = await withAll();
    const file = await bench.file(5 * MIB);
    // The first PATCH shows that the server compares; after the third none is sent with a checksum.
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 3 }, do: 'answer', after: 'body', status: 400 },
      { on: { method: 'PATCH', nth: 6, times: 9 }, do: 'answer', status: 500 },
    ]);
    expect((await bench.upload(file, { ...tus, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toMatchObject([{ offsetBytes: 3 * MIB }]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
  });

  it('prove nothing of bytes that the server lost, and that were sent again without', async () => {
    const bench = await withAll();
    const file = await bench.file(3 * MIB);
    const cutShort = (nth: number, head: number): readonly Fault[] => [
      { on: { method: 'PATCH', nth: nth + 1, times: 9 }, do: 'answer', status: 500 },
      { on: { method: 'HEAD', nth: head, times: 9 }, do: 'answer', status: 500 },
    ];
    // The first PATCH shows whether the server compares; the third is acknowledged, and never stored.
    bench.proxy.setFaults([
      {
        on: { method: 'PATCH', nth: 3 },
        do: 'answer',
        after: 'body',
        status: 204,
        headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': String(2 * MIB) },
      },
      ...cutShort(3, 3),
    ]);
    expect((await bench.upload(file, { ...tus, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults(cutShort(1, 2));
    expect((await bench.upload(file, { ...tus, checksum: 'none', retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(bench.of('upload.resumed').map(({ offsetBytes }) => offsetBytes)).toEqual([MIB, 2 * MIB]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
  });

  it.each([
    ['before', 0, 1],
    ['while', 2 * MIB, 2],
  ])(
    'prove nothing of bytes that were lost %s a run sent them again without, and wrote down no prefix',
    async (_, saidBytes, again) => {
      const bench = await withAll();
      const file = await bench.file(3 * MIB);
      const acknowledged = (nth: number, offsetBytes: number): Fault => ({
        on: { method: 'PATCH', nth },
        do: 'answer',
        after: 'body',
        status: 204,
        headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': String(offsetBytes) },
      });
      const headDown = (nth: number): Fault => ({
        on: { method: 'HEAD', nth, times: 9 },
        do: 'answer',
        status: 500,
      });
      bench.proxy.setFaults([
        acknowledged(2, MIB),
        acknowledged(3, 2 * MIB),
        { on: { method: 'PATCH', nth: 4 }, do: 'answer', status: 500 },
        headDown(3),
      ]);
      expect((await bench.upload(file, { ...tus, retries: 0 })).exitCode).toBe(4);
      // Of its only chunk nobody says that it was stored: there is no prefix to write down.
      bench.proxy.setFaults([
        {
          on: { method: 'HEAD', nth: 1 },
          do: 'alter-response',
          headers: { 'Upload-Offset': String(saidBytes) },
        },
        { on: { method: 'PATCH', nth: again }, do: 'swallow-response', by: 'rst' },
        headDown(again + 1),
      ]);
      const without = { ...tus, checksum: 'none', retries: again - 1 } as const;
      expect((await bench.upload(file, without)).exitCode).toBe(4);
      bench.proxy.setFaults([]);
      expect((await bench.upload(file, tus)).exitCode).toBe(0);
      expect(bench.of('upload.resumed').map(({ offsetBytes }) => offsetBytes)).toEqual([saidBytes, MIB]);
      expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
    },
  );

  it('prove nothing where the server has more than is known to have been compared', async () => {
    const bench = await withAll();
    const file = await bench.file(4 * MIB);
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 4, times: 1 }, do: 'swallow-response', by: 'rst' },
      { on: { method: 'HEAD', nth: 3, times: 9 }, do: 'answer', status: 500 },
    ]);
    expect((await bench.upload(file, { ...tus, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    await bench.upload(file, tus);
    expect(bench.of('upload.resumed')).toMatchObject([{ offsetBytes: 3 * MIB }]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
  });
});

describe('an algorithm', () => {
  const listing = {
    'Tus-Version': '1.0.0',
    'Tus-Extension': 'creation,checksum',
    'Tus-Checksum-Algorithm': 'sha1,md5',
  };

  it('that the server does not list is exit 5, and nothing is sent', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    const file = await bench.file(10);
    expect((await bench.upload(file, { ...tus, checksum: 'sha1' })).exitCode).toBe(5);
    expect(answers(bench)).toEqual(['OPTIONS 204']);
  });

  it('that it refuses although it lists it is an error that names the others, where the user named it', async () => {
    const bench = await startBench();
    bench.server.script.OPTIONS = [{ answer: 204, headers: listing }];
    bench.server.script.PATCH = [{ answer: 400, body: 'unsupported algorithm' }];
    const outcome = await bench.upload(await bench.file(10), { ...plainTus(bench), checksum: 'sha1' });
    expect(outcome.exitCode).toBe(5);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        message: expect.stringMatching(/answered 400: unsupported algorithm/),
        hint: expect.stringMatching(/lists sha1, md5/),
      },
    ]);
  });

  it('that it refuses is left out, where nobody asked for it', async () => {
    const bench = await startBench();
    bench.server.script.OPTIONS = [{ answer: 204, headers: listing }];
    bench.server.script.PATCH = [{ answer: 400, body: 'unsupported algorithm' }];
    expect((await bench.upload(await bench.file(2 * MIB), plainTus(bench))).exitCode).toBe(0);
    const sums = bench.server.seen
      .filter(({ method }) => method === 'PATCH')
      .map(({ headers }) => headers['upload-checksum']?.slice(0, 5));
    expect(sums).toEqual(['sha1 ', undefined, undefined]);
    expect(bench.of('upload.warning')).toMatchObject([
      { message: expect.stringMatching(/going on without/) },
    ]);
    expect(bench.of('upload.done')).toMatchObject([
      { proven: false, reason: 'the server refuses the checksums that it lists' },
    ]);
  });

  it('that was left out says nothing of the last chunk: 417 to it is no success, in no run', async () => {
    const bench = await startBench();
    bench.server.script.OPTIONS = [{ answer: 204, headers: listing }];
    bench.server.script.PATCH = [{ answer: 400 }, { first: () => {} }, { status: 417 }];
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(5);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
    expect(bench.of('upload.done')).toEqual([]);
  });
});
