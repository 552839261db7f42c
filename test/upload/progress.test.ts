import { describe, expect, it } from 'vitest';
import { expectProven, MIB, startBench } from './harness.ts';

describe('progress', () => {
  it('is what the server acknowledged, never what was handed to a proxy that buffers', async () => {
    const bench = await startBench();
    // The whole chunk is taken and none of it arrives; then a part; then the server is silent.
    bench.server.script.PATCH = [
      { cutAfterBytes: MIB, keep: false },
      { answer: 504 },
      { acceptBytes: MIB / 2 },
      { stall: true },
    ];
    const beyond: unknown[] = [];
    const report = (event: Parameters<typeof bench.events.push>[0]) => {
      bench.events.push(event);
      const [upload] = bench.server.uploads.values();
      const storedBytes = upload?.data.byteLength ?? 0;
      if (event.type === 'upload.progress' && event.acceptedBytes > storedBytes) beyond.push(event);
    };
    const file = await bench.file(2 * MIB);
    await bench.upload(file, { timeoutMs: 500 }, { report });
    await expectProven(bench, file);
    expect(beyond).toEqual([]);
    const told = bench.of('upload.progress');
    expect(told.some(({ acceptedBytes, sentBytes }) => acceptedBytes === 0 && sentBytes >= MIB)).toBe(true);
    expect(told.every(({ acceptedBytes }) => acceptedBytes <= 2 * MIB)).toBe(true);
    expect(bench.of('upload.done')).toMatchObject([{ sentBytes: 5.5 * MIB }]);
  });
});
