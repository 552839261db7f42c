import { rulings } from '../../peers/rulings.ts';
import { wholeSections } from '../../src/output/verify/whole-sections.ts';
import { type Defect, defects } from '../../src/server/defects.ts';
import { variations } from '../../src/server/variations.ts';
import type { Section } from '../../src/verify/check.ts';
import type { Verdict } from '../../src/verify/judge.ts';
import { suite } from '../../src/verify/suite.ts';
import { notUnderV1, provenUnderV1, sharedDefects, underV1 } from './shared.ts';

/** What a server's run came to: verdict to the checks that got it; skipped ones are left out. */
export type SeenOn = Readonly<Partial<Record<Verdict, readonly string[]>>>;

/** Server to what was seen on it, as test/proof/seen.golden.json keeps it. */
export type Seen = Readonly<Record<string, SeenOn>>;

export interface Requirement {
  readonly id: string;
  readonly section: number;
  readonly level: string;
}

/** Those that are there so that a check passes on them; all others are other people's. */
const own: Readonly<Record<string, readonly string[]>> = {
  reference: [
    'pulse',
    'tus',
    'pulse with a token',
    'tus with a token',
    'pulse with a limit',
    'tus with every extension',
    'tus that expires',
    'pulse-v1',
  ],
  samples: ['multipart', 'binary', 'adapter'],
};

/** The checks of our own, which stand in no requirement, begin with this. */
const OURS = 'ours';

/** A section that has a check is complete: every row of it is one, or says why not. */
function begunSections(): ReadonlySet<number> {
  return new Set(suite.filter(({ checks }) => checks.length > 0).map(({ number }) => number));
}

/** Rows of the begun sections that are neither a check nor excused, and checks that nothing proves. */
export function gaps(requirements: readonly Requirement[]): readonly string[] {
  const begun = begunSections();
  const known = new Set(
    suite.flatMap(({ checks, untestable }) => [...checks.map(({ id }) => id), ...Object.keys(untestable)]),
  );
  const broken = new Set(defects.flatMap(({ breaks }) => breaks));
  return [
    ...requirements
      .filter(({ id, section }) => begun.has(section) && !known.has(id))
      .map(({ id }) => `${id} has neither a check nor a reason`),
    ...suite.flatMap(({ checks }) =>
      checks.filter(({ id }) => !broken.has(id)).map(({ id }) => `${id} is proven by no defect`),
    ),
  ];
}

/** docs/proof.md: what shows that each check can fail, and that it can pass. */
export function proofPage(requirements: readonly Requirement[], seen: Seen): string {
  return [
    '# The proof of the tester',
    '',
    '<!-- Written by `npm run proof`: change the checks, the defects or the servers, not this page. -->',
    '',
    ...totals(requirements, seen),
    '',
    'A defect is one mistake of the reference server (`pulse-upload serve --defect <id>`): with it exactly the checks',
    'that stand beside it complain, and no others. "audit": a check that passes on none of the servers here passes on',
    'one that test/proof/vacuity.test.ts starts for it. Sample servers are those of [servers.md](servers.md), other',
    "people's those of [peers.md](peers.md).",
    '',
    ...wholeSections(suite).flatMap((section) => sectionLines(section, requirements, seen)),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** The figures, one a line: also what `npm run proof` prints. */
export function totals(requirements: readonly Requirement[], seen: Seen): readonly string[] {
  const checks = suite.flatMap((section) => section.checks);
  const excused = suite.flatMap(({ untestable }) => Object.keys(untestable));
  const begun = begunSections();
  const rows = requirements.filter(({ section }) => begun.has(section));
  const failing = checks.filter(({ id }) => failsOn(id, seen).length > 0);
  const gap = gaps(requirements);
  return [
    `- ${rows.length} requirements in ${begun.size} sections: ${checks.length} checks, and ${excused.length} that cannot be tested from outside.`,
    `- ${defects.length} defects show that each check can fail; ${variations.length} correct variations fail none.`,
    `- ${sharedDefects.length - notUnderV1.size} of the ${sharedDefects.length} defects of pulse and tus that concern protocol v1 are noticed in a v1 server too; test/proof/shared.ts says why not the others.`,
    `- ${provenUnderV1.size} of the ${underV1.size} checks of protocol v1 are seen to fail on a v1 server, the rest of them on others.`,
    `- ${failing.length} checks were seen to fail or to warn on servers that nobody broke on purpose.`,
    `- Gaps without a reason: ${gap.length === 0 ? 'none' : gap.join('; ')}.`,
  ];
}

function sectionLines(
  { number, title, checks, untestable }: Section,
  requirements: readonly Requirement[],
  seen: Seen,
): readonly string[] {
  const excuses = Object.entries(untestable);
  if (checks.length + excuses.length === 0) return [];
  const levelOf = (id: string) => requirements.find((row) => row.id === id)?.level ?? OURS;
  return [
    `## ${number}. ${title}`,
    '',
    '| requirement and check | level | defects that it catches | passes on | fails on |',
    '|---|---|---|---|---|',
    ...checks.map(({ id }) =>
      row([`\`${id}\``, levelOf(id), caught(id), passesOn(id, seen), failsOn(id, seen).join(', ') || '-']),
    ),
    ...excuses.map(([id, reason]) => row([`\`${id}\``, levelOf(id), 'no check', cell(reason), ''])),
    '',
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Text that neither ends a cell nor reads as markup. */
function cell(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, '\\$&').replace(/\s+/g, ' ');
}

function caught(id: string): string {
  return defects
    .filter((defect: Defect) => defect.breaks.includes(id))
    .map((defect) => `\`${defect.id}\``)
    .join(', ');
}

const isGood = (verdict: string) => verdict === 'pass' || verdict === 'note';

function passesOn(id: string, seen: Seen): string {
  const servers = Object.keys(seen).filter((server) =>
    Object.entries(seen[server] ?? {}).some(([verdict, ids]) => isGood(verdict) && ids.includes(id)),
  );
  const counted = Object.entries(own).flatMap(([family, names]) => {
    const some = names.filter((name) => servers.includes(name));
    return some.length === 0 ? [] : [`${family} ${some.length} of ${names.length}`];
  });
  const others = servers.filter((server) => !Object.values(own).flat().includes(server));
  return [...counted, ...others].join(', ') || 'audit';
}

/** Servers with findings: those that were run for this page, and those that docs/peers.md rules on. */
function failsOn(id: string, seen: Seen): readonly string[] {
  const found = Object.entries(seen).flatMap(([server, verdicts]) =>
    (['fail', 'warn'] as const).flatMap((verdict) =>
      verdicts[verdict]?.includes(id) ? [`${server}${verdict === 'warn' ? ' (warns)' : ''}`] : [],
    ),
  );
  const ruled = Object.entries(rulings).flatMap(([peer, its]) =>
    its
      .filter(({ finding }) => finding.split(' ')[1] === id && !(peer in seen))
      .map(({ finding }) => `${peer}${finding.startsWith('warn') ? ' (warns)' : ''}`),
  );
  return [...found, ...ruled];
}
