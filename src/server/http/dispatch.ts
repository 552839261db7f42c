import { firstReply } from '../extension.ts';
import type { Parts } from '../parts.ts';
import { words } from '../words.ts';
import { isAllowedPreflight } from './cors.ts';
import { type Exchange, type Reply, refusal } from './exchange.ts';
import { unknownUpload } from './refusals.ts';
import { type Route, routeOf } from './routes.ts';

/** One request to its answer. */
export async function dispatch(exchange: Exchange, parts: Parts): Promise<Reply> {
  const { request } = exchange;
  const route = routeOf(request.path, parts);
  if (route === undefined) return refusal(404, 'no such resource');
  const verb = own(route.verbs, request.method);
  const uploadVerb = route.upload && own(route.upload.verbs, request.method);
  if (verb === undefined && uploadVerb === undefined)
    return isAllowedPreflight(request, parts.corsOrigin) ? { status: 204 } : methodNotAllowed(route);

  const refused =
    request.method === 'OPTIONS'
      ? undefined
      : (refusedAtDoor(exchange, route, parts) ?? (await refusedForSubject(exchange, route, parts)));
  if (refused !== undefined) return refused;
  if (verb !== undefined) return verb(exchange, parts);

  const id = route.upload?.id ?? '';
  exchange.noted.uploadId = id;
  const upload = await parts.uploads.find(id);
  if (upload === undefined || uploadVerb === undefined) {
    return parts.extensions.map(({ missing }) => missing?.(id)).find((reply) => reply) ?? unknownUpload();
  }
  const replaced = await firstReply(parts, (each) => each.meet?.(upload, request, parts));
  return replaced ?? uploadVerb(exchange, upload, parts);
}

function refusedAtDoor({ request }: Exchange, route: Route, { rules, protocol }: Parts): Reply | undefined {
  if (route.isOpen) return undefined;
  const mayBeInBody = route.takesTokenInBody && words[protocol].credentialOf(request) === undefined;
  return rules.door.version({ request }) ?? (mayBeInBody ? undefined : rules.door.credential({ request }));
}

/** The id that is judged here is the one that is acted on below: a route has one (protocol v1, 4.4). */
async function refusedForSubject({ request }: Exchange, route: Route, parts: Parts) {
  const { dialect, rules } = parts;
  if (route.isOpen || dialect.subject === undefined) return undefined;
  return rules.door.subject({ request, subject: await dialect.subject(request, route.upload?.id, parts) });
}

function methodNotAllowed({ verbs, upload }: Route): Reply {
  const allowed = Object.keys({ ...verbs, ...upload?.verbs }).join(', ');
  return refusal(405, 'this resource does not have that method', { Allow: allowed });
}

/** Names come from the client: only a table's own entries count. */
function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
