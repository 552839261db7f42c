import type { Defect } from './defect.ts';

export const metadataDefects: readonly Defect[] = [];
