import type { UploadVerb } from './parts.ts';
import { terminate } from './terminate.ts';

/** A tus extension that the server offers: its name in Tus-Extension, and the methods of an upload that it adds. */
export interface Extension {
  readonly name: string;
  readonly uploadVerbs?: Readonly<Record<string, UploadVerb>>;
}

export const standardExtensions: readonly Extension[] = [
  { name: 'creation' },
  { name: 'creation-with-upload' },
  { name: 'termination', uploadVerbs: { DELETE: terminate } },
];
