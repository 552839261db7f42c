import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeRandomFile } from '../../bench/benchmark-file.ts';
import { contenders } from '../../bench/contenders.ts';
import { measureNode } from '../../bench/measured-process.ts';
import { startSink } from '../../bench/sink/start.ts';
import { startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { temporaryFolder } from '../cli/run-bin.ts';

const CHUNK_BYTES = 65_536;

it('the floor sends what the uploader sends: the same requests in the same order, with the same headers', async () => {
  const folder = await temporaryFolder();
  const file = await writeRandomFile(join(folder, 'bench.bin'), 2 * CHUNK_BYTES + 5);
  const sink = await startSink([file]);
  onTestFinished(() => sink.stop());

  /** Each behind a proxy of its own that writes down what comes; the sink counts its uploads up. */
  const requestsOf = async (name: 'floor' | 'floor, SHA-256' | 'ours') => {
    const proxy = await startFaultProxy({ target: `http://127.0.0.1:${sink.port}` });
    onTestFinished(() => proxy.close());
    const port = Number(new URL(proxy.url).port);
    const race = { file, sink: { ...sink, port }, chunkBytes: CHUNK_BYTES, folder };
    await measureNode(contenders[name].args(race), {
      PULSE_UPLOAD_STATE_DIR: join(folder, 'state'),
      XDG_CONFIG_HOME: folder,
    });
    return proxy.log.map(({ method, path, headers: { host: _, ...headers }, bodyBytesReceived }) => ({
      request: `${method} ${path.replace(/\d+$/, '<id>')}`,
      headers,
      bodyBytesReceived,
    }));
  };

  const ours = await requestsOf('ours');
  expect(ours.map(({ request }) => request)).toEqual([
    'POST /uploads',
    'HEAD /uploads/<id>',
    ...Array(3).fill('PATCH /uploads/<id>'),
    'POST /uploads/finalize',
  ]);
  expect(await requestsOf('floor')).toEqual(ours);
  expect(await requestsOf('floor, SHA-256')).toEqual(ours);
});
