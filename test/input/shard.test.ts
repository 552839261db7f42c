import { describe, expect, test } from 'vitest';
import { parseShard, shardOf } from '../../src/input/shard.ts';
import { errorOf } from '../cli/usage-errors.ts';

const auto = (text: string, environment: Readonly<Record<string, string>>) =>
  shardOf(parseShard(text, '--shard'), environment);

test('a share is a number of a number', () => {
  expect(parseShard('2/8', '--shard')).toEqual({ index: 2, count: 8 });
  expect(parseShard('1/1', '--shard')).toEqual({ index: 1, count: 1 });
});

test.each(['0/8', '9/8', '2', '2/0', '/8', 'auto/0', 'auto/', '-1/8', '1/10001', 'x'])(
  "'%s' is no share",
  (text) => {
    expect(errorOf(() => parseShard(text, '--shard')).message).toContain(`--shard is '${text}'`);
  },
);

describe('auto', () => {
  test('takes the numbers of a Slurm array, wherever it begins and whatever its step', () => {
    const slurm = (id: string, min: string, step: string, count: string) => ({
      SLURM_ARRAY_TASK_ID: id,
      SLURM_ARRAY_TASK_MIN: min,
      SLURM_ARRAY_TASK_STEP: step,
      SLURM_ARRAY_TASK_COUNT: count,
    });
    expect(auto('auto', slurm('1', '1', '1', '8'))).toEqual({ index: 1, count: 8 });
    expect(auto('auto', slurm('0', '0', '1', '8'))).toEqual({ index: 1, count: 8 });
    expect(auto('auto', slurm('14', '10', '2', '4'))).toEqual({ index: 3, count: 4 });
    const message = errorOf(() => auto('auto', slurm('9', '1', '1', '3'))).message;
    expect(message).toBe('SLURM_ARRAY_TASK_ID is 9, which is none of 3 shares');
  });

  test('takes the index of a Kubernetes job, and asks for the count', () => {
    expect(auto('auto/8', { JOB_COMPLETION_INDEX: '0' })).toEqual({ index: 1, count: 8 });
    expect(auto('auto/8', { JOB_COMPLETION_INDEX: '7' })).toEqual({ index: 8, count: 8 });
    expect(errorOf(() => auto('auto', { JOB_COMPLETION_INDEX: '0' })).hint).toContain('--shard auto/8');
    errorOf(() => auto('auto/8', { JOB_COMPLETION_INDEX: '8' }));
  });

  test('takes the numbers of GitLab', () => {
    expect(auto('auto', { CI_NODE_INDEX: '2', CI_NODE_TOTAL: '4' })).toEqual({ index: 2, count: 4 });
  });

  test('without any of them is an error, not everything', () => {
    expect(errorOf(() => auto('auto', {})).message).toContain('JOB_COMPLETION_INDEX');
  });
});
