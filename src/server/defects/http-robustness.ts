import type { Defect } from './defect.ts';

export const httpRobustnessDefects: readonly Defect[] = [];
