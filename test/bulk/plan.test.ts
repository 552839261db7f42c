import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFilter } from '../../src/bulk/filter.ts';
import { createKnown } from '../../src/bulk/ledger/known.ts';
import { parseNameTemplate } from '../../src/bulk/name-template.ts';
import { ordered } from '../../src/bulk/order.ts';
import { makePlan } from '../../src/bulk/plan.ts';
import { shareOf } from '../../src/bulk/shard.ts';
import { folderOf, item } from './folder.ts';

describe('shares of the work', () => {
  const lists = fc.uniqueArray(
    fc.record({ name: fc.string({ minLength: 1 }), sizeBytes: fc.nat(1_000_000_000) }),
    { selector: ({ name }) => name, maxLength: 60 },
  );

  test('hold every file once, whatever the order of the list', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 9 }), (entries, count) => {
        const items = entries.map(({ name, sizeBytes }) => item(name, sizeBytes));
        const names = Array.from({ length: count }, (_, index) =>
          shareOf(items, { index: index + 1, count }).map(({ file }) => file),
        );
        expect(names.flat().toSorted()).toEqual(items.map(({ file }) => file).toSorted());
        const reversed = shareOf(items.toReversed(), { index: 1, count }).map(({ file }) => file);
        expect(reversed.toSorted()).toEqual(names[0]?.toSorted());
      }),
    );
  });

  test('differ in bytes by no more than the largest file', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 2, max: 9 }), (entries, count) => {
        const perFileBytes = 256 * 1024;
        const items = entries.map(({ name, sizeBytes }) => item(name, sizeBytes));
        const loads = Array.from({ length: count }, (_, index) =>
          shareOf(items, { index: index + 1, count }).reduce(
            (sum, one) => sum + one.sizeBytes + perFileBytes,
            0,
          ),
        );
        const largest = Math.max(0, ...items.map(({ sizeBytes }) => sizeBytes + perFileBytes));
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(largest);
      }),
    );
  });

  test('share empty files out as well', () => {
    const items = Array.from({ length: 80 }, (_, index) => item(`${index}.mp4`, 0));
    expect(shareOf(items, { index: 3, count: 8 })).toHaveLength(10);
  });
});

describe('the order', () => {
  const items = [item('b', 2, 30n), item('a', 3, 10n), item('c', 1, 20n)];
  const names = (by: 'size' | 'name' | 'mtime', descending = false) =>
    ordered(items, { by, descending })
      .map(({ file }) => file)
      .join('');

  test('is by size, name or time, either way', () => {
    expect([names('size'), names('name'), names('mtime')]).toEqual(['cba', 'abc', 'acb']);
    expect([names('size', true), names('name', true), names('mtime', true)]).toEqual(['abc', 'cba', 'bca']);
  });
});

describe('a name template', () => {
  const named = (template: string, relative: string) =>
    parseNameTemplate(template)?.({ file: relative, relative });

  test('tells files of one name apart by their folders', () => {
    expect(named('{path}', 'cam1/day/v.mp4')).toBe('cam1_day_v.mp4');
    expect(named('{parent}-{name}', 'cam1/day/v.mp4')).toBe('day-v.mp4');
    expect(named('{dir}/{stem}{ext}', './cam1/day/v.x.mp4')).toBe('cam1_day/v.x.mp4');
    expect(named('{stem}|{ext}', '.hidden')).toBe('.hidden|');
    expect(named('{name}', 'caf\udce9.mp4')).toBe('caf%E9.mp4');
  });

  test('without a placeholder, or with one that nobody knows, is none', () => {
    expect([parseNameTemplate('video.mp4'), parseNameTemplate('{nmae}')]).toEqual([undefined, undefined]);
  });
});

