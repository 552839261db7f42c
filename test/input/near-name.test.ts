import { expect, test } from 'vitest';
import { editDistance, nearName } from '../../src/input/near-name.ts';

const names = ['upload', 'serve', 'verify'];

test.each([
  ['verify', 'verify'],
  ['verfy', 'verify'],
  ['Verify', 'verify'],
  ['vreify', 'verify'],
  ['uplaod', 'upload'],
  ['server', 'serve'],
  ['serv', 'serve'],
])('%s is nearly %s', (word, name) => {
  expect(nearName(word, names)).toBe(name);
});

test.each(['video.mp4', 'clip', 'lead', 'a', '', 'serve.mp4', 'uploads.txt'])(
  '%s is near to no command',
  (word) => {
    expect(nearName(word, names)).toBeUndefined();
  },
);

test('the nearest name wins', () => {
  expect(nearName('list', ['lint', 'list'])).toBe('list');
});

test.each([
  ['', 'abc', 3],
  ['abc', '', 3],
  ['abc', 'abc', 0],
  ['abc', 'acb', 1],
  ['kitten', 'sitting', 3],
])('from %j to %j it takes %d edits', (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
});
