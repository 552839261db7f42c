import { isUuid } from '../protocol/uuid.ts';
import { rejected } from './rejected.ts';

/** The id of an artifact, as written. */
export function parseUuid(text: string, source: string): string {
  if (isUuid(text)) return text;
  throw rejected(source, text, 'a UUID', 'it looks like 6f1c2d3e-4a5b-4c6d-8e7f-90a1b2c3d4e5');
}
