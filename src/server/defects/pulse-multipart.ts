import type { Defect } from './defect.ts';

export const pulseMultipartDefects: readonly Defect[] = [];
