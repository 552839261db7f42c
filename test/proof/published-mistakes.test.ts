import { describe, expect, it } from 'vitest';
import { defects } from '../../src/server/defects.ts';
import { publishedMistakes } from './published-mistakes.ts';

describe('the mistakes of published servers', () => {
  it('are rebuilt by defects that exist', () => {
    const known = new Set(defects.map(({ id }) => id));
    const named = publishedMistakes.flatMap((row) => ('defects' in row ? row.defects : []));
    expect(named.filter((id) => !known.has(id))).toEqual([]);
  });

  it('each have a defect, or a reason why not', () => {
    const empty = publishedMistakes.filter((row) =>
      'defects' in row ? row.defects.length === 0 : row.whyNot.length < 20,
    );
    expect(empty).toEqual([]);
    const ids = publishedMistakes.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('include whatever a defect names as its source in a tus server', () => {
    const rebuilt = new Set(publishedMistakes.flatMap((row) => ('defects' in row ? row.defects : [])));
    const isOneOfMany = /mieweb\/pulse\//;
    const sourced = defects.filter(
      ({ source }) => source?.includes('github.com') && !isOneOfMany.test(source),
    );
    expect(sourced.filter(({ id }) => !rebuilt.has(id)).map(({ id }) => id)).toEqual([]);
  });
});
