import { create } from './create.ts';
import { discover } from './discover.ts';
import { download } from './download.ts';
import { finalize } from './finalize.ts';
import { head } from './head.ts';
import { health } from './health.ts';
import type { Parts, UploadVerb, Verb } from './parts.ts';
import { patch } from './patch.ts';
import type { ServedProtocol } from './rules.ts';

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

/** Where uploads are created; their URLs are one segment below. */
export const creationPaths: Readonly<Record<ServedProtocol, string>> = { pulse: '/uploads', tus: '/files' };

export function routeOf(path: string, { protocol, extensions }: Parts): Route | undefined {
  const creationPath = creationPaths[protocol];
  if (path === creationPath || path === `${creationPath}/`)
    return { verbs: { POST: create, OPTIONS: discover } };
  if (protocol === 'pulse' && path === '/health')
    return { verbs: { GET: health, HEAD: health }, isOpen: true };
  if (protocol === 'pulse' && path === '/uploads/finalize') {
    return { verbs: { POST: finalize }, takesTokenInBody: true };
  }
  if (!path.startsWith(`${creationPath}/`)) return undefined;
  const id = path.slice(creationPath.length + 1);
  if (id.includes('/')) return undefined;
  const added = Object.assign({}, ...extensions.map(({ uploadVerbs }) => uploadVerbs));
  const verbs = { HEAD: head, PATCH: patch, ...(protocol === 'tus' && { GET: download }), ...added };
  return { verbs: { OPTIONS: discover }, upload: { id, verbs } };
}
