import { type Check, type ProtocolId, protocolIds, type Section } from '../../verify/check.ts';
import { countOf } from '../format.ts';
import { impactTitles } from './impacts.ts';
import { levelIn } from './levels.ts';
import { wholeSections } from './whole-sections.ts';

/** docs/checks.md: every check in the order of the requirements, and every row that is none, with its reason. */
export function checksPage(sections: readonly Section[]): string {
  const checks = sections.flatMap((section) => section.checks);
  const untestable = sections.flatMap((section) => Object.keys(section.untestable));
  return [
    '# Checks',
    '',
    '<!-- Written by `node --import tsx scripts/write-checks-page.ts`: change the checks, not this page. -->',
    '',
    `What \`pulse-upload verify <url>\` asks a server: ${countOf(checks.length, 'check')}. Requirements that cannot be`,
    `tested from outside: ${untestable.length}. \`pulse-upload verify --explain <id>\` says more about each check.`,
    '',
    'MUST and safety (demanded by us, because bytes or secrets are lost without it) fail a run; SHOULD is a warning, a',
    'failure with `--strict`; MAY is only noted. A dash: not part of that protocol.',
    '',
    ...wholeSections(sections).flatMap(sectionLines),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function sectionLines({ number, title, checks, untestable }: Section): readonly string[] {
  const reasons = Object.entries(untestable);
  if (checks.length + reasons.length === 0) return [];
  return [
    `## ${number}. ${title}`,
    '',
    ...(checks.length === 0
      ? []
      : [
          ...table(
            ['check', ...protocolsOf(checks), 'requirement', 'passes', 'a violation means'],
            checks.map((check) => checkRow(check, protocolsOf(checks))),
          ),
          '',
        ]),
    ...(reasons.length === 0
      ? []
      : [
          'Cannot be tested from outside:',
          '',
          ...table(
            ['requirement', 'why'],
            reasons.map(([id, reason]) => [`\`${id}\``, cell(reason)]),
          ),
          '',
        ]),
  ];
}

/** The protocols of which any of these checks is part. */
function protocolsOf(checks: readonly Check[]): readonly ProtocolId[] {
  return protocolIds.filter((protocol) => checks.some(({ level }) => level[protocol] !== undefined));
}

function checkRow(check: Check, protocols: readonly ProtocolId[]): readonly string[] {
  const { id, says, spec, passes, impact } = check;
  return [
    `\`${id}\``,
    ...protocols.map((protocol) => levelIn(check, protocol)),
    `${cell(says)} ([${cell(spec.section)}](${spec.url}))`,
    cell(passes),
    impactTitles[impact],
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Text that neither ends a cell nor reads as markup. */
function cell(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, '\\$&').replace(/\s+/g, ' ');
}
