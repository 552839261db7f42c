import type { Invocation } from '../commands.ts';

export async function run(_invocation: Invocation): Promise<number> {
  throw new Error('not here yet');
}
