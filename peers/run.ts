/** `npm run peers`: our tester and uploader against servers of others, and clients of others against our server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { clients } from './clients.ts';
import { type PeersSeen, peersPage, type Seen, type ServerSeen, unexplained, unruled } from './page.ts';
import type { ClientPeer, ServerPeer } from './peer.ts';
import { servers } from './servers.ts';
import { bin, ended, startPeer, type Trial, troubles, uploadFrom, uploadTo } from './trials.ts';
import { waysOn } from './ways.ts';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs', 'peers.md');
/** Outside of the repository, so that a second run fetches nothing. */
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pulse-upload-peers');

async function seenOf(peer: ServerPeer): Promise<Seen<ServerSeen>> {
  const missing = peer.fetch(cache);
  if (missing !== undefined) return { missing };
  const server = await startPeer(peer, cache);
  try {
    const trials: Trial[] = [];
    for (const trouble of Object.keys(troubles)) trials.push(await uploadTo(server, trouble));
    return { ...(await verified(server.url)), trials, ways: await waysOn(server) };
  } finally {
    await server.stop();
  }
}

async function verified(url: string): Promise<Pick<ServerSeen, 'counts' | 'findings'>> {
  const work = mkdtempSync(join(tmpdir(), 'pulse-peers-'));
  const path = join(work, 'report.json');
  const args = ['verify', url, '--protocol', 'tus', '--report', `json=${path}`];
  // Not to be waited for by standing still: connections that the server ends meanwhile would be taken for open ones.
  await ended({ file: process.execPath, args: [bin, ...args] }, work);
  const { results } = JSON.parse(readFileSync(path, 'utf8')) as {
    results: readonly { readonly id: string; readonly verdict: string }[];
  };
  rmSync(work, { recursive: true });
  const counts: Record<string, number> = {};
  for (const { verdict } of results) counts[verdict] = (counts[verdict] ?? 0) + 1;
  const findings = results
    .filter(({ verdict }) => !['pass', 'note', 'skip'].includes(verdict))
    .map(({ id, verdict }) => `${verdict} ${id}`);
  return { counts, findings };
}

async function trialsOf(client: ClientPeer): Promise<Seen<readonly Trial[]>> {
  const missing = client.fetch(cache);
  if (missing !== undefined) return { missing };
  const trials: Trial[] = [];
  for (const trouble of Object.keys(troubles)) trials.push(await uploadFrom(client, cache, trouble));
  return trials;
}

const only = process.argv.slice(2);
const isWanted = ({ id }: { readonly id: string }) => only.length === 0 || only.includes(id);
const seen: { servers: PeersSeen['servers'][number][]; clients: PeersSeen['clients'][number][] } = {
  servers: [],
  clients: [],
};
for (const peer of servers.filter(isWanted)) {
  console.error(`${peer.title} …`);
  seen.servers.push([peer, await seenOf(peer)]);
}
for (const peer of clients.filter(isWanted)) {
  console.error(`${peer.title} …`);
  seen.clients.push([peer, await trialsOf(peer)]);
}
const written = peersPage(seen);
console.log(written);

const news = [
  ...seen.servers.flatMap(([peer, its]) =>
    'missing' in its
      ? []
      : [
          ...unruled(peer.id, its.findings),
          ...unexplained({ id: `our uploader to ${peer.id}` }, its.trials),
          ...its.ways.flatMap(({ title, trials }) =>
            unexplained({ id: `our uploader to ${peer.id}, ${title}` }, trials),
          ),
        ],
  ),
  ...seen.clients.flatMap(([peer, its]) => ('missing' in its ? [] : unexplained(peer, its))),
];
for (const line of news) console.error(line);
if (only.length === 0) {
  const [head = ''] = readFileSync(page, 'utf8').split('## Servers');
  writeFileSync(page, `${head}${written}`);
  console.error('docs/peers.md is written');
}
process.exitCode = news.length > 0 ? 1 : 0;
