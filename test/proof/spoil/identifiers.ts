import type { Spoil } from './spoil.ts';

export const identifiersSpoils: readonly Spoil[] = [];
