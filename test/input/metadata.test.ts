import { expect, test } from 'vitest';
import { parseMetadataPairs } from '../../src/input/metadata.ts';
import { errorOf } from '../cli/usage-errors.ts';

const parse = (...texts: readonly string[]) => parseMetadataPairs(texts, '--metadata');

test('metadata is a key, an equals sign and any value', () => {
  expect(parse('camera=7', 'title=Größe = 大', 'empty=')).toEqual({
    camera: '7',
    title: 'Größe = 大',
    empty: '',
  });
});

test.each(['camera', '=7', 'a b=7', 'a,b=7', 'größe=7', ''])("'%s' is no metadata", (text) => {
  const { message } = errorOf(() => parse(text));
  expect(message).toBe(
    `--metadata is '${text}', expected key=value with a key of ASCII without spaces and commas`,
  );
});

test('a key is given once', () => {
  expect(errorOf(() => parse('a=1', 'a=2')).message).toBe(
    "--metadata gives 'a' twice, expected every key once",
  );
});
