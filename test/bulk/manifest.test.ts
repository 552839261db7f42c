import { describe, expect, test } from 'vitest';
import { entriesOf } from '../../src/bulk/manifest.ts';
import { pieces } from './folder.ts';

async function entries(format: 'jsonl' | 'csv', text: string | Buffer) {
  const found = [];
  for await (const entry of entriesOf({ label: `list.${format}`, read: () => pieces(text), format }))
    found.push(entry);
  return found;
}

describe('a manifest of JSON lines', () => {
  test('says of each file what is special about it', async () => {
    const text =
      '{"file":"a.mp4","name":"x.mp4","metadata":{"camera":"7"},"tokenFile":"t"}\n\n{"file":"caf\\udce9"}\r\n';
    expect(await entries('jsonl', `\ufeff${text}`)).toEqual([
      { file: 'a.mp4', relative: 'a.mp4', own: { name: 'x.mp4', metadata: { camera: '7' }, tokenFile: 't' } },
      { file: 'caf\udce9', relative: 'caf\udce9' },
    ]);
  });

  test.each([
    ['no JSON', 'file: a.mp4', /:2 is no JSON object/],
    ['another kind of JSON', '["a.mp4"]', /:2 is no JSON object/],
    ['no file', '{"name":"a.mp4"}', /:2 names no file/],
    ['a file that is no text', '{"file":7}', /:2 has a file that is 7/],
    ['an empty name', '{"file":"a","name":""}', /:2 has a name/],
    ['a misspelt field', '{"file":"a","token_file":"t"}', /:2 has the field 'token_file'/],
    ['metadata that no header takes', '{"file":"a","metadata":{"a b":"1"}}', /:2 has metadata/],
    ['metadata that is no text', '{"file":"a","metadata":{"a":1}}', /:2 has metadata/],
  ])('with %s names the line', async (_, line, message) => {
    const broken = entries('jsonl', `{"file":"a.mp4"}\n${line}\n`);
    await expect(broken).rejects.toMatchObject({ kind: 'input', message });
  });

  test('that is not UTF-8 names the line', async () => {
    const text = Buffer.concat([Buffer.from('{"file":"caf'), Buffer.of(0xe9), Buffer.from('"}\n')]);
    await expect(entries('jsonl', text)).rejects.toMatchObject({ message: /:1 is not UTF-8/ });
  });
});

describe('a manifest of CSV', () => {
  test('has columns, quotes, and metadata by key; bytes are kept', async () => {
    const text = Buffer.concat([
      Buffer.from(
        'file,name,metadata.camera,metadata.day\r\n"a, b.mp4","say ""x"".mp4",7,\r\nc.mp4,,,\r\ncaf',
      ),
      Buffer.of(0xe9),
      Buffer.from(',,,\r\n'),
    ]);
    expect(await entries('csv', text)).toEqual([
      { file: 'a, b.mp4', relative: 'a, b.mp4', own: { name: 'say "x".mp4', metadata: { camera: '7' } } },
      { file: 'c.mp4', relative: 'c.mp4' },
      { file: 'caf\udce9', relative: 'caf\udce9' },
    ]);
  });

  test.each([
    ['no column file', 'name\na\n', /:1 has no column 'file'/],
    ['a column twice', 'file,file\na,b\n', /:1 names 'file' twice/],
    ['a field too many', 'file,name\na,b\nc,d,e\n', /:3 is no CSV/],
    ['a quote that nothing ends', 'file,name\n"a,b\n', /list\.csv:\d is no CSV/],
    ['an unknown column', 'file,title\na,b\n', /:2 has the field 'title'/],
    ['a row without file', 'file,name\n,b\n', /:2 names no file/],
  ])('with %s names the line', async (_, text, message) => {
    await expect(entries('csv', text)).rejects.toMatchObject({ kind: 'input', message });
  });
});
