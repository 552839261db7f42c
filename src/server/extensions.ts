import type { Extension } from './extension.ts';
import { checksum, checksumTrailer } from './extensions/checksum.ts';
import { concatenation, concatenationUnfinished } from './extensions/concatenation.ts';
import { creationDeferLength } from './extensions/creation-defer-length.ts';
import { termination } from './extensions/termination.ts';

/** Every extension that works without settings, in the order in which OPTIONS lists them. */
export const allExtensions: readonly Extension[] = [
  { name: 'creation' },
  { name: 'creation-with-upload' },
  creationDeferLength(),
  termination,
  checksum(),
  checksumTrailer,
  concatenation(),
  concatenationUnfinished,
];

const standardNames = new Set(['creation', 'creation-with-upload', 'termination']);

/** What a server offers where nothing else is said. */
export const standardExtensions: readonly Extension[] = allExtensions.filter(({ name }) =>
  standardNames.has(name),
);
