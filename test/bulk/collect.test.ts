import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Collected } from '../../src/bulk/collect.ts';
import { createFilter } from '../../src/bulk/filter.ts';
import { collected, folderOf, pieces, temporaryFolder } from './folder.ts';

const isWindows = process.platform === 'win32';

async function namesBelow(dir: string, changes: Parameters<typeof collected>[0] = {}) {
  return namesOf(dir, await collected({ operands: [dir], recursive: true, ...changes }));
}

function namesOf(dir: string, { items }: Collected) {
  return items.map(({ file }) => relative(dir, file).split(sep).join('/'));
}

describe('a folder with -r', () => {
  test('yields everything below it, in the order of the names, hidden files too', async () => {
    const dir = await folderOf('b.mp4', 'a/2.mp4', 'a/1.mp4', '.hidden', 'a/deep/er/x.mov');
    expect(await namesBelow(dir)).toEqual(['.hidden', 'a/1.mp4', 'a/2.mp4', 'a/deep/er/x.mov', 'b.mp4']);
  });

  test('without -r is a problem that names the way out', async () => {
    const dir = await folderOf('a.mp4');
    const { items } = await collected({ operands: [dir] });
    expect(items.map(({ problem }) => problem)).toMatchObject([{ kind: 'input', hint: /add -r/ }]);
  });

  test.skipIf(isWindows)('follows links, and ends where they lead in circles', async () => {
    const dir = await folderOf('a/1.mp4');
    await symlink('..', join(dir, 'a', 'up'));
    await symlink('a', join(dir, 'other'));
    await symlink('nowhere', join(dir, 'zz-dangling'));
    const { items } = await collected({ operands: [dir], recursive: true });
    expect(items.map(({ file, problem }) => [relative(dir, file), problem?.kind])).toEqual([
      ['a/1.mp4', undefined],
      ['zz-dangling', 'input'],
    ]);
  });

  test.skipIf(isWindows)('leaves pipes out, and tells that it did', async () => {
    const dir = await folderOf('a.mp4');
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    const { items, special } = await collected({ operands: [dir], recursive: true });
    expect([items.length, special]).toEqual([1, 1]);
  });

  test.skipIf(isWindows || process.getuid?.() === 0)(
    'that cannot be read is a problem of its own',
    async () => {
      const dir = await folderOf('a.mp4', 'closed/b.mp4');
      await chmod(join(dir, 'closed'), 0);
      const { items } = await collected({ operands: [dir], recursive: true });
      await chmod(join(dir, 'closed'), 0o700);
      expect(items.map(({ problem }) => problem?.kind)).toEqual([undefined, 'input']);
    },
  );

  test('leaves files for the next run that were written a moment ago', async () => {
    const dir = await folderOf('old.mp4', 'new.mp4', 'future.mp4');
    await utimes(join(dir, 'new.mp4'), 1_800_000_000, 1_800_000_000);
    await utimes(join(dir, 'future.mp4'), 1_900_000_000, 1_900_000_000);
    const youngAt = async (nowMs: number, minAgeMs?: number) => {
      const choice = minAgeMs === undefined ? {} : { minAgeMs };
      const sources = { operands: [dir], recursive: true, ...choice };
      const { items } = await collected(sources, { dateMs: () => nowMs });
      return items.filter(({ young }) => young).map(({ relative }) => relative);
    };
    expect(await youngAt(1_800_000_004_000)).toEqual(['new.mp4']);
    expect(await youngAt(1_800_000_005_000)).toEqual([]);
    expect(await youngAt(1_800_000_005_000, 60_000)).toEqual(['new.mp4']);
    expect(await youngAt(1_800_000_004_000, 0)).toEqual([]);
  });

  test('is looked at by the time of each look: a file that was written while a list was still read is young', async () => {
    const dir = await folderOf('old.mp4', 'new.mp4');
    let nowMs = 1_800_000_000_000;
    const read = async function* () {
      yield* pieces(`${join(dir, 'old.mp4')}\n`);
      nowMs += 7_000;
      await utimes(join(dir, 'new.mp4'), nowMs / 1000, nowMs / 1000);
      yield* pieces(`${join(dir, 'new.mp4')}\n`);
    };
    const lists = [{ label: '-', read, separator: 'newline' as const }];
    const { items } = await collected({ lists, minAgeMs: 5_000 }, { dateMs: () => nowMs });
    expect(items.map(({ young }) => young)).toEqual([undefined, true]);
  });

  test('takes a named file however young it is, unless an age is asked for', async () => {
    const dir = await temporaryFolder();
    const file = join(dir, 'a.mp4');
    await writeFile(file, 'x');
    expect((await collected({ operands: [file] })).items[0]?.young).toBeUndefined();
    expect((await collected({ operands: [file], minAgeMs: 3_600_000 })).items[0]?.young).toBe(true);
  });
});

