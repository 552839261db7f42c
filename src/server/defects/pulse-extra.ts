import type { Defect } from './defect.ts';

export const pulseExtraDefects: readonly Defect[] = [];
