import { describe, expect, it, onTestFinished } from 'vitest';
import type { Send } from '../../src/protocol/wire.ts';
import { createTransport } from '../../src/transport/http.ts';
import { MIB, startBench } from './harness.ts';
import { startScriptedServer } from './scripted-server.ts';

const zeros = `sha256:${'0'.repeat(64)}`;

describe('finalize is believed only where it proves something', () => {
  it.each([
    ['another checksum', { checksum: zeros }],
    ['another size', { size: 11 }],
    ['another size as digits', { size: '11' }],
    ['another size and no checksum', { size: 11, checksum: undefined }],
    ['a size that no file has', { size: -1 }],
    ['a size beyond all numbers, as digits', { size: '99999999999999999999' }],
    ['a size below nothing, as text', { size: '-10' }],
    ['half a byte', { size: 10.5, checksum: undefined }],
  ])('%s is exit 7, with both values', async (_, patchJson) => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ patchJson }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(7);
    expect(bench.of('upload.failed')).toMatchObject([
      { message: expect.stringMatching(/holds other bytes.*expected 10 bytes/), resumable: false },
    ]);
    expect(bench.of('upload.done')).toEqual([]);
  });

  it('a checksum in capitals without its prefix is the same checksum', async () => {
    const bench = await startBench();
    const file = await bench.file(Buffer.from('abc'));
    const checksum = 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD';
    bench.server.script.FINALIZE = [{ patchJson: { checksum } }];
    await bench.upload(file);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it('JSON behind a byte order mark is JSON', async () => {
    const bench = await startBench();
    const checksum = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const body = `\ufeff${JSON.stringify({ status: 'complete', size: 3, checksum })}`;
    bench.server.script.FINALIZE = [{ answer: 200, body }];
    expect((await bench.upload(await bench.file(Buffer.from('abc')))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it.each([undefined, 'md5:900150983cd24fb0d6963f7d28e17f72', 42])(
    'without a sha256 (%s) it is done, not proven',
    async (checksum) => {
      const bench = await startBench();
      bench.server.script.FINALIZE = [{ patchJson: { checksum } }];
      expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
      expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
    },
  );

  it('a checksum that is no sha256 is named, since it was not compared', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ patchJson: { checksum: 'sha256:c0ffee' } }];
    await bench.upload(await bench.file(10));
    expect(bench.of('upload.warning')).toMatchObject([
      { message: expect.stringContaining('checksum "sha256:c0ffee"') },
    ]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
  });

  it.each(['{}', '{"error":"disk full"}', '[]'])(
    '%s with status 200 is no answer to finalize: exit 6',
    async (body) => {
      const bench = await startBench();
      bench.server.script.FINALIZE = [{ answer: 200, body }];
      expect((await bench.upload(await bench.file(10))).exitCode).toBe(6);
      expect(bench.of('upload.done')).toEqual([]);
      expect(bench.of('upload.failed')).toMatchObject([{ kind: 'protocol', resumable: true }]);
    },
  );

  it.each(['10', ' 10 ', '10.0', '0010'])('a size written %j is compared, and the same', async (size) => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ patchJson: { size } }];
    await bench.upload(await bench.file(10));
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
    expect(bench.of('upload.warning')).toEqual([]);
  });

  it.each([['10 bytes'], [{ bytes: 10 }], [[10]], [true], ['']])(
    'a size that is no number (%j) is named, since it was not compared',
    async (size) => {
      const bench = await startBench();
      bench.server.script.FINALIZE = [{ patchJson: { size } }];
      expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
      const said = typeof size === 'string' ? size : JSON.stringify(size);
      expect(bench.of('upload.warning')).toMatchObject([
        { message: expect.stringContaining(`size "${said}", expected a number of bytes`) },
      ]);
      expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
    },
  );

  it.each([[[zeros]], [{ sha256: '0' }], [42], ['md5:900150983cd24fb0d6963f7d28e17f72']])(
    'a checksum that cannot be read (%j) is said to have been given',
    async (checksum) => {
      const bench = await startBench();
      const patchJson = { patchJson: { checksum } };
      bench.server.script.FINALIZE = [patchJson, patchJson];
      await bench.upload(await bench.file(10));
      const said = typeof checksum === 'string' ? checksum : JSON.stringify(checksum);
      expect(bench.of('upload.warning')).toMatchObject([
        { message: expect.stringContaining(`checksum "${said}"`) },
      ]);
      const reason = 'the checksum that the server answered is no SHA-256';
      expect(bench.of('upload.done')).toMatchObject([{ proven: false, reason }]);
      await bench.upload(await bench.file(10, 'two.mp4'), { requireProof: true });
      expect(bench.of('upload.failed')).toMatchObject([
        { exitCode: 8, message: expect.stringContaining(reason) },
      ]);
    },
  );

  it.each([
    ['an error beside the rest', { error: 'disk full' }],
    ['an error as an object', { error: { code: 28 }, videoId: null }],
    ['status failed', { status: 'failed' }],
    ['status ERROR and no checksum', { status: 'ERROR', checksum: undefined }],
  ])('%s with status 200 is a refusal: exit 5, and the next run finalizes again', async (_, patchJson) => {
    const bench = await startBench();
    const file = await bench.file(10);
    bench.server.script.FINALIZE = [{ patchJson }, { patchJson }];
    const refusal = {
      kind: 'refused',
      message: expect.stringMatching(/answered 200 but says that it failed: \{/),
      hint: 'ask who runs the server; to finalize once more, run the same command again: it resumes',
    };
    expect((await bench.upload(file)).exitCode).toBe(5);
    expect((await bench.upload(file)).exitCode).toBe(5);
    expect(bench.of('upload.done')).toEqual([]);
    expect(bench.of('upload.failed')).toMatchObject([refusal, refusal]);
    const before = bench.server.seen.length;
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.server.lines().slice(before)).toEqual(['HEAD /uploads/<id>', 'POST /uploads/finalize']);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 0 }]);
  });

  it.each([null, false, 0, '', [], {}])('an error that is none (%j) is none', async (error) => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ patchJson: { error } }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it('without a sha256 --require-proof makes it exit 8', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ patchJson: { checksum: undefined } }];
    expect((await bench.upload(await bench.file(10), { requireProof: true })).exitCode).toBe(8);
  });

  it('without a sha256 --read-back says that nothing can be read back here', async () => {
    const bench = await startBench();
    const unchecked = { patchJson: { checksum: undefined } };
    bench.server.script.FINALIZE = [unchecked, unchecked];
    expect((await bench.upload(await bench.file(10), { readBack: true })).exitCode).toBe(0);
    const reason = 'this protocol has no way to read the content back';
    expect(bench.of('upload.done')).toMatchObject([{ proven: false, reason }]);
    const file = await bench.file(10, 'two.mp4');
    expect((await bench.upload(file, { readBack: true, requireProof: true })).exitCode).toBe(8);
    expect(bench.of('upload.failed')[0]?.message).toContain(`${reason}, so it is not proven`);
  });

  it('another status than complete is a warning', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ patchJson: { status: 'uploaded' } }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
    expect(bench.of('upload.warning')[0]?.message).toContain('"uploaded"');
  });

  it.each([
    [{ answer: 200, body: 'ok' }, 6],
    [{ answer: 401 }, 5],
    [{ answer: 404 }, 5],
    [{ answer: 409 }, 5],
    [{ answer: 422 }, 7],
  ])('%o ends as it should', async (step, exitCode) => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [step];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(exitCode);
    expect(bench.of('upload.done')).toEqual([]);
  });
});

