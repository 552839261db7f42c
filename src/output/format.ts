/** Numbers as people read them. */

const KIBI = 1024;
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `512 B`, `4.0 MiB`: never more than four digits before the point. */
export function formatBytes(bytes: number): string {
  if (bytes < KIBI) return `${Math.floor(bytes)} B`;
  let value = bytes;
  let unit = '';
  for (const next of UNITS) {
    // 1023.96 would be printed as 1024.0 of a unit that ends at 1023.9.
    if (unit !== '' && value < KIBI - 0.05) break;
    value /= KIBI;
    unit = next;
  }
  return `${value.toFixed(1)} ${unit}`;
}

/** `4,194,321 bytes`. */
export function formatExactBytes(bytes: number): string {
  return `${groupDigits(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`;
}

/** `4,194,321`. */
export function groupDigits(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `0.4 s`, `12 s`, `2m 05s`, `1h 03m`, `2d 04h`: two units at most. */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return pair(seconds, 'm', 60, 's', 1);
  if (seconds < 86_400) return pair(seconds, 'h', 3_600, 'm', 60);
  return pair(seconds, 'd', 86_400, 'h', 3_600);
}

function pair(
  seconds: number,
  large: string,
  largeSeconds: number,
  small: string,
  smallSeconds: number,
): string {
  const rest = Math.floor((seconds % largeSeconds) / smallSeconds);
  return `${Math.floor(seconds / largeSeconds)}${large} ${String(rest).padStart(2, '0')}${small}`;
}

/** Rounded down: 100 only when nothing is missing. Nothing of nothing is all of it. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((Math.min(part, whole) / whole) * 100);
}

/** `1 file`, `3 files`. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${groupDigits(count)} ${count === 1 ? singular : plural}`;
}
