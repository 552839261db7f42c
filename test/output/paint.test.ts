import { expect, test } from 'vitest';
import { createPaint, type Environment, wantsColor } from '../../src/output/paint.ts';
import { fakeStream } from './fake-stream.ts';

const terminal = fakeStream(80);
const pipe = fakeStream();

test.each<[string, typeof terminal, Environment, boolean, boolean]>([
  ['a terminal gets colours', terminal, {}, false, true],
  ['a pipe gets none', pipe, {}, false, false],
  ['NO_COLOR turns them off', terminal, { NO_COLOR: '1' }, false, false],
  ['an empty NO_COLOR does not (no-color.org)', terminal, { NO_COLOR: '' }, false, true],
  ['TERM=dumb turns them off', terminal, { TERM: 'dumb' }, false, false],
  ['FORCE_COLOR gives them to a pipe', pipe, { FORCE_COLOR: '1' }, false, true],
  ['FORCE_COLOR is stronger than NO_COLOR', pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  ['FORCE_COLOR=0 turns them off', terminal, { FORCE_COLOR: '0' }, false, false],
  ['--no-color is stronger than FORCE_COLOR', terminal, { FORCE_COLOR: '1' }, true, false],
])('%s', (_, stream, environment, refused, colored) => {
  expect(wantsColor(stream, environment, refused)).toBe(colored);
});

test('paint without colours changes nothing, and with colours it adds sequences', async () => {
  expect((await createPaint(false)).bad('error:')).toBe('error:');
  expect((await createPaint(true)).bad('error:')).toBe('\x1b[1m\x1b[31merror:\x1b[39m\x1b[22m');
});