describe('ledgers in a folder', () => {
  const record = '{"ledger":1,"time":"2026-01-31T12:00:00.000Z"}\n';
  const uuid = '01234567-89ab-4cde-8f01-23456789abcd';

  test('are left out whichever run writes to them, also where nothing stands in them yet, or a torn line', async () => {
    const dir = await folderOf(
      'a.mp4',
      ['x/share-1.jsonl', record],
      ['share-2.jsonl', ''],
      ['share-3.jsonl', '{"led'],
      ['share-4.jsonl', '\0\0'],
    );
    const found = await collected({ operands: [dir], recursive: true });
    expect([namesOf(dir, found), found.ours, found.excluded]).toEqual([['a.mp4'], 4, 0]);
  });

  test('are left out with what lies beside them while they are in use', async () => {
    const beside = ['lock', `lock.${uuid}`, 'lock.0123456789abcdef', `${uuid}.tmp`];
    const dir = await folderOf('a.mp4', ...beside.map((end) => `share-1.jsonl.${end}`));
    const found = await collected({ operands: [dir], recursive: true });
    expect([namesOf(dir, found), found.ours]).toEqual([['a.mp4'], 4]);
  });

  test('are told from whatever else has such a name', async () => {
    const others = ['a.lock', 'b.jsonl.lock.mp4', 'c.jsonl.tmp', 'd.jsonl', 'e.mp4'];
    const dir = await folderOf(...others, ['f.jsonl', '{"ledger":2}'], ['g.txt', record], ['h.mp4', '']);
    const found = await collected({ operands: [dir], recursive: true });
    expect([namesOf(dir, found), found.ours]).toEqual([[...others, 'f.jsonl', 'g.txt', 'h.mp4'], 0]);
  });

  test('are sent where they are named themselves', async () => {
    const dir = await folderOf(['share-1.jsonl', record]);
    const found = await collected({ operands: [join(dir, 'share-1.jsonl')] });
    expect([namesOf(dir, found), found.ours]).toEqual([['share-1.jsonl'], 0]);
  });

  test.skipIf(isWindows)('keep nobody waiting for a pipe of such a name', async () => {
    const dir = await folderOf('a.mp4');
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    await symlink(join(dir, 'pipe'), join(dir, 'b.jsonl'));
    const found = await collected({ operands: [dir], recursive: true });
    expect([namesOf(dir, found), found.ours, found.special]).toEqual([['a.mp4', 'b.jsonl'], 0, 1]);
  });
});

describe('a file', () => {
  test('is taken once, however often it is named', async () => {
    const dir = await folderOf('a.mp4', 'b.mp4');
    const file = join(dir, 'a.mp4');
    await link(file, join(dir, 'hard.mp4'));
    if (!isWindows) await symlink(file, join(dir, 'soft.mp4'));
    const { items, duplicates } = await collected({
      operands: [file, join(dir, '.', 'a.mp4'), dir],
      recursive: true,
    });
    expect(items.map(({ file }) => file)).toEqual([file, join(dir, 'b.mp4')]);
    expect(duplicates).toBe(isWindows ? 3 : 4);
  });

  test('that is missing is a problem, and no reason to leave out the others', async () => {
    const dir = await folderOf('a.mp4');
    const { items } = await collected({ operands: [join(dir, 'missing.mp4'), join(dir, 'a.mp4')] });
    expect(items.map(({ problem }) => problem?.kind)).toEqual(['input', undefined]);
  });
});

