import { expect, it } from 'vitest';
import { defects } from '../../src/server/defects.ts';
import { surprisesOf } from './surprises.ts';

/** What plain tus is judged by holds for protocol v1 too: its checks notice the same mistakes there. */
const sample = [
  'version-missing-on-success',
  'head-no-cache-only',
  'head-one-behind',
  'patch-silent',
  'offset-parse-int',
  'chunk-ahead-appended',
  'repeated-chunk-appended',
  'text-refused-but-stored',
  'maximum-not-enforced',
  'options-creates',
  'override-creates',
  'length-wraps',
  'created-offset-undefined',
  'metadata-forgotten',
  'metadata-is-text',
  'creation-rest-shifted',
  'delete-hits-others',
  'deleted-takes-bytes',
  'checksum-not-compared',
  'concat-sorted',
  'buffer-then-commit',
  'ids-are-paths',
  'large-heads-fail',
  'location-elsewhere',
];

it.concurrent.each(sample)('%s is noticed under protocol v1 too', async (id) => {
  const defect = defects.find((candidate) => candidate.id === id);
  if (defect === undefined) throw new Error(`there is no defect ${id}`);
  const serve = { ...defect.serve, protocol: 'pulse-v1' as const };
  expect(await surprisesOf({ ...defect, serve }, { of: 'only-named' })).toEqual([]);
});
