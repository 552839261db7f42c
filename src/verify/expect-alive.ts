import { outcomeOf } from './answers.ts';
import { Violation } from './check.ts';
import { expectAnswer } from './expect.ts';
import type { Exchange } from './recording.ts';

/** What a proxy answers whose server has gone. */
const gone: ReadonlySet<number> = new Set([502, 504]);

/** The server still answers; whether it answers right is not the question here. */
export function expectAlive(alive: Exchange): undefined {
  const expected = 'the server still answers';
  const { status } = expectAnswer(alive, { expected });
  if (gone.has(status)) throw new Violation({ expected, actual: outcomeOf(alive), evidence: [alive] });
}
