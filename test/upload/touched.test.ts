import { randomUUID } from 'node:crypto';
import { chmod, open, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../fixtures/proxies/fault.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import type { Behaviour } from '../../src/server/server.ts';
import type { UploadSettings } from '../../src/upload/settings.ts';
import type { UploadRecord } from '../../src/upload/state/record.ts';
import { sha256 } from '../server/harness.ts';
import { MIB } from './harness.ts';
import { type ReferenceBench, startReferenceBench } from './reference.ts';

const tus = { protocol: 'tus', checksum: 'none' } as const;
const times = new Date(1_700_000_000_000);
const STARTED_OVER = expect.stringMatching(
  /the file was touched since its upload was begun .*; starting a new upload$/,
);

/** Leaves an upload behind whose third chunk broke off in the midst of it. */
async function cutOff(
  settings: Partial<UploadSettings> = {},
): Promise<{ bench: ReferenceBench; file: string }> {
  const bench = await startReferenceBench({ protocol: 'tus', extensions: allExtensions });
  const file = await bench.file(4 * MIB);
  await utimes(file, times, times);
  bench.proxy.setFaults([
    { on: { method: 'PATCH', nth: 2, times: 9 }, do: 'cut-request', afterBodyBytes: 100_000, by: 'fin' },
  ]);
  expect((await bench.upload(file, { ...tus, ...settings, retries: 0 })).exitCode).toBe(4);
  bench.proxy.setFaults([]);
  bench.events.length = 0;
  return { bench, file };
}

/** Other bytes under the same size and times. */
async function rewrite(file: string, offsetBytes: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(Buffer.from('other'), 0, 5, offsetBytes);
  await handle.close();
  await utimes(file, times, times);
}

async function alterRecord(file: string, alter: (record: UploadRecord) => UploadRecord): Promise<void> {
  const dir = join(dirname(file), 'state');
  const name = (await readdir(dir)).find((each) => each.endsWith('.json')) ?? 'no record';
  const record: UploadRecord = JSON.parse(await readFile(join(dir, name), 'utf8'));
  await writeFile(join(dir, name), JSON.stringify(alter(record)));
}

/** As a process that was killed leaves it: the server has more than was written down. */
const asKilled = ({ readAhead: _, ...record }: UploadRecord): UploadRecord => ({
  ...record,
  prefix: { bytes: 0, sha256: '' },
  ...(record.parts && { parts: record.parts.map((part) => ({ ...part, ...asKilled(part as never) })) }),
});

/** The same where the record is of so many bytes; the file is still what it was. */
async function killedAt(file: string, bytes: number): Promise<void> {
  const known = (await readFile(file)).subarray(0, bytes);
  await alterRecord(file, (record) => ({ ...asKilled(record), prefix: { bytes, sha256: sha256(known) } }));
}

/** A cache answers the first HEAD. */
const stale = (offsetBytes: number): Fault => ({
  on: { method: 'HEAD', nth: 1 },
  do: 'alter-response',
  headers: { 'Upload-Offset': String(offsetBytes), Age: '9' },
});

/** Declared checksums do not come through to the server. */
const comparingNothing: Behaviour = {
  filter: (exchange, next) => {
    const { request } = exchange;
    const { 'upload-metadata': metadata, ...headers } = request.headers;
    if (metadata === undefined) return next();
    const pairs = metadata.split(',').filter((pair) => !pair.startsWith('checksum '));
    return next({ request: { ...request, headers: { ...headers, 'upload-metadata': pairs.join() } } });
  },
};

/** The server says that it compares no checksums. */
async function withoutChecksums(bench: ReferenceBench): Promise<Fault> {
  const answer = await fetch(`${bench.server.url}/capabilities`);
  const capabilities = (await answer.json()) as Readonly<Record<string, unknown>>;
  return {
    on: { method: 'GET', path: '/capabilities', times: 9 },
    do: 'answer',
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...capabilities, checksum: undefined }),
  };
}

/** The file is on the server whole, as it is now. */
async function expectWhole(bench: ReferenceBench, file: string): Promise<void> {
  expect(bench.of('upload.failed')).toEqual([]);
  expect(bench.of('upload.done')).toHaveLength(1);
  expect((await bench.stored('video.mp4')).equals(await readFile(file))).toBe(true);
}

const warnings = (bench: ReferenceBench) => bench.of('upload.warning').map(({ message }) => message);

