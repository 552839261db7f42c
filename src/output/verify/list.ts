import type { Check } from '../../verify/check.ts';
import { levelIn, protocolIds } from './levels.ts';
import type { VerifyView } from './view.ts';
import { shortened } from './wrap.ts';

const LEVEL_COLUMNS = 'SHOULD'.length;

/** One line a check: its id, its level under pulse and under tus, and the requirement. */
export function listLines(checks: readonly Check[], { paint, columns }: VerifyView): readonly string[] {
  const idColumns = Math.max(...checks.map(({ id }) => id.length));
  return checks.map((check) => {
    const levels = protocolIds.map((protocol) => levelIn(check, protocol).padEnd(LEVEL_COLUMNS)).join('  ');
    const start = `${check.id.padEnd(idColumns)}  ${levels}  `;
    const says =
      columns === undefined ? check.says : shortened(check.says, Math.max(10, columns - 1 - start.length));
    return `${paint.strong(check.id.padEnd(idColumns))}  ${paint.faint(levels)}  ${says}`;
  });
}
