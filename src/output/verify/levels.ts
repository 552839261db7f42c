import type { Check, ProtocolId } from '../../verify/check.ts';

/** The level in a protocol, or a dash where the protocol does not have the requirement. */
export function levelIn({ level }: Pick<Check, 'level'>, protocol: ProtocolId): string {
  return level[protocol] ?? '-';
}
