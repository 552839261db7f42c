import { pageResource } from '../page.ts';
import type { Parts, UploadVerb, Verb } from '../parts.ts';
import { create } from '../requests/create.ts';
import { discover } from '../requests/discover.ts';
import { head } from '../requests/head.ts';
import { patch } from '../requests/patch.ts';
import { words } from '../words.ts';

/** What a path means. Paths are compared as they came: no decoding, so no second spelling reaches an upload. */
export interface Route {
  readonly verbs: Readonly<Record<string, Verb>>;
  /** Methods that need an upload, and which one is asked for. */
  readonly upload?: { readonly id: string; readonly verbs: Readonly<Record<string, UploadVerb>> };
  /** Served to anyone, whatever version they name. */
  readonly isOpen?: true;
  /** The token may come in the body. */
  readonly takesTokenInBody?: true;
}

/** Where uploads are created, by protocol. */
export const creationPaths = { pulse: words.pulse.creationPath, tus: words.tus.creationPath } as const;

export function routeOf(path: string, parts: Parts): Route | undefined {
  const { protocol, dialect, extensions, hasPage } = parts;
  const resource = dialect.resource(path) ?? (hasPage ? pageResource(path) : undefined);
  if (resource !== undefined) return resource;
  const { creationPath } = words[protocol];
  if (path === creationPath || path === `${creationPath}/`)
    return { verbs: { POST: create, OPTIONS: discover } };
  if (!path.startsWith(`${creationPath}/`)) return undefined;
  const id = path.slice(creationPath.length + 1);
  if (id.includes('/')) return undefined;
  const added = Object.assign({}, ...extensions.map(({ uploadVerbs }) => uploadVerbs));
  const verbs = { HEAD: head, PATCH: patch, ...dialect.uploadVerbs, ...added };
  return { verbs: { OPTIONS: discover }, upload: { id, verbs } };
}
