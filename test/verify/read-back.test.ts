import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { receivedNotStoredDefects } from '../../src/server/defects/received-not-stored.ts';
import type { VerifyEvent } from '../../src/verify/events.ts';
import type { ReadBack } from '../../src/verify/probe/read-back.ts';
import { type ReferenceSettings, runAgainst, startReference } from '../proof/run.ts';
import { httpServer, hurriedClock, probeAt, stopAll } from './probes.ts';

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
  const settings = { readBack, clock: hurriedClock() };
  const { probe } = probeAt(await finalizing(said(file.sha256())), {}, {}, settings);
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

/** A run of one check, with a command that prints what the test says. */
async function runWith(readBack: (right: ReadBack) => ReadBack, settings: Partial<ReferenceSettings> = {}) {
  const reference = await startReference({ protocol: 'pulse', ...settings });
  onTestFinished(reference.stop);
  const events: VerifyEvent[] = [];
  const tools = {
    readBack: readBack(reference.readBack),
    report: (event: VerifyEvent) => events.push(event),
  };
  const run = runAgainst(reference, { protocol: 'pulse', only: ['data.chunk.single-byte-file'] }, tools);
  return { run, events, reference };
}

const failing: ReadBack = async () => ({ failed: 'exit code 127: sh: 1: catt: not found' });

describe('a read-back command, before the checks', () => {
  it('that fails for whatever it is asked ends the run, and accuses nobody', async () => {
    const command = 'catt "$UPLOAD_ID"';
    const { run, events } = await runWith(() => Object.assign(failing, { command }));
    await expect(run).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(
        /failed: exit code 127: sh: 1: catt: not found; .*: catt "\$UPLOAD_ID"$/,
      ),
      // Nothing is left there.
      hint: expect.stringMatching(/^correct the command, .*; if it is right, the server lost that file$/),
    });
    expect(events).toEqual([]);
  });

  it('that fails tells what stays on a server without DELETE', async () => {
    const { run } = await runWith(() => failing, { behaviour: { extensions: [] } });
    await expect(run).rejects.toMatchObject({
      hint: expect.stringMatching(
        / UPLOAD_ID [\w-]+; left there: 3; Upload-Metadata names them pulse-verify-proof-…\)$/,
      ),
    });
  });

  it('is given a moment, as are the checks, by a server that is still moving the file', async () => {
    const asked = new Map<string, number>();
    const { run } = await runWith((right) => async (upload) => {
      const times = (asked.get(upload.filename) ?? 0) + 1;
      asked.set(upload.filename, times);
      return times < 3 ? { failed: 'no such file' } : right(upload);
    });
    expect((await run).results).toMatchObject([{ verdict: 'pass' }]);
    expect([...asked.values()].every((times) => times === 3)).toBe(true);
    expect(asked.size).toBeGreaterThan(1);
  });

  it('that works then, and fails later for one upload, is a finding', async () => {
    const { run } = await runWith((right) => async (upload) => {
      return upload.filename.includes('discovery') ? right(upload) : failing(upload);
    });
    const { results, exitCode } = await run;
    expect(results).toMatchObject([
      { verdict: 'fail', violation: { actual: expect.stringContaining('exit code 127') } },
    ]);
    expect(exitCode).toBe(1);
  });

  it('that prints other bytes is believed: a finding', async () => {
    const { run } = await runWith(() => async () => Buffer.from('something else'));
    expect((await run).results).toMatchObject([{ verdict: 'fail' }]);
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
