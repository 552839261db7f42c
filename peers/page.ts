import type { ClientPeer, ServerPeer } from './peer.ts';
import { type Ruling, rulings } from './rulings.ts';
import type { Trial } from './trials.ts';
import type { WaySeen } from './ways.ts';

/** What is known of a server after a run. */
export interface ServerSeen {
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
  readonly trials: readonly Trial[];
  readonly ways: readonly WaySeen[];
}

export type Seen<T> = T | { readonly missing: string };

export interface PeersSeen {
  readonly servers: readonly (readonly [ServerPeer, Seen<ServerSeen>])[];
  readonly clients: readonly (readonly [ClientPeer, Seen<readonly Trial[]>])[];
}

/** Findings that nobody has ruled on, and rulings on what is not found any more. */
export function unruled(id: string, findings: readonly string[]): readonly string[] {
  const known = rulings[id] ?? [];
  return [
    ...findings
      .filter((finding) => !known.some((ruling) => ruling.finding === finding))
      .map((finding) => `${id}: ${finding} has no ruling`),
    ...known
      .filter(({ finding, sometimes }) => !sometimes && !findings.includes(finding))
      .map(({ finding }) => `${id}: ${finding} is not found any more`),
  ];
}

/** Clients that claim what is not so, and those that fail though nobody has ruled that they are wrong. */
export function unexplained(
  { id, ruling }: Pick<ClientPeer, 'id' | 'ruling'>,
  trials: readonly Trial[],
): readonly string[] {
  return trials
    .filter(({ exitCode, isStored }) => (exitCode === 0 ? !isStored : ruling === undefined))
    .map(({ trouble, exitCode, said }) => `${id}: ${trouble} ended with ${exitCode}\n${said.trimEnd()}`);
}

/** A ruling as docs/peers.md shows it. */
export function rulingRow({ finding, says, sometimes }: Ruling): string {
  const [verdict, id] = finding.split(' ');
  return `| ${verdict}${sometimes ? ' (at times)' : ''} | \`${id}\` | ${says} |`;
}

/** docs/peers.md, but for its head. */
export function peersPage({ servers, clients }: PeersSeen): string {
  return [
    '## Servers',
    ...servers.flatMap(([peer, seen]) => [
      '',
      `### ${peer.title}`,
      '',
      `From ${peer.from}. \`${peer.shown}\``,
      ...('missing' in seen
        ? ['', `Not to be had in the last run: ${seen.missing}.`]
        : serverLines(peer, seen)),
    ]),
    '',
    '## Clients',
    '',
    'Against `pulse-upload serve --protocol tus`.',
    '',
    '| client | from | command | a file of 5 MiB over |',
    '|---|---|---|---|',
    ...clients.map(
      ([{ title, from, shown, ruling }, seen]) =>
        `| ${title} | ${from} | \`${shown}\` | ${trialsOrReason(seen)}${ruling === undefined ? '' : `. Here ${ruling}`} |`,
    ),
    '',
  ].join('\n');
}

const countWords = ['pass', 'fail', 'warn', 'note', 'skip', 'blocked', 'error'] as const;

function serverLines({ id }: ServerPeer, { counts, findings, trials, ways }: ServerSeen): readonly string[] {
  const counted = countWords.flatMap((verdict) => (counts[verdict] ? [`${counts[verdict]} ${verdict}`] : []));
  const unknown = unruled(id, findings).filter((line) => line.endsWith('has no ruling'));
  return [
    '',
    `Verdicts: ${counted.join(', ')}.`,
    '',
    'Our uploader, a file of 5 MiB:',
    '',
    '| how | over |',
    '|---|---|',
    `| in chunks of 1 MiB | ${trialWords(trials)} |`,
    ...ways.map((way) => `| ${way.title} | ${wayWords(way)} |`),
    '',
    '| verdict | check | who is right |',
    '|---|---|---|',
    ...(rulings[id] ?? []).map(rulingRow),
    ...unknown.map((line) => `| ? | ${line} | |`),
  ];
}

function trialsOrReason(seen: Seen<readonly Trial[]>): string {
  return 'missing' in seen ? `not to be had in the last run: ${seen.missing}` : trialWords(seen);
}

function trialWords(trials: readonly Trial[]): string {
  return trials.map((trial) => `${trial.trouble}: ${outcome(trial)}`).join('; ');
}

function wayWords({ lacks, trials }: WaySeen): string {
  return lacks === undefined ? trialWords(trials) : `not tried: \`${lacks}\` is not offered`;
}

/** Exit 0 with the right bytes is what is wanted; whatever else is said plainly. */
function outcome({ exitCode, isStored, rightly = 'whole' }: Trial): string {
  if (exitCode === 0) return isStored ? rightly : '**success claimed for what is not so**';
  return isStored ? `exit ${exitCode}, though the bytes are whole` : `exit ${exitCode}`;
}
