import type { Defect } from './defect.ts';

export const pulseClassicDefects: readonly Defect[] = [];
