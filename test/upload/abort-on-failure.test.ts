import { describe, expect, it } from 'vitest';
import { allExtensions } from '../../src/server/extensions.ts';
import { payload } from '../server/harness.ts';
import { sendInput } from './input-bench.ts';
import { type ReferenceBench, startReferenceBench } from './reference.ts';

const asked = { protocol: 'tus', abortOnFailure: true, chunkBytes: 1000 } as const;

const methods = (bench: ReferenceBench) =>
  bench.lines().map((line) => line.replace(/^(\S+) .* (\d+)$/, '$1 $2'));
const deletions = (bench: ReferenceBench) => methods(bench).filter((line) => line.startsWith('DELETE'));
/** The second chunk and all after it. */
const refusing = (status: number) =>
  ({ on: { method: 'PATCH', nth: 2, times: 99 }, do: 'answer', status }) as const;

describe('--abort-on-failure', () => {
  it('removes what a failure for good left at the server', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    bench.proxy.setFaults([refusing(415)]);
    expect((await bench.upload(await bench.file(5000), asked)).exitCode).toBe(5);
    expect(deletions(bench)).toEqual(['DELETE 204']);
    expect(bench.of('upload.warning')).toMatchObject([
      { message: expect.stringMatching(/was removed from the server/) },
    ]);
    expect(bench.of('upload.failed')).toMatchObject([{ resumable: false }]);
    bench.proxy.setFaults([]);
    await bench.upload(await bench.file(5000), asked);
    expect(bench.of('upload.resumed')).toEqual([]);
  });

  it('keeps what the same command can go on with, and does nothing unless it is asked', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    bench.proxy.setFaults([refusing(503)]);
    const file = await bench.file(5000);
    expect((await bench.upload(file, { ...asked, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([refusing(415)]);
    expect((await bench.upload(file, { ...asked, abortOnFailure: false })).exitCode).toBe(5);
    expect(deletions(bench)).toEqual([]);
    expect(bench.of('upload.failed').map(({ resumable }) => resumable)).toEqual([true, true]);
  });

  it('is no affair of an interruption', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    const stop = new AbortController();
    const file = await bench.file(5000);
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 2 }, do: 'meanwhile', run: async () => stop.abort() },
    ]);
    const outcome = await bench.upload(file, asked, (tools) => ({ ...tools, signal: stop.signal }));
    expect(outcome.exitCode).toBe(130);
    expect(deletions(bench)).toEqual([]);
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'interrupted', resumable: true }]);
  });

  it('never removes an upload that is complete', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    // What is read back differs: the file is there, and no one but its owner may remove it.
    bench.proxy.setFaults([{ on: { method: 'GET' }, do: 'answer', status: 200, body: 'other bytes' }]);
    expect((await bench.upload(await bench.file(5000), { ...asked, readBack: true })).exitCode).toBe(7);
    bench.proxy.setFaults([
      refusing(415),
      { on: { method: 'HEAD', nth: 2 }, do: 'alter-response', headers: { 'Upload-Offset': '4000' } },
    ]);
    expect((await bench.upload(await bench.file(4000, 'b.mp4'), asked)).exitCode).toBe(5);
    expect(bench.of('upload.warning').at(-1)?.message).toMatch(
      /was not removed from the server: .*is complete/,
    );
    expect(deletions(bench)).toEqual([]);
  });

  it('never removes an upload that finalize refused, in whatever words', async () => {
    const bench = await startReferenceBench({ protocol: 'pulse' });
    const file = await bench.file(5000);
    for (const answer of [{ status: 200, body: '{"error":"disk full","videoId":null}' }, { status: 400 }]) {
      bench.proxy.setFaults([{ on: { method: 'POST', path: 'finalize' }, do: 'answer', ...answer }]);
      expect((await bench.upload(file, { chunkBytes: 1000, abortOnFailure: true })).exitCode).toBe(5);
    }
    expect(deletions(bench)).toEqual([]);
    bench.proxy.setFaults([]);
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 0 }]);
  });

  it.each([
    [
      'a refusal names an offset that was never sent',
      [{ on: { method: 'PATCH', nth: 2 }, do: 'answer', status: 409, headers: { 'Upload-Offset': '4500' } }],
    ],
    [
      'HEAD says one, and no length',
      [
        refusing(500),
        {
          on: { method: 'HEAD', nth: 2 },
          do: 'alter-response',
          headers: { 'Upload-Offset': '4500', 'Upload-Length': null },
        },
      ],
    ],
  ] as const)('leaves alone what may be somebody else’s by now: %s', async (_, faults) => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    bench.proxy.setFaults(faults);
    expect((await bench.upload(await bench.file(5000), asked)).exitCode).toBe(6);
    expect(bench.of('upload.failed')).toMatchObject([
      { message: expect.stringMatching(/ says offset 4500, but no byte beyond 3000 was sent/) },
    ]);
    expect(bench.of('upload.warning').at(-1)?.message).toMatch(
      /was not removed from the server: .*may be another/,
    );
    expect(deletions(bench)).toEqual([]);
  });

  it('leaves alone what holds more than the file has, and names no length', async () => {
    const bench = await startReferenceBench({ protocol: 'pulse' });
    const settings = { chunkBytes: 1000, abortOnFailure: true, retries: 0 };
    const file = await bench.file(5000);
    bench.proxy.setFaults([refusing(503)]);
    expect((await bench.upload(file, settings)).exitCode).toBe(4);
    const larger = { 'Upload-Offset': '6000', 'Upload-Length': null };
    bench.proxy.setFaults([{ on: { method: 'HEAD' }, do: 'alter-response', headers: larger }]);
    expect((await bench.upload(file, settings)).exitCode).toBe(6);
    expect(deletions(bench)).toEqual([]);
  });

  it('says where the server does not offer it, and ends as it would without', async () => {
    const bench = await startReferenceBench({ protocol: 'tus', extensions: [{ name: 'creation' }] });
    bench.proxy.setFaults([refusing(415)]);
    expect((await bench.upload(await bench.file(5000), asked)).exitCode).toBe(5);
    expect(bench.of('upload.warning')).toMatchObject([
      { message: expect.stringMatching(/was not removed from the server: the server offers no termination/) },
    ]);
    expect(bench.of('upload.failed')).toMatchObject([
      { message: expect.stringMatching(/answered 415/), resumable: true },
    ]);
  });

  it('removes what is left of standard input after any failure, for nobody can go on with it', async () => {
    const bench = await startReferenceBench({ protocol: 'tus', extensions: allExtensions });
    async function* failing() {
      yield payload(3000);
      throw Object.assign(new Error('read failed'), { code: 'EIO' });
    }
    const settings = { chunkBytes: 1000, abortOnFailure: true, retries: 0 };
    const broken = await sendInput(bench.proxy, failing(), {}, settings);
    expect(broken.outcome.exitCode).toBe(3);
    bench.proxy.setFaults([refusing(503)]);
    const busy = await sendInput(bench.proxy, [payload(3000)], {}, settings);
    expect(busy.outcome.exitCode).toBe(4);
    expect(deletions(bench)).toEqual(['DELETE 204', 'DELETE 204']);
  });

  it('asks again, and removes, where nobody said what became of the last chunk', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    bench.proxy.setFaults([
      { on: { method: 'PATCH', nth: 1, times: 99 }, do: 'answer', status: 403 },
      { on: { method: 'HEAD', nth: 2 }, do: 'answer', status: 503 },
    ]);
    const settings = { chunkBytes: 1000, abortOnFailure: true, retries: 0 };
    const { outcome } = await sendInput(bench.proxy, [payload(500)], { sizeBytes: 500 }, settings);
    expect(outcome.exitCode).toBe(5);
    expect(deletions(bench)).toEqual(['DELETE 204']);
  });
});
