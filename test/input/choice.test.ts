import { expect, test } from 'vitest';
import { oneOf } from '../../src/input/choice.ts';
import { parseText } from '../../src/input/text.ts';
import { errorOf } from '../cli/usage-errors.ts';

test('a choice is one of its words, and the error lists them', () => {
  const parse = oneOf('auto', 'pulse', 'tus');
  expect(parse('tus', '--protocol')).toBe('tus');
  const { message, hint } = errorOf(() => parse('TUS', 'PULSE_UPLOAD_PROTOCOL'));
  expect(message).toBe("PULSE_UPLOAD_PROTOCOL is 'TUS', expected auto, pulse or tus");
  expect(hint).toBe('choose auto, pulse or tus');
});

test('a text is not empty', () => {
  expect(parseText('a b', '--name')).toBe('a b');
  expect(errorOf(() => parseText(' ', '--name')).message).toBe(
    "--name is ' ', expected a text that is not empty",
  );
});
