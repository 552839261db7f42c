import { afterEach, describe, expect, it } from 'vitest';
import { receivedNotStoredDefects } from '../../src/server/defects/received-not-stored.ts';
import { runAgainst, startReference } from '../proof/run.ts';
import { httpServer, probeAt, stopAll } from './probes.ts';

afterEach(stopAll);

/** A server that finalizes whatever it is asked to, with the checksum that the test wants. */
async function finalizing(sha256: string) {
  return httpServer(({ method, url }, response) => {
    const status = method === 'POST' && url === '/uploads' ? 201 : method === 'PATCH' ? 204 : 200;
    response.writeHead(status, { Location: '/uploads/1', 'Upload-Offset': '100' });
    response.end(status === 200 ? JSON.stringify({ size: 100, checksum: `sha256:${sha256}` }) : '');
  });
}

/** What is found where the server finalizes with a checksum, and the user's command prints bytes. */
async function contentWhere(
  said: (right: string) => string,
  stored: (right: Uint8Array) => Uint8Array | { readonly failed: string },
) {
  const file = probeAt('http://127.0.0.1:1').probe.payload(100);
  const asked: string[] = [];
  const readBack = async ({ filename }: { readonly filename: string }) => {
    asked.push(filename);
    return stored(file.bytes(0, 100));
  };
  const { probe } = probeAt(await finalizing(said(file.sha256())), {}, {}, { readBack });
  const upload = await probe.create(100);
  await probe.patch(upload, 0, file.part(0, 100));
  const content = await probe.content({ ...upload, filename: 'named.mp4' }, file);
  return { content, asked };
}

describe('the content behind finalize, where there is a command that reads it back', () => {
  it('is what the command prints, and told by its runs where it differs', async () => {
    const { content, asked } = await contentWhere(
      (right) => right,
      (right) => Buffer.concat([right.subarray(0, 40), right.subarray(24)]),
    );
    expect(content).toMatchObject({ by: 'read-back', stored: { sizeBytes: 116 }, exchange: {} });
    expect(content.runs).toHaveLength(2);
    expect(asked).toEqual(['named.mp4']);
  });

  it('is unknown where the command fails', async () => {
    const { content } = await contentWhere(
      (right) => right,
      () => ({ failed: 'exit code 1' }),
    );
    expect(content.stored).toBeUndefined();
    expect(content.unknown).toBe('the read-back command failed: exit code 1');
  });

  it('is what finalize says, where that is wrong already', async () => {
    const { content, asked } = await contentWhere(
      () => '0'.repeat(64),
      (right) => right,
    );
    expect(content).toMatchObject({ by: 'finalize', stored: { sha256: '0'.repeat(64) } });
    expect(asked).toEqual([]);
  });
});

describe('what a checksum of finalize cannot show', () => {
  it.concurrent.each(receivedNotStoredDefects.map((defect) => [defect.id, defect] as const))(
    '%s fails none of the checks that notice it by --read-back',
    async (_id, { behaviour, breaks }) => {
      const reference = await startReference({ protocol: 'pulse', behaviour: behaviour() });
      const { results } = await runAgainst(reference, { protocol: 'pulse', only: breaks });
      await reference.stop();
      const idsOf = (wanted: string) =>
        results.filter(({ verdict }) => verdict === wanted).map(({ id }) => id);
      expect(idsOf('fail')).toEqual([]);
      expect(idsOf('pass')).not.toEqual([]);
    },
  );
});
