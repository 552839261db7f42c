import { readFileSync } from 'node:fs';

/** The version of this package, from its package.json: src/cli and dist/cli lie at the same depth. */
export function packageVersion(): string {
  const path = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version;
}
