import type { Defect } from './defect.ts';

export const identifiersDefects: readonly Defect[] = [];
