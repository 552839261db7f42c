import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseMetadata } from '../../src/protocol/headers.ts';
import { protocols } from '../../src/protocol/protocols/index.ts';
import { planUpload } from '../../src/upload/plan.ts';
import { defaultSettings } from '../../src/upload/settings.ts';
import { sha256 } from '../server/harness.ts';
import { MIB } from './harness.ts';
import { type ReferenceBench, startReferenceBench } from './reference.ts';

const v1 = { protocol: 'pulse-v1' } as const;

/** What the creations that reached the proxy said in their metadata. */
function declared(bench: ReferenceBench): Record<string, string>[] {
  return bench.proxy.log
    .filter(({ method }) => method === 'POST')
    .map(({ headers }) =>
      Object.fromEntries(
        Object.entries(parseMetadata(headers['upload-metadata'] ?? '') ?? {}).map(([key, value]) => [
          key,
          Buffer.from(value).toString(),
        ]),
      ),
    );
}

describe('protocol v1', () => {
  it('is recognised by its capabilities, and brings a file over', async () => {
    const bench = await startReferenceBench({ protocol: 'pulse-v1', token: 's3cret' });
    const file = await bench.file(2 * MIB + 7, 'A walk.mp4');
    const outcome = await bench.upload(file, { token: 's3cret' });
    expect(bench.of('upload.failed')).toEqual([]);
    expect(outcome.exitCode).toBe(0);
    const content = await readFile(file);
    const [metadata] = declared(bench);
    expect(metadata).toMatchObject({
      filename: 'A walk.mp4',
      name: 'A walk',
      kind: 'video',
      checksum: `sha256:${sha256(content)}`,
    });
    expect(bench.of('upload.start')).toMatchObject([
      { protocol: 'pulse-v1', concluded: '/capabilities answered protocolVersion 1' },
    ]);
    // The server lists sha256, and took it: what it does with it is not shown, and so not claimed.
    expect(bench.of('upload.done')).toMatchObject([{ proven: false, proof: 'declared' }]);
    expect((await bench.stored(`${metadata?.artifactId}.mp4`)).equals(content)).toBe(true);
    const authorized = bench.proxy.log.filter(({ path }) => path.startsWith('/upload'));
    expect(authorized.every(({ headers }) => headers.authorization === 'Bearer s3cret')).toBe(true);
  });

  it('proves the content by reading it back when asked', async () => {
    const bench = await startReferenceBench(v1);
    expect((await bench.upload(await bench.file(MIB + 1), { ...v1, readBack: true })).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back' }]);
  });

  it('reads other bytes back, and says so', async () => {
    const bench = await startReferenceBench(v1);
    const file = await bench.file(1000);
    const other = 'x'.repeat(1000);
    bench.proxy.addFault({
      on: { method: 'GET', path: '/artifacts/' },
      do: 'answer',
      status: 200,
      body: other,
    });
    expect((await bench.upload(file, { ...v1, readBack: true })).exitCode).toBe(7);
    expect(bench.of('upload.done')).toEqual([]);
  });

  it('believes the digest that a server names itself, and no other one', async () => {
    const bench = await startReferenceBench(v1);
    const content = Buffer.from('content');
    const digest = (bytes: Uint8Array) => `sha-256=:${Buffer.from(sha256(bytes), 'hex').toString('base64')}:`;
    const naming = (bytes: Uint8Array, headers = {}) =>
      bench.proxy.setFaults([
        {
          on: { method: 'HEAD', path: '/artifacts/' },
          do: 'alter-response',
          headers: { 'Repr-Digest': digest(bytes), ...headers },
        },
      ]);
    naming(content);
    expect((await bench.upload(await bench.file(content, 'one.mp4'), v1)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'digest' }]);
    naming(Buffer.from('another'));
    expect((await bench.upload(await bench.file(content, 'two.mp4'), v1)).exitCode).toBe(7);
    // That of compressed bytes is another digest of the same content.
    naming(Buffer.from('compressed'), { 'Content-Encoding': 'gzip' });
    expect((await bench.upload(await bench.file(content, 'three.mp4'), v1)).exitCode).toBe(0);
    expect(bench.of('upload.done').at(-1)).toMatchObject({ proven: false });
  });

  it.each([
    [
      'a name with another ending',
      { 'movie.avi': 10 },
      {},
      /has the ending \.avi, but the server takes only \.mp4 \(video\)/,
    ],
    [
      'a kind that it does not take',
      { 'video.mp4': 10 },
      { kind: 'song' },
      /takes no artifacts of kind "song"/,
    ],
    [
      'a file that is too large',
      { 'video.mp4': 2000 },
      {},
      /has 2000 bytes, but the server takes at most 1000/,
    ],
  ])('sends nothing for %s', async (_, files, metadata, words) => {
    const bench = await startReferenceBench({ ...v1, maxSizeBytes: 1000 });
    const [[name, size] = ['', 0]] = Object.entries(files);
    expect((await bench.upload(await bench.file(size, name), { ...v1, metadata })).exitCode).toBe(5);
    expect(bench.of('upload.failed')[0]?.message).toMatch(words);
    expect(bench.lines()).toEqual(['GET /capabilities 200']);
  });

  it.each([
    [
      { minSupportedVersion: 2, maxSupportedVersion: 3 },
      /speaks versions 2 to 3 .* this tool version 1: it needs an update/,
    ],
    [{ minSupportedVersion: 0, maxSupportedVersion: 0 }, /expected 1: the server needs an update/],
  ])('sends nothing to a server of other versions (%j)', async (range, words) => {
    const bench = await startReferenceBench(v1);
    const body = JSON.stringify({ protocolVersion: 2, ...range });
    bench.proxy.addFault({ on: { path: '/capabilities' }, do: 'answer', status: 200, body });
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(5);
    expect(bench.of('upload.failed')[0]?.message).toMatch(words);
    expect(bench.lines()).toEqual([]);
  });

  it('is not limited by endings that are null, as servers in Go write a list that holds nothing', async () => {
    const bench = await startReferenceBench(v1);
    const body = JSON.stringify({ protocolVersion: 1, allowedExtensions: { video: null } });
    bench.proxy.addFault({ on: { path: '/capabilities' }, do: 'answer', status: 200, body });
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
  });

  it('declares no checksum to a server that lists no sha256', async () => {
    const bench = await startReferenceBench(v1);
    const body = JSON.stringify({ protocolVersion: 1, checksum: { algorithms: ['md5'] } });
    bench.proxy.addFault({ on: { path: '/capabilities' }, do: 'answer', status: 200, body });
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
    expect(declared(bench)[0]).not.toHaveProperty('checksum');
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
    expect(bench.of('upload.done')[0]).not.toHaveProperty('proof');
  });

  it('takes kind and artifact from the metadata, and the kind else from the ending', async () => {
    const bench = await startReferenceBench(v1);
    const [artifactId, relatedTo] = [randomUUID(), randomUUID()];
    await bench.upload(await bench.file(10, 'words.vtt'), { ...v1, metadata: { artifactId, relatedTo } });
    expect(declared(bench)).toMatchObject([{ kind: 'captions', artifactId, relatedTo }]);
    expect(await bench.stored(`${artifactId}.vtt`)).toHaveLength(10);
  });

  it.each([
    ['no UUID', { artifactId: '7' }, /artifactId 7 is no UUID/],
    ['one for two files', { artifactId: randomUUID() }, /was given to .*one\.mp4 already/],
  ])('refuses an artifactId that is %s', async (_, metadata, words) => {
    const bench = await startReferenceBench(v1);
    const files = [await bench.file(10, 'one.mp4'), await bench.file(10, 'two.mp4')];
    await bench.upload(files, { ...v1, metadata });
    expect(bench.of('upload.failed').at(-1)).toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(words),
    });
  });

  it('goes on with the artifact whose 201 was lost', async () => {
    const bench = await startReferenceBench(v1);
    bench.proxy.addFault({ on: { method: 'POST', nth: 1 }, do: 'swallow-response', by: 'rst' });
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, v1)).exitCode).toBe(0);
    const [first, second] = declared(bench);
    expect(second?.artifactId).toBe(first?.artifactId);
    expect((await bench.stored(`${first?.artifactId}.mp4`)).equals(await readFile(file))).toBe(true);
  });

  it('repeats the creation under the same id in the next run, after a lost 201 that was the last try', async () => {
    const bench = await startReferenceBench(v1);
    bench.proxy.addFault({ on: { method: 'POST', nth: 1 }, do: 'swallow-response', by: 'rst' });
    const file = await bench.file(MIB);
    expect((await bench.upload(file, { ...v1, retries: 0 })).exitCode).toBe(4);
    expect((await bench.upload(file, v1)).exitCode).toBe(0);
    expect(new Set(declared(bench).map(({ artifactId }) => artifactId)).size).toBe(1);
    expect(bench.lines().filter((line) => line.startsWith('POST'))).toEqual([
      'POST /upload 201',
      'POST /upload 409',
    ]);
  });

  it('creates the same artifact again when the server no longer has its upload', async () => {
    const bench = await startReferenceBench(v1);
    const file = await bench.file(4 * MIB);
    bench.proxy.addFault({ on: { method: 'PATCH', nth: 2, times: 9 }, do: 'answer', status: 500 });
    expect((await bench.upload(file, { ...v1, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    const [first] = declared(bench);
    await fetch(`${bench.server.url}/artifacts/${first?.artifactId}`, { method: 'DELETE' });
    expect((await bench.upload(file, v1)).exitCode).toBe(0);
    expect(declared(bench).map(({ artifactId }) => artifactId)).toEqual([
      first?.artifactId,
      first?.artifactId,
    ]);
  });

  it('starts over under another name where the server answers no HEAD', async () => {
    const bench = await startReferenceBench(v1);
    const file = await bench.file(4 * MIB);
    const noHead = { on: { method: 'HEAD', times: 99 }, do: 'answer', status: 405 } as const;
    bench.proxy.setFaults([noHead, { on: { method: 'PATCH', nth: 2, times: 9 }, do: 'answer', status: 500 }]);
    expect((await bench.upload(file, { ...v1, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([noHead]);
    expect((await bench.upload(file, v1)).exitCode).toBe(0);
    expect(new Set(declared(bench).map(({ artifactId }) => artifactId)).size).toBe(2);
  });

  it('knows its upload again where it was not found in passing, and nothing came of making it anew', async () => {
    const bench = await startReferenceBench(v1);
    const file = await bench.file(4 * MIB);
    const failing = { do: 'answer', status: 500 } as const;
    bench.proxy.addFault({ on: { method: 'PATCH', nth: 2, times: 9 }, ...failing });
    const once = { ...v1, retries: 0, metadata: { artifactId: randomUUID() } };
    expect((await bench.upload(file, once)).exitCode).toBe(4);
    bench.proxy.setFaults([
      { on: { method: 'HEAD', times: 9 }, do: 'answer', status: 404 },
      { on: { method: 'POST' }, ...failing },
    ]);
    expect((await bench.upload(file, once)).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    expect((await bench.upload(file, once)).exitCode).toBe(0);
    expect(bench.of('upload.resumed').map(({ offsetBytes }) => offsetBytes)).toEqual([MIB]);
    expect(bench.of('upload.done')).toHaveLength(1);
  });

  it('makes another one where another id is given, as a dry run says', async () => {
    const bench = await startReferenceBench(v1);
    const file = await bench.file(4 * MIB);
    bench.proxy.addFault({ on: { method: 'PATCH', nth: 2, times: 9 }, do: 'answer', status: 500 });
    expect((await bench.upload(file, { ...v1, retries: 0 })).exitCode).toBe(4);
    bench.proxy.setFaults([]);
    const settings = { ...defaultSettings, ...v1, server: new URL(bench.proxy.url) };
    const plan = (metadata: Readonly<Record<string, string>>) =>
      planUpload(file, protocols, { ...settings, metadata }, bench.tools);
    expect(await plan({})).toMatchObject({ intention: 'resume' });
    const metadata = { artifactId: randomUUID() };
    const reason = 'the saved upload was given another name';
    expect(await plan(metadata)).toMatchObject({ intention: 'send', reason });
    expect((await bench.upload(file, { ...v1, metadata })).exitCode).toBe(0);
    expect(bench.of('upload.warning')).toMatchObject([{ message: expect.stringContaining(reason) }]);
  });

  it('refuses an artifact that somebody else has made', async () => {
    const bench = await startReferenceBench(v1);
    const metadata = { artifactId: randomUUID() };
    expect((await bench.upload(await bench.file(10, 'one.mp4'), { ...v1, metadata })).exitCode).toBe(0);
    expect((await bench.upload(await bench.file(10, 'two.mp4'), { ...v1, metadata })).exitCode).toBe(5);
    // Another --name would not help: the id decides.
    expect(bench.of('upload.failed')).toMatchObject([
      {
        message: expect.stringMatching(/answered 409/),
        hint: expect.stringMatching(/under this artifactId/),
      },
    ]);
  });

  it('says of a declared checksum that it proves nothing, not that there was none', async () => {
    const bench = await startReferenceBench(v1);
    expect((await bench.upload(await bench.file(10), { ...v1, requireProof: true })).exitCode).toBe(8);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        message: expect.stringMatching(
          /^the server accepted the checksum but never showed that it compared it, so/,
        ),
      },
    ]);
  });

  it.each([
    ['finished', 10],
    ['begun', 4],
  ])('never takes what somebody else has %s for its own because an answer was lost', async (_, sentBytes) => {
    const bench = await startReferenceBench(v1);
    const artifactId = randomUUID();
    const url = `${bench.server.url}/upload/${artifactId}`;
    const texts = { artifactId, kind: 'video', filename: 'other.mp4' };
    const pairs = Object.entries(texts).map(
      ([key, text]) => `${key} ${Buffer.from(text).toString('base64')}`,
    );
    const tus = { 'Tus-Resumable': '1.0.0' };
    await fetch(`${bench.server.url}/upload`, {
      method: 'POST',
      headers: { ...tus, 'Upload-Length': '10', 'Upload-Metadata': pairs.join() },
    });
    const octets = { 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' };
    await fetch(url, { method: 'PATCH', headers: { ...tus, ...octets }, body: 'x'.repeat(sentBytes) });
    bench.proxy.addFault({ on: { method: 'POST', nth: 1 }, do: 'swallow-response', by: 'rst' });
    const file = await bench.file(10, 'mine.mp4');
    const settings = { ...v1, metadata: { artifactId }, abortOnFailure: true };
    expect((await bench.upload(file, settings)).exitCode).toBe(5);
    expect((await bench.upload(file, settings)).exitCode).toBe(5);
    expect(bench.of('upload.done')).toEqual([]);
    const asked = await fetch(url, { method: 'HEAD', headers: tus });
    expect(asked.headers.get('upload-offset')).toBe(String(sentBytes));
  });

  it('removes nothing of somebody else whose artifact has another size', async () => {
    const bench = await startReferenceBench(v1);
    const artifactId = randomUUID();
    const headers = {
      'Tus-Resumable': '1.0.0',
      'Upload-Length': '20',
      'Upload-Metadata': `artifactId ${Buffer.from(artifactId).toString('base64')},kind dmlkZW8=,filename YS5tcDQ=`,
    };
    await fetch(`${bench.server.url}/upload`, { method: 'POST', headers });
    bench.proxy.addFault({ on: { method: 'POST', nth: 1 }, do: 'swallow-response', by: 'rst' });
    const file = await bench.file(10, 'mine.mp4');
    const outcome = await bench.upload(file, { ...v1, metadata: { artifactId }, abortOnFailure: true });
    expect(outcome.exitCode).toBe(5);
    const asked = await fetch(`${bench.server.url}/upload/${artifactId}`, { method: 'HEAD', headers });
    expect(asked.headers.get('upload-length')).toBe('20');
  });

  it('takes 422 for what it is: other bytes than declared', async () => {
    const bench = await startReferenceBench(v1);
    bench.proxy.addFault({ on: { method: 'PATCH' }, do: 'answer', after: 'body', status: 422 });
    const file = await bench.file(10);
    expect((await bench.upload(file, v1)).exitCode).toBe(7);
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'integrity', resumable: false }]);
  });

  it('drops after 422 what several chunks had brought, and sends it afresh', async () => {
    const bench = await startReferenceBench(v1);
    bench.proxy.addFault({ on: { method: 'PATCH', nth: 4 }, do: 'answer', after: 'body', status: 422 });
    const file = await bench.file(4 * MIB);
    expect((await bench.upload(file, v1)).exitCode).toBe(7);
    expect(bench.of('upload.failed')).toMatchObject([
      { resumable: false, hint: expect.stringMatching(/to send it afresh, run the same command again$/) },
    ]);
    expect((await bench.upload(file, v1)).exitCode).toBe(0);
    expect(bench.of('upload.created')).toHaveLength(2);
    expect(bench.of('upload.done')).toMatchObject([{ resumedFromBytes: 0, sentBytes: 4 * MIB }]);
  });

  it('ends with the right bytes over a line that cuts every kind of request', async () => {
    const bench = await startReferenceBench(v1);
    const file = await bench.file(5 * MIB + 3);
    bench.proxy.setFaults([
      { on: { path: '/capabilities', nth: 1 }, do: 'cut-response', afterBytes: 20, by: 'rst' },
      { on: { method: 'POST', nth: 1 }, do: 'cut-request', afterBodyBytes: 0, by: 'rst' },
      { on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 300_000, by: 'fin' },
      { on: { method: 'PATCH', nth: 4 }, do: 'swallow-response', by: 'rst' },
      { on: { method: 'HEAD', nth: 2 }, do: 'cut-response', afterBytes: 10, by: 'rst' },
      {
        on: { method: 'GET', path: '/artifacts/', nth: 1 },
        do: 'cut-response',
        afterBytes: 2 * MIB,
        by: 'rst',
      },
    ]);
    const outcome = await bench.upload(file, { ...v1, readBack: true });
    expect(bench.of('upload.failed')).toEqual([]);
    expect(outcome.exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sha256: sha256(await readFile(file)) }]);
  });
});