describe('a name that the server does not take', () => {
  it('is said to be what --name is for, and the next run with another one sends no byte', async () => {
    const bench = await startBench();
    const file = await bench.file(MIB);
    bench.server.script.FINALIZE = [{ answer: 400, body: '{"error":"invalid filename"}' }];
    expect((await bench.upload(file)).exitCode).toBe(5);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        hint: expect.stringMatching(/another with --name and run the same command again: it resumes$/),
        resumable: true,
      },
    ]);
    expect((await bench.upload(file, { name: 'other.mp4' })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 0 }]);
    expect(bench.server.seen.at(-1)?.body.toString()).toContain('"filename":"other.mp4"');
  });

  it.skipIf(process.platform === 'win32')(
    'is warned of before the first byte where it is the file’s own',
    async () => {
      const bench = await startBench();
      const file = await bench.file(10, 'a\nb.mp4');
      await bench.upload(file);
      await bench.upload(file, { name: 'fine.mp4' });
      await bench.upload(file, { finalize: false });
      const warned = bench.of('upload.warning');
      expect(warned).toMatchObject([{ message: expect.stringContaining('--name') }]);
      expect(bench.events.findIndex(({ type }) => type === 'upload.warning')).toBeLessThan(
        bench.events.findIndex(({ type }) => type === 'upload.created'),
      );
    },
  );
});

