import { readFileSync } from 'node:fs';
import { configKeys } from './config-keys.ts';
import { configSchema } from './config-schema.ts';
import { eventSchema } from './event-schema.ts';
import { manPage } from './man-page.ts';

const root = new URL('../../', import.meta.url);

/** Every file that scripts/write-generated.ts writes, by its path in the repository. */
export function generatedFiles(): Readonly<Record<string, string>> {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
  return {
    'docs/config-keys.md': configKeys(),
    'man/pulse-upload.1': manPage(version, exitCodes()),
    'schema/config.schema.json': `${JSON.stringify(configSchema(), null, 2)}\n`,
    'schema/events.schema.json': `${JSON.stringify(eventSchema(), null, 2)}\n`,
  };
}

/** The table of docs/exit-codes.md: codes, and when. */
function exitCodes(): readonly (readonly [string, string])[] {
  const page = readFileSync(new URL('docs/exit-codes.md', root), 'utf8');
  return [...page.matchAll(/^\| (\d[\d, ]*) \|[^|]*\| ([^|]*) \|/gm)].map(([, code = '', when = '']) => [
    code,
    when.replaceAll('`', ''),
  ]);
}