describe('an upload of which the server has more than was written down', () => {
  it('starts over where the file was rewritten and its times were set back', async () => {
    const { bench, file } = await cutOff();
    await alterRecord(file, asKilled);
    await rewrite(file, 100_000);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual([STARTED_OVER]);
    await expectWhole(bench, file);
  });

  it('starts over where that was in the part of a chunk that broke off', async () => {
    const { bench, file } = await cutOff();
    await rewrite(file, 2 * MIB + 5);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual([STARTED_OVER]);
    expect(bench.of('upload.done')).toMatchObject([{ resumedFromBytes: 0 }]);
    await expectWhole(bench, file);
  });

  it('of a file in parts starts over with the parts that cannot be compared', async () => {
    const { bench, file } = await cutOff({ parallel: 3 });
    await alterRecord(file, asKilled);
    await rewrite(file, 5);
    expect((await bench.upload(file, { ...tus, parallel: 3 })).exitCode).toBe(0);
    expect(warnings(bench)).toContainEqual(STARTED_OVER);
    await expectWhole(bench, file);
  });

  it.each([
    ['only its mode is another', (file: string) => chmod(file, 0o600)],
    ['nothing was done to it', async () => undefined],
    ['nothing was done to it, and the process was killed', (file: string) => alterRecord(file, asKilled)],
    [
      'it was left behind by an earlier version',
      async (file: string) => {
        await alterRecord(file, ({ changedNs: _, ...record }) => asKilled(record));
        await chmod(file, 0o600);
      },
    ],
  ])('goes on where %s', async (_, change) => {
    const { bench, file } = await cutOff();
    await change(file);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual([]);
    expect(bench.of('upload.done')[0]?.resumedFromBytes).toBeGreaterThan(2 * MIB);
    await expectWhole(bench, file);
  });

  it.each([1, 2])('starts over where a cache answers HEAD with the %i MiB of the record', async (count) => {
    const { bench, file } = await cutOff();
    await killedAt(file, count * MIB);
    await rewrite(file, 2 * MIB + 5);
    bench.proxy.setFaults([stale(count * MIB)]);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual([
      expect.stringMatching(/^the file was touched .*; sending it all once more$/),
    ]);
    await expectWhole(bench, file);
  });

  it('starts over also where the run that a cache had misled sent nothing', async () => {
    const { bench, file } = await cutOff();
    await killedAt(file, MIB);
    await rewrite(file, 2 * MIB + 5);
    bench.proxy.setFaults([stale(MIB), { on: { method: 'PATCH' }, do: 'answer', status: 500 }]);
    expect((await bench.upload(file, { ...tus, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    bench.events.length = 0;
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual([STARTED_OVER]);
    await expectWhole(bench, file);
  });

  it('goes on through any trouble once the server has taken a chunk', async () => {
    const { bench, file } = await cutOff();
    await killedAt(file, 2 * MIB + 100_000);
    await chmod(file, 0o600);
    bench.proxy.setFaults([{ on: { method: 'PATCH', nth: 2 }, do: 'swallow-response', by: 'rst' }]);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual([]);
    expect(bench.of('upload.done')).toMatchObject([{ resumedFromBytes: 2 * MIB + 100_000, retries: 1 }]);
    await expectWhole(bench, file);
  });

  it('goes on in protocol v1, where the declared checksum is that of the whole', async () => {
    const bench = await startReferenceBench({ protocol: 'pulse-v1' });
    const file = await bench.file(3 * MIB);
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 100_000, by: 'fin' },
    ]);
    expect((await bench.upload(file, { protocol: 'pulse-v1', retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    await alterRecord(file, asKilled);
    await chmod(file, 0o600);
    expect((await bench.upload(file, { protocol: 'pulse-v1' })).exitCode).toBe(0);
    expect(bench.of('upload.done')[0]?.resumedFromBytes).toBeGreaterThan(MIB);
  });

  // What is not found is made anew, and 409 says that it is there all the same.
  const heads: readonly (readonly [string, readonly Fault[]])[] = [
    ['', []],
    [
      ', also where HEAD does not find it in passing',
      [{ on: { method: 'HEAD', nth: 1, times: 2 }, do: 'answer', status: 404 }],
    ],
  ];

  it.each(heads)(
    'is sent anew in protocol v1 once the declared checksum was another one, where the server compares none%s',
    async (_, passing) => {
      const bench = await startReferenceBench({ protocol: 'pulse-v1', behaviour: comparingNothing });
      const file = await bench.file(3 * MIB);
      await utimes(file, times, times);
      bench.proxy.setFaults([
        { on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 100_000, by: 'fin' },
      ]);
      const v1 = { protocol: 'pulse-v1' } as const;
      expect((await bench.upload(file, { ...v1, retries: 0 })).exitCode).toBe(4);
      bench.proxy.setFaults(passing);
      bench.events.length = 0;
      await alterRecord(file, asKilled);
      await rewrite(file, 5);
      expect((await bench.upload(file, v1)).exitCode).toBe(3);
      expect(bench.of('upload.failed')).toMatchObject([
        { message: expect.stringContaining('since its checksum was declared'), resumable: false },
      ]);
      bench.events.length = 0;
      expect((await bench.upload(file, v1)).exitCode).toBe(0);
      expect(bench.of('upload.done')).toMatchObject([{ resumedFromBytes: 0, sentBytes: 3 * MIB }]);
    },
  );

  it.each(heads)(
    'starts over under another name in protocol v1, where no checksum was declared%s',
    async (_, passing) => {
      const bench = await startReferenceBench({ protocol: 'pulse-v1' });
      const undeclared = await withoutChecksums(bench);
      const file = await bench.file(3 * MIB);
      await utimes(file, times, times);
      const v1 = { protocol: 'pulse-v1' } as const;
      bench.proxy.setFaults([
        undeclared,
        { on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 100_000, by: 'fin' },
      ]);
      expect((await bench.upload(file, { ...v1, retries: 0 })).exitCode).toBe(4);
      bench.proxy.setFaults([undeclared, ...passing]);
      await alterRecord(file, asKilled);
      await rewrite(file, 5);
      expect((await bench.upload(file, v1)).exitCode).toBe(0);
      expect(warnings(bench)).toContainEqual(STARTED_OVER);
      expect(new Set(bench.of('upload.created').map(({ url }) => url)).size).toBe(2);
      expect(bench.of('upload.done')).toMatchObject([{ resumedFromBytes: 0 }]);
    },
  );

  /** Leaves an upload in protocol v1 behind whose name the user gave, and of which no checksum was declared. */
  async function named() {
    const bench = await startReferenceBench({ protocol: 'pulse-v1' });
    const undeclared = await withoutChecksums(bench);
    const file = await bench.file(3 * MIB);
    await utimes(file, times, times);
    const v1 = { protocol: 'pulse-v1', metadata: { artifactId: randomUUID() } } as const;
    bench.proxy.setFaults([
      undeclared,
      { on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 100_000, by: 'fin' },
    ]);
    expect((await bench.upload(file, { ...v1, retries: 0 })).exitCode).toBe(4);
    bench.events.length = 0;
    return { bench, file, v1, undeclared };
  }
  const changes: readonly (readonly [string, (file: string) => Promise<void>, readonly Fault[]])[] = [
    ...heads.map(([where, faults]) => [where, (file: string) => rewrite(file, 5), faults] as const),
    [
      ', also where a cache answers HEAD with less',
      async (file) => {
        await killedAt(file, MIB);
        await rewrite(file, 2 * MIB + 5);
      },
      [stale(MIB)],
    ],
    [
      ', also where that is within the part whose digest is known',
      async (file) => {
        await killedAt(file, MIB);
        await rewrite(file, 5);
      },
      [],
    ],
    [', also where its times show it', (file) => utimes(file, 1, 1), []],
  ];

  it.each(changes)(
    'is exit 3 in protocol v1 under a name that the user gave, and stays known until it is ended%s',
    async (_, change, faults) => {
      const { bench, file, v1, undeclared } = await named();
      await alterRecord(file, asKilled);
      await change(file);
      bench.proxy.setFaults([undeclared, ...faults]);
      expect((await bench.upload(file, v1)).exitCode).toBe(3);
      expect(warnings(bench)).not.toContainEqual(expect.stringMatching(/file (was touched|changed)/));
      expect(bench.of('upload.failed')).toMatchObject([
        {
          message: expect.stringContaining('under the artifactId that was given'),
          hint: expect.stringMatching(/pulse-upload abort.*another artifactId/),
          resumable: false,
        },
      ]);
      bench.proxy.setFaults([undeclared]);
      expect((await bench.upload(file, { ...v1, abortOnFailure: true })).exitCode).toBe(3);
      bench.events.length = 0;
      expect((await bench.upload(file, v1)).exitCode).toBe(0);
      expect(bench.of('upload.done')).toMatchObject([{ resumedFromBytes: 0 }]);
    },
  );

  it('stays known in protocol v1 where it was to be started over under the name that the user gave', async () => {
    const { bench, file, v1, undeclared } = await named();
    bench.proxy.setFaults([undeclared]);
    expect((await bench.upload(file, { ...v1, resume: false })).exitCode).toBe(5);
    expect(bench.of('upload.failed')).toMatchObject([{ hint: expect.stringMatching(/give another one/) }]);
    bench.events.length = 0;
    expect((await bench.upload(file, v1)).exitCode).toBe(0);
    expect(bench.of('upload.done')[0]?.resumedFromBytes).toBeGreaterThan(MIB);
  });

  it('goes on in protocol v1 where nothing was sent before it was touched: its creation was never answered', async () => {
    const bench = await startReferenceBench({ protocol: 'pulse-v1' });
    const undeclared = await withoutChecksums(bench);
    const file = await bench.file(2 * MIB);
    const v1 = { protocol: 'pulse-v1' } as const;
    const lost = (method: string): Fault => ({ on: { method, nth: 1 }, do: 'swallow-response', by: 'rst' });
    bench.proxy.setFaults([undeclared, lost('POST')]);
    expect((await bench.upload(file, { ...v1, retries: 0 })).exitCode).toBe(4);
    await chmod(file, 0o600);
    bench.proxy.setFaults([undeclared, lost('PATCH')]);
    expect((await bench.upload(file, v1)).exitCode).toBe(0);
    expect(warnings(bench)).toEqual([]);
    expect(bench.of('upload.done')).toMatchObject([{ sentBytes: 2 * MIB }]);
  });
});
