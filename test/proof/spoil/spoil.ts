import type { AnswerRecord, Exchange } from '../../../src/verify/recording.ts';
import type { Reading } from '../../../src/verify/scenario.ts';

/**
 * Spoils: for each check the change of a good recording that its judge must notice. They show that no judge passes
 * without looking.
 */
export type Writable<T> = T extends object ? { -readonly [Key in keyof T]: Writable<T[Key]> } : T;

export interface Spoil {
  readonly check: string;
  readonly reads: Reading<unknown>;
  /** Given a copy of what the scenario has seen. */
  readonly change: (seen: unknown) => void;
}

/** The spoils of checks that read one scenario, by check id. */
export function spoils<Seen>(
  reads: Reading<Seen>,
  changes: Readonly<Record<string, (seen: Writable<Seen>) => void>>,
): readonly Spoil[] {
  return Object.entries(changes).map(([check, change]) => ({
    check,
    reads,
    change: (seen) => change(seen as Writable<Seen>),
  }));
}

type Spoilt = Writable<Exchange> | undefined;

/** The exchange got an answer of that status instead of its own. */
export function answerWith(exchange: Spoilt, status: number): void {
  answerOf(exchange).status = status;
}

/** The answer has that header, instead of what it had of that name; several values make several lines. */
export function setHeader(exchange: Spoilt, name: string, ...values: readonly string[]): void {
  const answer = answerOf(exchange);
  const others = answer.headers.filter(([candidate]) => candidate.toLowerCase() !== name.toLowerCase());
  answer.headers = [
    ...others,
    ...values.map((value): [string, string] => [name, value]),
  ] as typeof answer.headers;
}

export function dropHeader(exchange: Spoilt, name: string): void {
  setHeader(exchange, name);
}

/** No answer came. */
export function loseAnswer(exchange: Spoilt): void {
  if (exchange === undefined) throw new Error('there is no such exchange in the recording');
  delete exchange.answer;
  exchange.broken = { cause: 'closed', detail: 'the connection was closed without an answer' };
}

/** The body of the answer is this JSON. */
export function setJson(exchange: Spoilt, change: (json: Record<string, unknown>) => void): void {
  const answer = answerOf(exchange);
  const json = JSON.parse(answer.body.text ?? '{}');
  change(json);
  answer.body.text = JSON.stringify(json);
}

/** The server holds something else than was sent. */
export function otherContent(content: Writable<{ readonly stored?: { readonly sha256: string } }>): void {
  if (content.stored === undefined) throw new Error('nothing is known of the content');
  content.stored.sha256 = 'f'.repeat(64);
}

function answerOf(exchange: Spoilt): Writable<AnswerRecord> {
  if (exchange?.answer === undefined) throw new Error('there is no such answer in the recording');
  return exchange.answer;
}
