import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { pulse } from '../../src/protocol/protocols/pulse.ts';
import { createTransport } from '../../src/transport/http.ts';
import { createRunTools } from '../../src/upload/host/host.ts';
import { defaultSettings } from '../../src/upload/settings.ts';
import { openSource, type Source } from '../../src/upload/source/source.ts';
import { openStateStore, type StateStore } from '../../src/upload/state/state-store.ts';
import { uploadSource } from '../../src/upload/upload-file.ts';
import { type Bench, MIB, startBench } from './harness.ts';

/** The file, and when the reading of its bytes from an offset on is over. */
async function watched(path: string, fromBytes: number): Promise<{ source: Source; isRead: Promise<void> }> {
  const source = await openSource(path);
  onTestFinished(() => source.close());
  let latestBytes: number | undefined;
  let tell = () => {};
  const isRead = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const read: Source['read'] = (target, offsetBytes) => {
    latestBytes = offsetBytes;
    return source.read(target, offsetBytes);
  };
  const assertUnchanged = async () => {
    await source.assertUnchanged();
    // What goes on with the bytes at once, before anything else happens, is done by then.
    if (latestBytes === fromBytes) setImmediate(tell);
  };
  return { source: { ...source, read, assertUnchanged }, isRead };
}

/** The bench's own store, and the digested prefix of every record that is written to it. */
function noting({ dir }: Bench): { store: StateStore; prefixes: number[] } {
  const store = openStateStore(join(dir, 'state'));
  const prefixes: number[] = [];
  const write: StateStore['write'] = (record) => {
    prefixes.push(record.prefix.bytes);
    return store.write(record);
  };
  return { store: { ...store, write }, prefixes };
}

it('the next chunk is read and hashed while this one waits for its answer', async () => {
  const bench = await startBench();
  const { source, isRead } = await watched(await bench.file(2 * MIB), MIB);
  const { store, prefixes } = noting(bench);
  const transport = createTransport();
  onTestFinished(() => transport.close());
  const answerLate = async () => {
    await isRead;
    // Long enough for the record to be brought up to date with what is acknowledged, as far as it is hashed.
    await bench.clock.sleep(3_000);
  };
  bench.server.script.PATCH = [{ first: answerLate }];
  const settings = { ...defaultSettings, server: new URL(bench.server.url), timeoutMs: 60_000, retries: 0 };
  const tools = { send: transport.send, report: () => {}, clock: bench.clock, random: () => 0.5, store };
  const { proven } = await uploadSource(source, pulse, settings, createRunTools(settings, tools));
  expect(proven).toBe(true);
  // The digest of a prefix is known where a chunk began that was hashed: here the second one, while it was not sent yet.
  expect(prefixes).toEqual([0, MIB, 2 * MIB]);
});
