import type { VerifyEvent } from '../../verify/events.ts';
import { countOf, percentOf } from '../format.ts';
import type { Paint } from '../paint.ts';
import { shortened } from './wrap.ts';

/** What the line of progress shows. */
export interface LiveState {
  /** Absent while the server is being found out about. */
  readonly checks?: number;
  readonly done: number;
  readonly failed: number;
  readonly warned: number;
  /** Scenarios under way, in the order of their start. */
  readonly running: readonly string[];
}

export const liveStart: LiveState = { done: 0, failed: 0, warned: 0, running: [] };

export function foldLive(state: LiveState, event: VerifyEvent): LiveState {
  switch (event.type) {
    case 'verify.start':
      return { ...state, checks: event.checks };
    case 'scenario.start':
      return { ...state, running: [...state.running, event.scenario] };
    case 'scenario.end':
      return { ...state, running: state.running.filter((scenario) => scenario !== event.scenario) };
    case 'check.end':
      return {
        ...state,
        done: state.done + 1,
        failed: state.failed + (event.verdict === 'fail' ? 1 : 0),
        warned: state.warned + (event.verdict === 'warn' ? 1 : 0),
      };
    default:
      return state;
  }
}

/** One line of at most `columns - 1` columns, since a full line makes some terminals wrap. */
export function liveLine(
  { checks, done, failed, warned, running }: LiveState,
  columns: number,
  paint: Paint,
): string {
  const room = columns - 1;
  if (checks === undefined) return shortened('finding out what the server speaks', room);
  const counts = [
    `${String(percentOf(done, checks)).padStart(3)} %  ${done} of ${countOf(checks, 'check')}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(warned > 0 ? [countOf(warned, 'warning')] : []),
  ].join(', ');
  if (counts.length + 4 > room || running.length === 0) return shortened(counts, room);
  return `${counts}  ${paint.faint(shortened(running.join(', '), room - counts.length - 2))}`;
}
