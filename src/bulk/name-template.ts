import { wireName } from '../upload/source/path-text.ts';
import type { Named } from './items.ts';

interface Parts {
  readonly folders: readonly string[];
  readonly name: string;
}

/** What a template may hold. Values are of the path below the folder that was named; `/` becomes `_`. */
const values = {
  name: ({ name }: Parts) => name,
  stem: ({ name }: Parts) => name.replace(/(?<=.)\.[^.]*$/, ''),
  ext: ({ name }: Parts) => /(?<=.)\.[^.]*$/.exec(name)?.[0] ?? '',
  dir: ({ folders }: Parts) => folders.join('_'),
  parent: ({ folders }: Parts) => folders.at(-1) ?? '',
  path: ({ folders, name }: Parts) => [...folders, name].join('_'),
} as const;

export type NameTemplate = (named: Named) => string;

/** The template as a function; undefined where it holds no placeholder, or one that is not known. */
export function parseNameTemplate(text: string): NameTemplate | undefined {
  const used = [...text.matchAll(/\{([^{}]*)\}/g)].map(([, key = '']) => key);
  if (used.length === 0 || !used.every((key) => Object.hasOwn(values, key))) return undefined;
  return ({ relative }) => {
    const parts = relative.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
    const of: Parts = { folders: parts.slice(0, -1), name: parts.at(-1) ?? '' };
    return wireName(text.replace(/\{([^{}]*)\}/g, (_, key: keyof typeof values) => values[key](of)));
  };
}
