// npm run soak [-- --only verify,…] [--seed n] [--rounds n] [--path p] [--page]: the long runs, each with a page in docs/soak/.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { soakParts } from '../test/soak/parts.ts';

const usage = 'usage: npm run soak [-- --only <part,…>] [--seed <n>] [--rounds <n>] [--path <p>] [--page]';
const names = soakParts.map(({ id }) => id);
const values = optionsOf(process.argv.slice(2));
const wanted = values.only?.split(',') ?? names;
const seed = numberOf(values.seed, 'seed') ?? Math.floor(Math.random() * 2 ** 31);
const rounds = numberOf(values.rounds, 'rounds');
const { path } = values;
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`--only ${unknown} is no part of the soak: ${names.join(', ')}`);
  process.exit(2);
}

const ofRounds = rounds === undefined ? '' : ` --rounds ${rounds}`;
console.log(`seed ${seed}`);
for (const { id, title, run } of soakParts.filter((part) => wanted.includes(part.id))) {
  console.log(`\n${title}`);
  const startMs = performance.now();
  const { failures, page, figures } = await run({
    seed,
    report: console.log,
    ...(rounds && { rounds }),
    ...(path && { path }),
  });
  const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
  for (const failure of failures) console.log(`  FAILED ${failure}`);
  console.log(`${id}: ${failures.length === 0 ? 'held' : `${failures.length} failures`}, ${minutes} min`);
  if (failures.length > 0) process.exitCode = 1;
  // A page states only what held, and a whole run, unless a shorter one is asked for: its numbers are on it.
  const isWhole = (rounds === undefined && path === undefined) || values.page === true;
  if (failures.length === 0 && isWhole) {
    writePage(id, title, page, minutes);
    if (figures !== undefined) writeFigures(id, figures);
  }
}

function writePage(id: string, title: string, page: string, minutes: string): void {
  const origin = `\`npm run soak -- --only ${id} --seed ${seed}${ofRounds}\` wrote this page (Node ${process.versions.node}, ${minutes} min).`;
  mkdirSync('docs/soak', { recursive: true });
  writeFileSync(`docs/soak/${id}.md`, `# ${title}\n\n${origin}\n\n${page.trim()}\n`);
}

/** One line for the page that tells what the tool survives. */
function writeFigures(id: string, figures: string): void {
  const page = readFileSync('docs/faults.md', 'utf8');
  const [from, to] = [`<!-- soak:${id} -->\n`, `<!-- /soak:${id} -->`];
  const [start, end] = [page.indexOf(from), page.indexOf(to)];
  if (start === -1 || end === -1) throw new Error(`docs/faults.md has no place for the figures of ${id}`);
  const line = `- ${figures} (\`npm run soak -- --only ${id} --seed ${seed}${ofRounds}\`)\n`;
  writeFileSync('docs/faults.md', page.slice(0, start + from.length) + line + page.slice(end));
}

function optionsOf(args: string[]) {
  const options = {
    only: { type: 'string' },
    seed: { type: 'string' },
    rounds: { type: 'string' },
    path: { type: 'string' },
    page: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    const { values } = parseArgs({ args, options });
    if (!values.help) return values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
  console.log(`${usage}\nparts: ${names.join(', ')}`);
  process.exit(0);
}

function numberOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`--${name} ${text} is no positive number`);
  process.exit(2);
}
