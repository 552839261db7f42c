import type { VerifyEvent } from '../../verify/events.ts';
import { countOf } from '../format.ts';
import { fact, type VerifyView } from './view.ts';

export type VerifyStart = Extract<VerifyEvent, { type: 'verify.start' }>;

/** What is tested, what was assumed about it and why, and how to have the same run again. */
export function headerLines(start: VerifyStart, version: string, view: VerifyView): readonly string[] {
  const { target, assumptions, checks, seed } = start;
  return [
    `${view.paint.strong('pulse-upload verify')} ${version}: ${target}`,
    ...assumptions.flatMap((assumption, index) => fact(index === 0 ? 'assumed' : '', assumption, view)),
    ...fact('asks', `${countOf(checks, 'check')}, seed ${seed}`, view),
    '',
  ];
}
