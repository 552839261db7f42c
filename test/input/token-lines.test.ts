import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readTokenLines } from '../../src/input/token-lines.ts';

const id = '6f1c2d3e-4a5b-4c6d-8e7f-90a1b2c3d4e5';

async function file(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-tokens-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'tokens');
  await writeFile(path, text);
  return path;
}

test('reads a token a line, with the artifact that it is good for', async () => {
  const path = await file(`all\n\none ${id.toUpperCase()}\r\n two\t${id} \n`);
  expect(readTokenLines(path, '--token-file')).toEqual([
    { token: 'all' },
    { token: 'one', artifactId: id },
    { token: 'two', artifactId: id },
  ]);
});

test.each([
  ['', 'holds no token, expected one'],
  ['\n \n', 'holds no token, expected one'],
  ['good\ns3cret nonsense\n', 'line 2, is no token with the UUID of its artifact behind it'],
  [`s3cret ${id} more`, 'line 1, is no token with the UUID'],
  ['s3crét', 'holds characters that no HTTP header may carry'],
])('refuses %j without showing it', async (text, message) => {
  const path = await file(text);
  const read = () => readTokenLines(path, '--token-file');
  expect(read).toThrow(message);
  expect(read).not.toThrow('s3cr');
});
