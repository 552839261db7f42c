import { expect, test } from 'vitest';
import { parseFileName } from '../../src/input/file-name.ts';
import { errorOf } from '../cli/usage-errors.ts';

test.each(['video.mp4', 'ein Film – Ostsee.mp4', '..hidden', 'a..b', '視頻.mp4'])(
  '%j is a file name',
  (name) => {
    expect(parseFileName(name, '--name')).toBe(name);
  },
);

test.each([
  ['a/b.mp4', 'a file name without a path', "did you mean --name 'b.mp4'?"],
  ['..\\b.mp4', 'a file name without a path', "did you mean --name 'b.mp4'?"],
  ['a/..', 'a file name without a path', 'write for example video.mp4'],
  ['..', 'a file name without a path', 'write for example video.mp4'],
  ['.', 'a file name without a path', 'write for example video.mp4'],
  ['a\nb.mp4', 'a file name without control characters', 'give a printable name with --name'],
  ['\x1b[2J.mp4', 'a file name without control characters', 'give a printable name with --name'],
  ['\x9b.mp4', 'a file name without control characters', 'give a printable name with --name'],
  [' ', 'a file name', 'is a variable of your script empty?'],
])('%j is none: expected %s', (name, expected, hint) => {
  const error = errorOf(() => parseFileName(name, '--name'));
  expect(error).toMatchObject({ kind: 'usage', message: `--name is '${name}', expected ${expected}`, hint });
});