describe('a list', () => {
  const list = (text: string | Buffer, separator: 'newline' | 'nul' = 'newline') => ({
    lists: [{ label: 'list.txt', read: () => pieces(text), separator }],
  });

  test('has one name a line, with any characters but the end of the line', async () => {
    const dir = await folderOf('#a b.mp4', "'c'.mp4");
    const text = `${join(dir, '#a b.mp4')}\r\n\n${join(dir, "'c'.mp4")}`;
    const { items } = await collected(list(text));
    expect(items.map(({ file, problem }) => [relative(dir, file), problem])).toEqual([
      ['#a b.mp4', undefined],
      ["'c'.mp4", undefined],
    ]);
  });

  test.skipIf(isWindows)('that ends names in NUL may hold line breaks', async () => {
    const dir = await folderOf('a\n.mp4', 'b.mp4');
    const { items } = await collected(list(`${join(dir, 'a\n.mp4')}\0${join(dir, 'b.mp4')}\0`, 'nul'));
    expect(items.map(({ sizeBytes }) => sizeBytes)).toEqual([6, 5]);
  });

  test('may name folders', async () => {
    const dir = await folderOf('a.mp4', 'b.mp4');
    expect((await collected({ ...list(`${dir}\n`), recursive: true })).items).toHaveLength(2);
  });

  test('that is empty is an error, and names itself', async () => {
    for (const text of ['', '\n\n'])
      await expect(collected(list(text))).rejects.toMatchObject({
        kind: 'input',
        message: /list\.txt names no file/,
      });
  });

  test('that is something else altogether is refused before it fills the memory', async () => {
    const video = Buffer.alloc(1_000_000, 1);
    await expect(
      collected({ lists: [{ label: 'a.mp4', read: () => pieces(video, 65_536), separator: 'newline' }] }),
    ).rejects.toMatchObject({
      message: /a\.mp4:1 is longer/,
    });
  });

  test('that cannot be read is an error', async () => {
    const read = async function* (): AsyncGenerator<Uint8Array> {
      yield* [];
      throw Object.assign(new Error('no'), { code: 'EACCES' });
    };
    await expect(
      collected({ lists: [{ label: 'list.txt', read, separator: 'newline' }] }),
    ).rejects.toMatchObject({ kind: 'input', message: /list\.txt cannot be read/ });
  });
});

describe.skipIf(isWindows || process.platform === 'darwin')('names that are not UTF-8', () => {
  test('are found in folders and lists, and are two where they differ', async () => {
    const dir = await folderOf('a.mp4');
    const bytesOf = (name: string) =>
      Buffer.concat([Buffer.from(`${dir}/sub/`), Buffer.from(name, 'latin1')]);
    await mkdir(join(dir, 'sub'));
    for (const name of ['caf\xe9.mp4', 'caf\xe8.mp4']) await writeFile(bytesOf(name), name);
    expect(await namesBelow(dir, { minAgeMs: 0 })).toEqual([
      'a.mp4',
      'sub/caf\udce8.mp4',
      'sub/caf\udce9.mp4',
    ]);
    const text = Buffer.concat([bytesOf('caf\xe9.mp4'), Buffer.from('\n')]);
    const lists = [{ label: '-', read: () => pieces(text), separator: 'newline' as const }];
    expect(await collected({ lists })).toMatchObject({
      items: [{ file: `${dir}/sub/caf\udce9.mp4`, sizeBytes: 9 }],
    });
  });
});

