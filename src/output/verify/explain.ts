import { type Check, protocolIds } from '../../verify/check.ts';
import type { Need } from '../../verify/target.ts';
import { sourceLines } from './finding.ts';
import { impactTitles } from './impacts.ts';
import { levelIn } from './levels.ts';
import { copyable, fact, roomOf, type VerifyView } from './view.ts';
import { wrap } from './wrap.ts';

/** A mistake of the reference server with which the check fails. */
export interface Proof {
  readonly defect: string;
  /** What `pulse-upload serve` needs besides, to make it. */
  readonly flags: readonly string[];
}

/** Everything there is to know about one check without a server. */
export function explanation(check: Check, provenBy: readonly Proof[], view: VerifyView): readonly string[] {
  const { id, says, spec, impact, reads, passes, fails, matters } = check;
  const needs = needsOf(check);
  return [
    view.paint.strong(id),
    ...wrap(says, roomOf(view) - 2).map((line) => `  ${line}`),
    '',
    ...sourceLines(spec, view),
    ...fact(
      'level',
      protocolIds.map((protocol) => `${levelIn(check, protocol)} (${protocol})`).join(', '),
      view,
    ),
    ...fact('means', impactTitles[impact], view),
    ...fact('sends', `${reads.does} (scenario ${reads.id})`, view),
    ...(needs.length === 0 ? [] : fact('needs', needs.join(', '), view)),
    ...fact('passes', passes, view),
    ...fact('fails', fails, view),
    ...fact('matters', matters, view),
    ...(provenBy.length === 0 ? [] : fact('proven by', serveWith(provenBy), view)),
    ...copyable('try', ['pulse-upload verify <url> --only', id, ...flagsFor(check)].join(' '), view),
  ];
}

function needsOf({ reads, needs = [] }: Check): readonly Need[] {
  const ofScenario = 'atLeast' in reads ? [] : (reads.needs ?? []);
  return [...new Set([...ofScenario, ...needs])];
}

/** What the user allows or gives by a flag; whatever else is needed lies with the server. */
const flags: Readonly<Partial<Record<Need, string>>> = {
  intrusive: '--intrusive',
  large: '--large',
  slow: '--slow',
  token: '--token-file <path>',
  'second-token': '--second-token <token>',
  artifact: '--artifact <uuid>',
  'second-artifact': '--second-artifact <uuid>',
  link: '--link <link>',
  restart: '--restart-cmd <cmd>',
};

function flagsFor(check: Check): readonly string[] {
  const waits = 'awaitsDeadline' in check.reads ? ['--max-wait <time>'] : [];
  return [...needsOf(check).flatMap((need) => flags[need] ?? []), ...waits];
}

/** The reference server with one of the mistakes, and the names of the others. */
function serveWith([first, ...others]: readonly Proof[]): string {
  const command = ['pulse-upload serve --defect', first?.defect, ...(first?.flags ?? [])].join(' ');
  return others.length === 0 ? command : `${command} (or ${others.map(({ defect }) => defect).join(', ')})`;
}
