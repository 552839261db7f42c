import type { Defect } from './defect.ts';

export const pulseFinalizeDefects: readonly Defect[] = [];