describe('a lost answer to finalize', () => {
  it('is asked for again', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ loseAnswer: true }, { answer: 502 }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it.each([404, 409, 410])('followed by %i is neither success nor failure: exit 8', async (answer) => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ loseAnswer: true }, { answer }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(8);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        kind: 'unknown',
        message: expect.stringContaining('cannot be determined'),
        hint: 'check on the server whether the file is there; if it is not, upload it again with --no-resume',
      },
    ]);
  });

  it('followed by an error with status 200 is neither of them too', async () => {
    const bench = await startBench();
    const body = '{"error":"no such upload","videoId":null}';
    bench.server.script.FINALIZE = [{ loseAnswer: true }, { answer: 200, body }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(8);
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'unknown' }]);
  });

  it('is asked for by the next run, which sends no byte', async () => {
    const bench = await startBench();
    const file = await bench.file(MIB);
    bench.server.script.FINALIZE = Array(4).fill({ loseAnswer: true });
    expect((await bench.upload(file)).exitCode).toBe(4);
    const before = bench.server.seen.length;
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.server.lines().slice(before)).toEqual(['POST /uploads/finalize']);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 0 }]);
  });
});

describe('a refusal of finalize, where no answer was lost', () => {
  it.each([404, 409, 410])('%i is one in the next run, too', async (answer) => {
    const bench = await startBench();
    const file = await bench.file(10);
    for (let run = 1; run <= 2; run += 1) {
      bench.server.script.FINALIZE = [{ answer }];
      expect((await bench.upload(file)).exitCode).toBe(5);
    }
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 0 }]);
  });

  it('is one in the next run also where HEAD answered nothing after it', async () => {
    const bench = await startBench();
    const { script } = bench.server;
    const file = await bench.file(10);
    script.FINALIZE = [{ answer: 409 }, { answer: 409 }];
    script.HEAD = [{ first: () => {} }, ...Array(4).fill({ answer: 503 })];
    expect((await bench.upload(file)).exitCode).toBe(4);
    expect((await bench.upload(file)).exitCode).toBe(5);
    expect(bench.of('upload.failed').at(-1)?.hint).toContain('does not take the upload for complete');
  });

  it('lets the next run start anew where the server has lost the upload', async () => {
    const bench = await startBench();
    const file = await bench.file(10);
    bench.server.script.FINALIZE = [{ answer: 404 }];
    expect((await bench.upload(file)).exitCode).toBe(5);
    bench.server.uploads.clear();
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 10 }]);
  });

  it.each([408, 423, 429])('also where it is said until every try is spent (%i)', async (answer) => {
    const bench = await startBench();
    const file = await bench.file(10);
    bench.server.script.FINALIZE = Array(20).fill({ answer });
    expect((await bench.upload(file)).exitCode).toBe(4);
    bench.server.script.FINALIZE = [];
    bench.server.uploads.clear();
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.created')).toHaveLength(2);
  });

  it('nor where it never reached the server', async () => {
    const bench = await startBench();
    const file = await bench.file(10);
    const nobody = await startScriptedServer();
    await nobody.close();
    const { send, close } = createTransport();
    onTestFinished(close);
    const cutOff: Send = (request, conditions) =>
      send(
        request.url.pathname.endsWith('/finalize') ? { ...request, url: new URL(nobody.url) } : request,
        conditions,
      );
    expect((await bench.upload(file, {}, { send: cutOff })).exitCode).toBe(4);
    bench.server.uploads.clear();
    expect((await bench.upload(file)).exitCode).toBe(0);
  });

  it('is not known of a finalize that an interruption cut off', async () => {
    const bench = await startBench();
    const file = await bench.file(10);
    const stop = new AbortController();
    bench.server.script.FINALIZE = [{ first: () => stop.abort() }];
    expect((await bench.upload(file, {}, { signal: stop.signal })).exitCode).toBe(130);
    bench.server.uploads.clear();
    expect((await bench.upload(file)).exitCode).toBe(8);
  });
});
