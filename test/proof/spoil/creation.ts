import type { Spoil } from './spoil.ts';

export const creationSpoils: readonly Spoil[] = [];
