import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fsPath, pathText, wireName } from '../../src/upload/source/path-text.ts';
import { startBench } from './harness.ts';

describe.skipIf(process.platform === 'win32')('a path as text', () => {
  test('gives back every byte, also through JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        const text = JSON.parse(JSON.stringify(pathText(Buffer.from(bytes)))) as string;
        expect(Buffer.from(fsPath(text)).equals(bytes)).toBe(true);
      }),
    );
  });

  test('is the name itself where that is UTF-8, whatever characters it has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(pathText(Buffer.from(name))).toBe(name);
        expect(fsPath(name)).toBe(name);
      }),
    );
    expect(fsPath('\u{1f480}.mp4')).toBe('\u{1f480}.mp4');
  });

  test('tells two names apart that differ only in bytes that are no UTF-8', () => {
    expect(JSON.stringify(pathText(Buffer.from('caf\xe9.mp4', 'latin1')))).toBe('"caf\\udce9.mp4"');
    expect(wireName('caf\udce9.mp4')).toBe('caf%E9.mp4');
  });

  test.skipIf(process.platform === 'darwin')('is enough to upload the file', async () => {
    const { server, dir, upload, of } = await startBench();
    const bytes = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from('caf\xe9.mp4', 'latin1')]);
    await writeFile(bytes, 'x');
    const file = join(dir, 'caf\udce9.mp4');
    expect(await upload(file)).toMatchObject({ exitCode: 0 });
    expect(of('upload.done')[0]?.file).toBe(file);
    expect(server.seen.at(-1)?.body.toString()).toContain('"filename":"caf%E9.mp4"');
  });
});
