import type { Spoil } from './spoil.ts';

export const metadataSpoils: readonly Spoil[] = [];
