import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { startServer } from '../../src/server/server.ts';
import { type BinEnd, runBin, startBin } from './bin.ts';
import { freshFolder, until } from './scene.ts';

const CHUNK_BYTES = 65_536;

/** A command that was killed in mid-upload, and the state that it left behind. */
async function killedUpload() {
  const dir = await freshFolder();
  onTestFinished(dir.remove);
  const stored = join(dir.path, 'uploads');
  const server = await startServer({ host: '127.0.0.1', port: 0, protocol: 'pulse', dir: stored });
  const proxy = await startFaultProxy({
    target: server.url,
    faults: [{ on: { method: 'PATCH', nth: 3 }, do: 'stall-request', afterBodyBytes: 1000 }],
  });
  onTestFinished(async () => {
    await proxy.close();
    await server.close();
  });
  const file = join(dir.path, 'video.mp4');
  writeFileSync(file, randomBytes(4 * CHUNK_BYTES));
  const stateDir = join(dir.path, 'state');
  const args = [file, '--server', proxy.url, '--chunk-size', String(CHUNK_BYTES), '--json'];
  const child = startBin(args, stateDir);
  await until(
    () => proxy.log.some(({ bodyBytesForwarded }) => bodyBytesForwarded === 1000),
    'the third chunk',
  );
  await child.kill();
  proxy.setFaults([]);
  const record = join(
    stateDir,
    readdirSync(stateDir).find((name) => /^[0-9a-f]{40}\.json$/.test(name)) ?? '',
  );
  return { proxy, stored, file, stateDir, record, again: () => runBin(args, stateDir) };
}

type Killed = Awaited<ReturnType<typeof killedUpload>>;

function rewrite({ record }: Killed, change: (fields: Record<string, unknown>) => void): void {
  const fields = JSON.parse(readFileSync(record, 'utf8'));
  change(fields);
  writeFileSync(record, JSON.stringify(fields));
}

function expectProven({ code, events, stderr }: BinEnd, { file, stored }: Killed): void {
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
  expect(code).toBe(0);
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  expect(events.find(({ type }) => type === 'upload.done')).toMatchObject({ proven: true, sha256 });
  expect(
    createHash('sha256')
      .update(readFileSync(join(stored, 'video.mp4')))
      .digest('hex'),
  ).toBe(sha256);
}

const isRoot = process.getuid?.() === 0;

describe('a state file that cannot be trusted is set aside with a warning, and a new upload begins', () => {
  it.each<[string, (killed: Killed) => void, RegExp]>([
    ['torn', ({ record }) => truncateSync(record, 100), /cannot be read/],
    ['empty', ({ record }) => truncateSync(record, 0), /cannot be read/],
    ['of random bytes', ({ record }) => writeFileSync(record, randomBytes(500)), /cannot be read/],
    ['JSON of another kind', ({ record }) => writeFileSync(record, '["a list"]'), /cannot be read/],
    ['null', ({ record }) => writeFileSync(record, 'null'), /cannot be read/],
    ['of a later version', (killed) => rewrite(killed, (fields) => (fields.schema = 99)), /later version/],
    [
      'foreign: of another file',
      (killed) => rewrite(killed, (fields) => (fields.path = '/other.mp4')),
      /belongs to another upload/,
    ],
    [
      'foreign: of another server',
      (killed) => rewrite(killed, (fields) => (fields.server = 'http://other.example/')),
      /belongs to another upload/,
    ],
    [
      'without its digest',
      (killed) => rewrite(killed, (fields) => (fields.prefix = { bytes: 5 })),
      /cannot be read/,
    ],
    [
      'a folder',
      ({ record }) => {
        rmSync(record);
        mkdirSync(record);
        writeFileSync(join(record, 'something'), '');
      },
      /cannot be read \(EISDIR\)/,
    ],
  ])('%s', async (_, spoil, says) => {
    const killed = await killedUpload();
    spoil(killed);
    const end = await killed.again();
    expectProven(end, killed);
    expect(end.events.filter(({ type }) => type === 'upload.resumed')).toEqual([]);
    expect(end.events.find(({ type }) => type === 'upload.warning')?.message).toMatch(says);
    expect(readdirSync(killed.stateDir)).toEqual([`${killed.record.split('/').at(-1)}.unreadable`]);
  });
});

it('a state file that this user may not read is left as it is, with exit 3: it may be a good one', async (context) => {
  if (isRoot) context.skip('root may read everything; test/cli/permissions.test.ts has another user');
  const killed = await killedUpload();
  const before = readFileSync(killed.record, 'utf8');
  chmodSync(killed.record, 0o000);
  const { code, events } = await killed.again();
  expect(code).toBe(3);
  expect(events.find(({ type }) => type === 'upload.failed')?.message).toMatch(/cannot be read: EACCES$/);
  chmodSync(killed.record, 0o600);
  expect(readFileSync(killed.record, 'utf8')).toBe(before);
});

describe('a state file that is well-formed but says what is not so', () => {
  it('an upload on another server: nothing is sent there', async () => {
    const killed = await killedUpload();
    const other = await startFaultProxy({ target: killed.proxy.url });
    onTestFinished(other.close);
    rewrite(killed, (fields) => {
      fields.url = String(fields.url).replace(killed.proxy.url, other.url);
    });
    const end = await killed.again();
    expectProven(end, killed);
    expect(end.events.find(({ type }) => type === 'upload.warning')?.message).toMatch(/another origin/);
    expect(other.log).toEqual([]);
  });

  it('bytes that the file does not have: exit 3, nothing is spliced', async () => {
    const killed = await killedUpload();
    rewrite(killed, (fields) => {
      fields.prefix = { bytes: CHUNK_BYTES, sha256: '0'.repeat(64) };
    });
    const patches = killed.proxy.log.filter(({ method }) => method === 'PATCH').length;
    const { code, events } = await killed.again();
    expect(code).toBe(3);
    expect(events.find(({ type }) => type === 'upload.failed')).toMatchObject({ kind: 'input' });
    expect(killed.proxy.log.filter(({ method }) => method === 'PATCH')).toHaveLength(patches);
  });

  it('an upload that is not there: a new one begins', async () => {
    const killed = await killedUpload();
    rewrite(killed, (fields) => {
      fields.url = `${killed.proxy.url}/uploads/00000000-0000-4000-8000-000000000000`;
    });
    const end = await killed.again();
    expectProven(end, killed);
    expect(end.events.find(({ type }) => type === 'upload.warning')?.message).toMatch(
      /no longer has the upload/,
    );
  });

  it('nothing at all is trusted of a torn temporary file or a lock without sense', async () => {
    const killed = await killedUpload();
    writeFileSync(`${killed.record}.0000.tmp`, '{"schema":1,');
    writeFileSync(killed.record.replace(/json$/, 'lock'), '{"pid":');
    const end = await killed.again();
    expectProven(end, killed);
    expect(end.events.some(({ type }) => type === 'upload.resumed')).toBe(true);
  });
});

beforeAll(() => {
  if (isRoot) console.log('the state file without permission is not tested: root may read everything');
});
