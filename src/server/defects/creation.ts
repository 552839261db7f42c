import type { Defect } from './defect.ts';

export const creationDefects: readonly Defect[] = [];
