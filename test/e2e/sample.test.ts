import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, serve, temporaryFolder } from './bin.ts';

const sample = 'fixtures/sample.mp4';
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('the sample video', () => {
  it('is of 3 to 6 MiB and no whole number of them, so that several chunks are sent and the last is a short one', () => {
    const mib = statSync(sample).size / 1_048_576;
    expect(mib).toBeGreaterThan(3);
    expect(mib).toBeLessThan(6);
    expect(Number.isInteger(mib)).toBe(false);
  });

  it.each(['raw', 'multipart'])(
    'arrives whole as %s chunks: same sha256, and a player opens it',
    async (body) => {
      const dir = temporaryFolder();
      const server = await serve(join(dir, 'uploads'));
      const { code, stdout, stderr } = await run(
        [sample, '--server', server.url, '--body', body],
        join(dir, 'state'),
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^${server.url}/uploads/[0-9a-f-]{36}\n$`));
      expect(stderr).toContain(sha256(sample));
      const stored = join(dir, 'uploads', 'sample.mp4');
      expect(sha256(stored)).toBe(sha256(sample));

      if (spawnSync('ffprobe', ['-version']).error !== undefined) {
        console.error('skipped in part: no ffprobe here to open the stored video with');
        return;
      }
      const entries = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0'];
      const codecs = execFileSync('ffprobe', [...entries, stored], { encoding: 'utf8' });
      expect(codecs.trim().split(/\s+/).sort()).toEqual(['aac', 'h264']);
    },
  );
});
