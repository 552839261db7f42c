import { rejected } from './rejected.ts';

/** A whole number from 0 to 1,000,000. */
export function parseCount(text: string, source: string): number {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (count <= 1_000_000) return count;
  throw rejected(source, text, 'a whole number from 0 to 1000000', 'write for example 3; 0 means none');
}

/** Parts of a file that are sent side by side. */
export function parseParallel(text: string, source: string): number {
  const parts = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (parts >= 1 && parts <= 16) return parts;
  throw rejected(source, text, 'a number from 1 to 16', '1 sends a file in one piece');
}

/** A TCP port; 0 means any free one. */
export function parsePort(text: string, source: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw rejected(source, text, 'a port from 0 to 65535', 'write for example 8080; 0 means any free port');
}
