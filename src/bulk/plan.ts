import { PulseError } from '../errors.ts';
import { type Collected, collect, type Looking, type Sources } from './collect.ts';
import type { Item } from './items.ts';
import type { Known } from './ledger/known.ts';
import type { NameTemplate } from './name-template.ts';
import { type Order, ordered } from './order.ts';
import { type Shard, shareOf } from './shard.ts';

export interface PlanChoices {
  readonly shard?: Shard;
  readonly order?: Order;
  readonly nameTemplate?: NameTemplate;
}

/** What a run will do, and what it leaves out. */
export interface Plan {
  readonly items: readonly Item[];
  readonly sizeBytes: number;
  /** Done and unchanged since, says the ledger. */
  readonly skipped: number;
  /** Too young: the next run takes them. */
  readonly young: readonly Item[];
  readonly duplicates: number;
  readonly excluded: number;
  readonly special: number;
  /** Of other shards. */
  readonly elsewhere: number;
}

/** Throws `input` where there is nothing that could be sent. */
export async function makePlan(
  sources: Sources,
  choices: PlanChoices,
  known: Known,
  looking: Looking,
): Promise<Plan> {
  const collected = await collect(sources, looking);
  if (collected.items.length === 0) throw nothingToSend(sources, collected);
  // Shares are made of the whole list: what is young or done looks different from each machine.
  const share = choices.shard === undefined ? collected.items : shareOf(collected.items, choices.shard);
  const open = share.filter((item) => item.problem !== undefined || !known.isDone(item));
  const ripe = open.filter(({ young }) => !young);
  // What cannot be sent is said first, not after hours.
  const broken = ripe.filter(({ problem }) => problem !== undefined);
  const sound = ripe.filter(({ problem }) => problem === undefined);
  const items = [...broken, ...(choices.order === undefined ? sound : ordered(sound, choices.order))];
  const { nameTemplate } = choices;
  const named = (some: readonly Item[]) =>
    nameTemplate === undefined ? some : some.map((item) => withName(item, nameTemplate));
  const { duplicates, excluded, special } = collected;
  return {
    items: named(items),
    sizeBytes: items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    skipped: share.length - open.length,
    young: named(open.filter(({ young }) => young)),
    elsewhere: collected.items.length - share.length,
    duplicates,
    excluded,
    special,
  };
}

/** A manifest's own name is more particular than a template for all. */
function withName(item: Item, nameTemplate: NameTemplate): Item {
  if (item.own?.name !== undefined) return item;
  return { ...item, own: { ...item.own, name: nameTemplate(item) } };
}

function nothingToSend({ operands, recursive }: Sources, { excluded, ours }: Collected): PulseError {
  const where = recursive && operands.length > 0 ? ` in ${operands.join(', ')}` : '';
  if (excluded === 0 && ours > 0) {
    return new PulseError('input', `there is no file${where} but those of ledgers, expected at least one`, {
      hint: 'check the path; ledgers and their locks are not sent out of folders',
    });
  }
  return excluded > 0
    ? new PulseError('input', `all ${excluded} files and folders${where} are left out by the globs`, {
        hint: 'check --include and --exclude; --dry-run shows what they choose',
      })
    : new PulseError('input', `there is no file${where}, expected at least one`, { hint: 'check the path' });
}
