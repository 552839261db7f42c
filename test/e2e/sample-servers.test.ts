import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Fault, startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { start as adapter } from '../../fixtures/servers/adapter.js';
import { start as binary } from '../../fixtures/servers/binary.js';
import { start as documentedBinary } from '../../fixtures/servers/documented-binary.js';
import { start as multipart } from '../../fixtures/servers/multipart.js';
import { quickMultipart, type Start } from '../fixtures/quick-multipart.ts';
import { type Ended, run, temporaryFolder } from './bin.ts';

const MIB = 1_048_576;

const right: readonly (readonly [string, Start])[] = [
  ['multipart', multipart],
  ['binary', binary],
  ['adapter', adapter],
];
const documented: readonly (readonly [string, Start])[] = [
  ['documented-multipart', quickMultipart],
  ['documented-binary', documentedBinary],
];

interface Tried extends Ended {
  /** What the chunks said they are, each once, without the boundaries of forms. */
  readonly chunkTypes: readonly string[];
  /** The SHA-256 of every file that the server holds under the video's name. */
  readonly stored: readonly string[];
  readonly sha256: string;
}

/** Sends 3 MiB and a bit through a line with these faults. */
async function tryServer(
  start: Start,
  faults: readonly Fault[],
  args: readonly string[] = [],
): Promise<Tried> {
  const dir = temporaryFolder();
  const server = await start({ port: 0, dir: join(dir, 'uploads') });
  onTestFinished(() => server.close());
  const proxy = await startFaultProxy({ target: server.url, faults });
  onTestFinished(() => proxy.close());
  const content = randomBytes(3 * MIB + 4_711);
  writeFileSync(join(dir, 'video.mp4'), content);
  const ended = await run(
    [join(dir, 'video.mp4'), '--server', proxy.url, '--retry-delay', '100ms', ...args],
    join(dir, 'state'),
  );
  const names = readdirSync(join(dir, 'uploads'), { recursive: true, encoding: 'utf8' });
  const stored = names
    .filter((name) => name.endsWith('.mp4'))
    .map((name) => sha256Of(readFileSync(join(dir, 'uploads', name))));
  const types = proxy.log
    .filter(({ method }) => method === 'PATCH')
    .map(({ headers }) => headers['content-type']?.replace(/;.*/, '') ?? '');
  return { ...ended, stored, sha256: sha256Of(content), chunkTypes: [...new Set(types)] };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const cut = (nth: number): Fault => ({
  on: { method: 'PATCH', nth },
  do: 'cut-request',
  afterBodyBytes: 400_000,
  by: 'rst',
});

const proof = 'proven  yes, the server holds exactly these bytes';
const forms = ['--body', 'multipart'];

describe.each([...right, ...documented])('%s', (_, start) => {
  it('takes a video over a good line, proven', async () => {
    const { code, stderr, stored, sha256, chunkTypes } = await tryServer(start, []);
    expect(stderr).toContain(proof);
    expect([code, stored]).toEqual([0, [sha256]]);
    expect(chunkTypes).toEqual(['application/offset+octet-stream']);
  });
});

describe.each(right)('%s, the connection cut in mid-chunk', (_, start) => {
  it('goes on and ends proven', async () => {
    const { code, stderr, stored, sha256 } = await tryServer(start, [cut(2)]);
    expect(stderr).toContain(proof);
    expect([code, stored]).toEqual([0, [sha256]]);
  });
});

describe.each([
  ['multipart', multipart],
  ['documented-multipart', quickMultipart],
] as const)('%s', (_, start) => {
  it.each([
    ['over a good line', []],
    ['the connection cut in mid-form', [cut(2)]],
  ])('takes the video as forms, proven: %s', async (_line, faults) => {
    const { code, stderr, stored, sha256, chunkTypes } = await tryServer(start, faults, forms);
    expect(stderr).toContain(proof);
    expect([code, stored]).toEqual([0, [sha256]]);
    expect(chunkTypes).toEqual(['multipart/form-data']);
  });
});

describe.each([
  ['binary', binary],
  ['adapter', adapter],
] as const)('%s', (_, start) => {
  it('takes no forms: exit 5, what it takes instead, and how to send that', async () => {
    const { code, stderr, stored, chunkTypes } = await tryServer(start, [], forms);
    expect([code, stored]).toEqual([5, []]);
    expect(stderr).toContain('415');
    expect(stderr).toContain(
      'next: if it is the form of the chunks that it does not take, try the other --body',
    );
    expect(chunkTypes).toEqual(['multipart/form-data']);
  });
});

describe.each(documented)('%s, the connection cut in mid-chunk', (_, start) => {
  it('never ends as a success for other bytes', async () => {
    const { code, stderr, stored, sha256 } = await tryServer(start, [cut(2)]);
    expect(code).toBe(0);
    expect(stderr).toContain('does not answer HEAD');
    expect(stored.at(-1)).toBe(sha256);
  });
});

it('documented-binary, cut in every upload, ends in exit 7 with both checksums', async () => {
  // The second upload gets its cut too: the fourth chunk of the first try is its sixth PATCH.
  const { code, stderr, stored, sha256 } = await tryServer(documentedBinary, [cut(2), cut(7)]);
  expect(code).toBe(7);
  expect(stored).not.toContain(sha256);
  expect(stderr).toContain(`sha256 ${stored[0]}`);
  expect(stderr).toContain(`sha256 ${sha256}`);
});