describe('a plan', () => {
  const sources = (dir: string) => ({
    operands: [dir],
    lists: [],
    manifests: [],
    recursive: true,
    filter: createFilter([], []),
    minAgeMs: 0,
  });

  test('leaves out what the ledger says is done and unchanged, and counts it', async () => {
    const dir = await folderOf('a.mp4', 'b.mp4', ['c.mp4', 'longer']);
    const known = createKnown('http://h/', false);
    const all = await makePlan(sources(dir), {}, known, { dateMs: Date.now });
    expect([all.items.length, all.skipped, all.sizeBytes]).toEqual([3, 0, 16]);
    const [a, b, c] = all.items.map(({ file }) => file);
    const done = {
      ledger: 1,
      time: '',
      server: 'http://h/',
      status: 'done',
      proven: true,
      attempts: 1,
      seconds: 1,
    } as const;
    const mtime = '2026-01-31T12:00:00.000000000Z';
    known.add({ ...done, file: a ?? '', sizeBytes: 5, mtime });
    known.add({ ...done, file: b ?? '', sizeBytes: 5, mtime, server: 'http://other/' });
    known.add({ ...done, file: c ?? '', sizeBytes: 5, mtime });
    const rest = await makePlan(sources(dir), {}, known, { dateMs: Date.now });
    expect([rest.items.map(({ relative }) => relative), rest.skipped]).toEqual([['b.mp4', 'c.mp4'], 1]);
    // Done is done, however young.
    const soonMs = Date.parse(mtime) + 1000;
    const young = await makePlan({ ...sources(dir), minAgeMs: 60_000 }, {}, known, { dateMs: () => soonMs });
    expect([young.items.length, young.skipped, young.young.map(({ relative }) => relative)]).toEqual([
      0,
      1,
      ['b.mp4', 'c.mp4'],
    ]);
  });

  test.each([
    ['http://h/api', 'http://h/api/'],
    ['http://h/api/', 'http://h/api'],
    ['http://h/api', 'http://h/api//'],
  ])(
    'to %s leaves out what the ledger says is done at %s: it gets the same requests',
    async (server, other) => {
      const dir = await folderOf('a.mp4', 'b.mp4');
      const known = createKnown(server, false);
      const done = { ledger: 1, time: '', status: 'done', proven: true, attempts: 1, seconds: 1 } as const;
      const state = { sizeBytes: 5, mtime: '2026-01-31T12:00:00.000000000Z' };
      known.add({ ...done, ...state, file: `${dir}/a.mp4`, server: other });
      known.add({ ...done, ...state, file: `${dir}/b.mp4`, server: `${other}v2` });
      const { items, skipped } = await makePlan(sources(dir), {}, known, { dateMs: Date.now });
      expect([items.map(({ relative }) => relative), skipped]).toEqual([['b.mp4'], 1]);
    },
  );

  test('sends what is done but not proven again only where proof is asked for', async () => {
    const dir = await folderOf('a.mp4');
    const left = async (requireProof: boolean) => {
      const known = createKnown('http://h/', requireProof);
      const [file = ''] = (await makePlan(sources(dir), {}, known, { dateMs: () => 0 })).items.map(
        ({ file }) => file,
      );
      known.add({
        ledger: 1,
        time: '',
        file,
        server: 'http://h/',
        status: 'done',
        sizeBytes: 5,
        mtime: '2026-01-31T12:00:00.000000000Z',
        proven: false,
        attempts: 1,
        seconds: 1,
      });
      return (await makePlan(sources(dir), {}, known, { dateMs: () => 0 })).items.length;
    };
    expect([await left(false), await left(true)]).toEqual([0, 1]);
  });

  test('gives names by the template, unless the manifest gave one', async () => {
    const dir = await folderOf('x/a.mp4');
    const nameTemplate = parseNameTemplate('{path}');
    if (nameTemplate === undefined) throw new Error('no template');
    const known = createKnown('http://h/', false);
    const { items } = await makePlan(sources(dir), { nameTemplate }, known, { dateMs: Date.now });
    expect(items.map(({ own }) => own?.name)).toEqual(['x_a.mp4']);
  });

  test('of nothing is an error, and says what left it empty', async () => {
    const dir = await folderOf('a.mp4');
    const known = createKnown('http://h/', false);
    const filtered = { ...sources(dir), filter: createFilter(['*.mov'], []) };
    await expect(makePlan(filtered, {}, known, { dateMs: () => 0 })).rejects.toMatchObject({
      kind: 'input',
      message: /left out by the globs/,
    });
    await expect(makePlan(sources(await folderOf()), {}, known, { dateMs: () => 0 })).rejects.toMatchObject({
      message: /there is no file in \S+, expected/,
    });
    await expect(
      makePlan(sources(await folderOf(['l.jsonl', ''])), {}, known, { dateMs: () => 0 }),
    ).rejects.toMatchObject({
      message: /there is no file in \S+ but those of ledgers/,
    });
  });
});
