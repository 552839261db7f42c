import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { MIB, startBench } from './harness.ts';

describe('a server without HEAD', () => {
  it('is recognised, said, and uploaded to all the same', async () => {
    const bench = await startBench({ headless: true });
    expect((await bench.upload(await bench.file(2 * MIB))).exitCode).toBe(0);
    expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('does not answer HEAD'),
    ]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it('gets a cut chunk again, unchanged', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [{ first: () => {} }, { cutAfterBytes: 400_000, keep: false }];
    const file = await bench.file(3 * MIB);
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect([...bench.server.finished.values()][0]?.equals(await readFile(file))).toBe(true);
  });

  it('that answers 409 to the repeated chunk had stored it', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [{ first: () => {} }, { loseAnswer: true }];
    expect((await bench.upload(await bench.file(3 * MIB))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, retries: 1 }]);
  });

  it('that stored a repeated chunk twice gets everything once more', async () => {
    const bench = await startBench({ headless: true });
    // The documented binary server: what arrived before the cut stays in the file, but is not counted.
    bench.server.script.FINALIZE = [{ patchJson: { size: 3_545_728, checksum: `sha256:${'0'.repeat(64)}` } }];
    bench.server.script.PATCH = [{ first: () => {} }, { cutAfterBytes: 400_000, keep: false }];
    expect((await bench.upload(await bench.file(3 * MIB))).exitCode).toBe(0);
    expect(
      bench
        .of('upload.warning')
        .map(({ message }) => message)
        .at(-2),
    ).toMatch(/3545728 bytes.*sending it all once more/);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: expect.any(Number) }]);
    expect(bench.server.uploads.size).toBe(2);
  });

  it('that spoils the second upload too ends in exit 7 with both checksums', async () => {
    const bench = await startBench({ headless: true });
    const wrong = { patchJson: { checksum: `sha256:${'0'.repeat(64)}` } };
    bench.server.script.FINALIZE = [wrong, wrong];
    const cut = { cutAfterBytes: 400_000, keep: false };
    bench.server.script.PATCH = [cut, { first: () => {} }, cut];
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(7);
    expect(bench.of('upload.failed')[0]?.message).toMatch(/sha256 0{64}.*expected.*sha256 [0-9a-f]{64}/);
  });

  it('that lies without any cut is not given a second chance', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.FINALIZE = [{ patchJson: { checksum: `sha256:${'0'.repeat(64)}` } }];
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(7);
    expect(bench.server.uploads.size).toBe(1);
  });

  it('is found behind a proxy that strips the prefix, too', async () => {
    const bench = await startBench({ headless: true, prefix: '/api', location: (id) => `/uploads/${id}` });
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(0);
    expect(bench.server.lines().slice(0, 6)).toEqual([
      'POST /api/uploads',
      'HEAD /uploads/<id>',
      'HEAD /api/uploads/<id>',
      'PATCH /uploads/<id>',
      'PATCH /api/uploads/<id>',
      'PATCH /api/uploads/<id>',
    ]);
  });

  it('starts over in a later run, and says why', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [{ first: () => {} }, ...Array(4).fill({ answer: 500 })];
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file)).exitCode).toBe(4);
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.warning').map(({ message }) => message)).toContainEqual(
      expect.stringContaining('cannot be resumed; starting a new upload'),
    );
  });
});
