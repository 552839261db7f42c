import type { Spoil } from './spoil.ts';

export const httpRobustnessSpoils: readonly Spoil[] = [];
