import { type Check, protocolIds } from '../../verify/check.ts';
import { levelIn } from './levels.ts';
import { roomOf, type VerifyView } from './view.ts';
import { shortened, wrap } from './wrap.ts';

const levelColumns = (protocol: string) => Math.max('SHOULD'.length, protocol.length);
/** A requirement that would get fewer columns stands below its id. */
const LEAST_COLUMNS = 50;

/** One line a check: its id, its level under each protocol, and the requirement. Headings for people only. */
export function listLines(checks: readonly Check[], view: VerifyView): readonly string[] {
  const { paint, columns = Number.POSITIVE_INFINITY } = view;
  const idColumns = Math.max(...checks.map(({ id }) => id.length));
  const headings = ['check'.padEnd(idColumns), ...protocolIds.map((id) => id.padEnd(levelColumns(id)))];
  const heading = columns === Number.POSITIVE_INFINITY ? [] : [paint.faint(headings.join('  ').trimEnd())];
  const lines = checks.flatMap((check) => {
    const id = check.id.padEnd(idColumns);
    const levels = protocolIds
      .map((protocol) => levelIn(check, protocol).padEnd(levelColumns(protocol)))
      .join('  ');
    const start = `${paint.strong(id)}  ${paint.faint(levels)}`;
    const left = columns - 1 - `${id}  ${levels}  `.length;
    return left < LEAST_COLUMNS
      ? [start.trimEnd(), ...wrap(check.says, roomOf(view) - 4).map((line) => `    ${line}`)]
      : [`${start}  ${shortened(check.says, left)}`];
  });
  return [...heading, ...lines];
}
