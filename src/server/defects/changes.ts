import type { Exchange, Reply, RequestHead } from '../http/exchange.ts';
import type { Behaviour, Filter, Parts } from '../parts.ts';
import type { Store, Writer } from '../store/store.ts';
import { words } from '../words.ts';

/** Small changes of which defects and variations are made. */

type Question = (facts: { readonly exchange: Exchange; readonly reply: Reply }) => boolean;

/** Changes the answers to which the question says yes, after everything was done right. */
export function answering(isMeant: Question, change: (reply: Reply, exchange: Exchange) => Reply): Behaviour {
  return filtering(async (exchange, next) => {
    const reply = await next();
    return isMeant({ exchange, reply }) ? change(reply, exchange) : reply;
  });
}

/** Answers in place of the server, before anything is done, where the decision gives an answer. */
export function refusing(decide: (exchange: Exchange) => Reply | undefined): Behaviour {
  return filtering(async (exchange, next) => decide(exchange) ?? next());
}

export function filtering(filter: Filter): Behaviour {
  return { filter };
}

export const method =
  (...wanted: readonly string[]): Question =>
  ({ exchange }) =>
    wanted.includes(exchange.request.method);

export const status =
  (from: number, to = from): Question =>
  ({ reply }) =>
    reply.status >= from && reply.status <= to;

export const both =
  (...questions: readonly Question[]): Question =>
  (facts) =>
    questions.every((question) => question(facts));

const collections: ReadonlySet<string> = new Set(
  Object.values(words).map(({ creationPath }) => creationPath),
);

/** A request to where uploads are created, in whatever protocol the mistake is shown. */
export const isToCollection = ({ path }: RequestHead): boolean => collections.has(path);

export const isCreation = (request: RequestHead): boolean =>
  request.method === 'POST' && isToCollection(request);

/** The reply with these headers, in any case: undefined removes one. */
export function withHeaders(reply: Reply, changes: Readonly<Record<string, string | undefined>>): Reply {
  const changed = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const kept = Object.entries(reply.headers ?? {}).filter(([name]) => !changed.has(name.toLowerCase()));
  const added = Object.entries(changes).filter(([, value]) => value !== undefined) as [string, string][];
  return { ...reply, headers: Object.fromEntries([...kept, ...added]) };
}

export function headerOf(reply: Reply, name: string): string | undefined {
  const found = Object.entries(reply.headers ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : String(found[1]);
}

/** A store whose writers are changed. */
export function writing(change: (writer: Writer, id: string, store: Store) => Writer): Behaviour {
  return {
    store: (store) => ({ ...store, write: async (id) => change(await store.write(id), id, store) }),
  };
}

/** The upload that a request is about, by the id in its path. */
export function uploadOf({ request }: Exchange, { uploads }: Parts) {
  return uploads.find(request.path.split('/').at(-1) ?? '');
}

/** Overwrites stored bytes. */
export async function damage(
  id: string,
  positionBytes: number,
  bytes: Uint8Array,
  { store }: Parts,
): Promise<void> {
  const writer = await store.write(id);
  await writer.write([bytes], positionBytes);
  await writer.close();
}
