import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/errors.ts';

const page = readFileSync('docs/faults.md', 'utf8');

interface Row {
  readonly id: string;
  readonly does: string;
  readonly exits: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

const rows: readonly Row[] = page
  .split('\n')
  .filter((line) => /^\| C\d/.test(line))
  .map((line) => {
    const [, id = '', , does = '', exits = '', shown = ''] = line
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    return { id, does, exits, tests: testsIn(shown) };
  });

/** `` `file` “title”; “another title”; `other file` “title” ``. */
function testsIn(cell: string): Row['tests'] {
  let file = '';
  return [...cell.matchAll(/`([^`]+)`|“([^”]+)”/g)].flatMap(([, path, title]) => {
    if (path !== undefined) file = path;
    return title === undefined ? [] : [{ file, title }];
  });
}

/** Whether a file holds a test, or a group of them, with exactly this title. */
function hasTest(file: string, title: string): boolean {
  if (!existsSync(file)) return false;
  const literal = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // Behind `it(`, or behind the table of `it.each(…)(`.
  return new RegExp(`(?:\\b(?:it|test|describe)(?:\\.\\w+)*|\\))\\(\\s*(['"\`])${literal}\\1,`).test(
    readFileSync(file, 'utf8'),
  );
}

describe('docs/faults.md', () => {
  it('has every fault, once and in order', () => {
    const ids = Array.from({ length: 44 }, (_, index) => `C${String(index + 1).padStart(2, '0')}`);
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });

  it('names a test for every fault, or says why it does not concern this tool', () => {
    const bare = rows.filter(
      ({ does, tests }) => tests.length === 0 && !does.startsWith('does not concern it: '),
    );
    expect(bare.map(({ id }) => id)).toEqual([]);
  });

  it('names only tests that exist', () => {
    const missing = rows.flatMap(({ id, tests }) =>
      tests
        .filter(({ file, title }) => !hasTest(file, title))
        .map(({ file, title }) => `${id}: ${file} “${title}”`),
    );
    expect(missing).toEqual([]);
  });

  it('would notice a test that is gone', () => {
    expect(hasTest('test/docs/faults-page.test.ts', 'has every fault, once and in order')).toBe(true);
    expect(hasTest('test/docs/faults-page.test.ts', 'has every fault')).toBe(false);
    expect(hasTest('test/docs/absent.test.ts', 'has every fault, once and in order')).toBe(false);
  });

  it('knows no exit codes but those there are', () => {
    const known = new Set<number>([0, ...Object.values(exitCodes)]);
    const unknown = rows.flatMap(({ id, exits }) =>
      [...exits.matchAll(/\d+/g)]
        .filter(([code]) => !known.has(Number(code)))
        .map(([code]) => `${id}: ${code}`),
    );
    expect(unknown).toEqual([]);
  });
});
