import type { Shard } from '../bulk/shard.ts';
import { PulseError } from '../errors.ts';
import { rejected } from './rejected.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const MAX_SHARDS = 10_000;

/** A share by number, or by what the system that started this process says of it. */
export type ShardChoice = Shard | { readonly auto: true; readonly count?: number };

/** `2/8`, `auto`, or `auto/8` where the system gives a number and no count. */
export function parseShard(text: string, source: string): ShardChoice {
  const [, place = '', total] = /^(auto|\d{1,5})(?:\/(\d{1,5}))?$/.exec(text) ?? [];
  const count = total === undefined ? undefined : Number(total);
  const fits = count === undefined || (count >= 1 && count <= MAX_SHARDS);
  if (place === 'auto' && fits) return { auto: true, ...(count !== undefined && { count }) };
  const index = Number(place);
  if (count !== undefined && fits && index >= 1 && index <= count) return { index, count };
  throw rejected(source, text, 'a share such as 2/8, or auto', 'the first of eight is 1/8, the last one 8/8');
}

/** Where systems tell a process which of several it is. */
interface ArraySystem {
  readonly name: string;
  readonly index: string;
  /** The number of the first; the name of the variable that holds it, where it may differ. */
  readonly first: number | string;
  readonly step?: string;
  /** Absent where the system does not say how many there are. */
  readonly count?: string;
}

const systems: readonly ArraySystem[] = [
  {
    name: 'Slurm',
    index: 'SLURM_ARRAY_TASK_ID',
    first: 'SLURM_ARRAY_TASK_MIN',
    step: 'SLURM_ARRAY_TASK_STEP',
    count: 'SLURM_ARRAY_TASK_COUNT',
  },
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX', first: 0 },
  { name: 'GitLab', index: 'CI_NODE_INDEX', first: 1, count: 'CI_NODE_TOTAL' },
];

/** The share that is meant. Throws `usage` where `auto` finds nothing, or numbers that make no sense. */
export function shardOf(choice: ShardChoice, environment: Environment): Shard {
  if (!('auto' in choice)) return choice;
  const system = systems.find(({ index }) => environment[index]);
  if (system === undefined) {
    const names = systems.map(({ index }) => index).join(', ');
    throw new PulseError('usage', `--shard auto finds none of ${names} in the environment`, {
      hint: 'name the share yourself: --shard 2/8',
    });
  }
  const numberIn = (name: string | undefined) => Number((name && environment[name]) || Number.NaN);
  const count = choice.count ?? numberIn(system.count);
  const first = typeof system.first === 'number' ? system.first : numberIn(system.first) || 0;
  const index = (numberIn(system.index) - first) / (numberIn(system.step) || 1) + 1;
  if (Number.isInteger(index) && index >= 1 && index <= count && count <= MAX_SHARDS) return { index, count };
  const { name, index: variable } = system;
  throw Number.isNaN(count)
    ? new PulseError('usage', `${name} does not say how many shares there are`, {
        hint: 'add their number: --shard auto/8',
      })
    : new PulseError('usage', `${variable} is ${environment[variable]}, which is none of ${count} shares`, {
        hint: `number the tasks of ${name} without gaps, or name the share yourself: --shard 2/8`,
      });
}
