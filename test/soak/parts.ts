import { composedSoak } from './composed.ts';
import { crashesSoak } from './crashes.ts';
import type { SoakPart } from './part.ts';
import { alteredSoak, schedulesSoak } from './schedules.ts';
import { verifySoak } from './verify.ts';

/** The parts of `npm run soak`, in their order. A new part is a new file here and a line. */
export const soakParts: readonly SoakPart[] = [
  verifySoak,
  schedulesSoak,
  alteredSoak,
  composedSoak,
  crashesSoak,
];
