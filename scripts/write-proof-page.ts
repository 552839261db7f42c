// The end of `npm run proof`: what the runs saw (a folder of JSON lines) becomes test/proof/seen.golden.json and
// docs/proof.md. Without a folder the page is written again from what was seen before.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { proofPage, type Requirement, type Seen, totals } from '../test/proof/page.ts';
import type { ProofLine } from '../test/proof/results.ts';

const root = join(import.meta.dirname, '..');
const seenPath = join(root, 'test', 'proof', 'seen.golden.json');
const pagePath = join(root, 'docs', 'proof.md');
const requirements: readonly Requirement[] = JSON.parse(
  readFileSync(join(root, 'test', 'verify', 'requirements.json'), 'utf8'),
);

/** What the reference server is called in test/proof/reference.test.ts, and here. */
const names: Readonly<Record<string, string>> = {
  'a pulse server': 'pulse',
  'a tus server': 'tus',
  'a pulse server that asks for a token': 'pulse with a token',
  'a tus server that asks for a token': 'tus with a token',
  'a pulse server with a limit': 'pulse with a limit',
  'a tus server with every extension': 'tus with every extension',
  'a tus server whose uploads expire': 'tus that expires',
  'a v1 server': 'pulse-v1',
};

function seenIn(folder: string): Seen {
  const lines = readdirSync(folder)
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as ProofLine);
  const seen: Record<string, Record<string, string[]>> = {};
  for (const line of lines) {
    if (line.kind !== 'server') continue;
    const server = line.family === 'real' ? line.id : names[line.id];
    if (server === undefined) continue;
    const verdicts: Record<string, string[]> = {};
    for (const [id, verdict] of Object.entries(line.verdicts)) {
      if (verdict !== 'skip') verdicts[verdict] = [...(verdicts[verdict] ?? []), id];
    }
    seen[server] = verdicts;
  }
  return seen;
}

const [folder] = process.argv.slice(2);
const before: Seen = JSON.parse(readFileSync(seenPath, 'utf8'));
const merged: Seen = folder === undefined ? before : { ...before, ...seenIn(folder) };
const order = [...Object.values(names), 'multipart', 'binary', 'adapter'];
const sorted = Object.keys(merged).toSorted(
  (one, other) => rank(one) - rank(other) || (one < other ? -1 : 1),
);
const seen = Object.fromEntries(sorted.map((server) => [server, merged[server] ?? {}]));

function rank(server: string): number {
  const at = order.indexOf(server);
  return at < 0 ? order.length : at;
}

writeFileSync(seenPath, `${JSON.stringify(seen, undefined, 1)}\n`);
writeFileSync(pagePath, proofPage(requirements, seen));
console.log(totals(requirements, seen).join('\n'));