describe('globs', () => {
  const kept = (include: readonly string[], exclude: readonly string[], ...paths: readonly string[]) =>
    paths.filter(createFilter(include, exclude).takes);

  test('match the end of a path, a leading / its top, a trailing / a folder', () => {
    const paths = ['a.mp4', 'x/a.mp4', 'x/y/a.mp4', 'x/a.mov', 'ba.mp4'];
    expect(kept(['a.mp4'], [], ...paths)).toEqual(['a.mp4', 'x/a.mp4', 'x/y/a.mp4']);
    expect(kept(['/a.mp4'], [], ...paths)).toEqual(['a.mp4']);
    expect(kept(['x/*.mp4'], [], ...paths)).toEqual(['x/a.mp4']);
    expect(kept(['/x/**'], [], ...paths)).toEqual(['x/a.mp4', 'x/y/a.mp4', 'x/a.mov']);
    expect(kept([], ['y/'], ...paths)).toEqual(['a.mp4', 'x/a.mp4', 'x/a.mov', 'ba.mp4']);
  });

  test('of both kinds: the exclude wins', () => {
    expect(kept(['*.{mp4,mov}'], ['tmp-*'], 'a.mp4', 'b.mov', 'tmp-c.mp4', 'd.txt')).toEqual([
      'a.mp4',
      'b.mov',
    ]);
  });

  test('take hidden files, and a ! as a character', () => {
    expect(kept(['*.mp4'], [], '.a.mp4', '!b.mp4')).toEqual(['.a.mp4', '!b.mp4']);
    expect(kept([], ['!*'], 'a.mp4', '!b.mp4')).toEqual(['a.mp4']);
  });

  test('with a trailing / or /** mean what is in the folder, and no file of its name', () => {
    const paths = ['tmp', 'x/tmp', 'tmp/a', 'tmp/.b', 'x/tmp/.y/c', 'tmp1', 'tmp1/d'];
    expect(kept([], ['tmp/'], ...paths)).toEqual(['tmp', 'x/tmp', 'tmp1', 'tmp1/d']);
    expect(kept([], ['tmp/**'], ...paths)).toEqual(['tmp', 'x/tmp', 'tmp1', 'tmp1/d']);
    expect(kept(['tmp?/'], [], ...paths)).toEqual(['tmp1/d']);
    expect(kept(['/'], [], ...paths)).toEqual(paths);
  });

  test('see through .. in a path that was named', () => {
    const paths = [
      '../x.tmp',
      '../../out/.y.tmp',
      'a/../z.tmp',
      './b/w.tmp',
      '/c/v.tmp',
      '..tmp',
      '../u.mp4',
    ];
    expect(kept([], ['*.tmp'], ...paths)).toEqual(['../u.mp4']);
    expect(kept(['*.tmp'], [], ...paths)).toEqual(paths.slice(0, -1));
    expect(kept(['/z.tmp', '/out/*'], [], ...paths)).toEqual(['../../out/.y.tmp', 'a/../z.tmp']);
  });

  test.each(['\n', '\r', '\u2028', '\u2029'])('see names that hold a line break (%j)', (lineBreak) => {
    const paths = [`cam${lineBreak}1/v.mp4`, `x/${lineBreak}.mp4`, `y${lineBreak}.tmp`, lineBreak];
    expect(kept(['*.mp4'], [], ...paths)).toEqual(paths.slice(0, 2));
    expect(kept([], ['*.tmp', '/cam?1/'], ...paths)).toEqual([`x/${lineBreak}.mp4`, lineBreak]);
    expect(kept(['**'], [], ...paths)).toEqual(paths);
    expect(kept([`cam${lineBreak}1/*`], [], ...paths)).toEqual(paths.slice(0, 1));
  });

  test('look at the path below the folder that was named, and keep out of excluded folders', async () => {
    const dir = await folderOf('a.mp4', 'cache/b.mp4', 'x/cache/c.mp4', 'x/d.mp4');
    if (!isWindows) await symlink('nowhere', join(dir, 'cache', 'dangling'));
    const filter = createFilter([], ['cache/']);
    const { items, excluded } = await collected({ operands: [dir], recursive: true, filter });
    expect(items.map((entry) => [entry.relative, entry.problem])).toEqual([
      ['a.mp4', undefined],
      ['x/d.mp4', undefined],
    ]);
    expect(excluded).toBe(2);
  });

  test('choose among named files as well', async () => {
    const dir = await folderOf('a.mp4', 'b.txt');
    const operands = [join(dir, 'a.mp4'), join(dir, 'b.txt')];
    expect((await collected({ operands, filter: createFilter(['*.mp4'], []) })).items).toHaveLength(1);
  });
});
