import type { OptionSpec, OptionTable } from './option-table.ts';

const FLAG_COLUMNS = 28;

/** One line per option: its flags, what it says, its default. Options that say nothing share the last line. */
export function optionLines(table: OptionTable): readonly string[] {
  const specs = Object.values(table);
  const brief = specs.filter(({ says }) => says === undefined).map(({ flags }) => flags);
  return [
    ...specs.flatMap((spec) => (spec.says === undefined ? [] : [optionLine(spec, spec.says)])),
    `  ${brief.join('   ')}`,
  ];
}

function optionLine(spec: OptionSpec, says: string): string {
  const flags = spec.flags.startsWith('--') ? `    ${spec.flags}` : spec.flags;
  const fallback = spec.kind === 'value' && spec.fallback !== undefined ? ` [${spec.fallback}]` : '';
  return `  ${flags.padEnd(FLAG_COLUMNS)} ${says}${fallback}`;
}
