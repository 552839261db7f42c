import { outcomeOf } from '../answers.ts';
import { Violation } from '../check.ts';
import { expectStatus, type Statuses } from '../expect.ts';
import type { Refused } from '../scenarios/invitation.ts';

/**
 * The refusal came although no body did. One that comes only behind the body is a warning: a proxy that asks for the
 * body by itself cannot be told from a server that does (RFC 9110, 10.1.1 binds the latter only).
 */
export function expectRefusedBeforeBody(
  { early, waitedMs, isBodySent, exchange }: Refused,
  pass: Statuses,
  extra: { readonly note?: Statuses } = {},
): string | undefined {
  if (early.sizeBytes === 0 && early.peer === 'open') {
    const actual = `nothing came within ${waitedMs} ms`;
    throw new Violation({ expected: 'a refusal', actual, evidence: [exchange] });
  }
  const remark = expectStatus(exchange, pass, extra);
  if (!isBodySent) return remark;
  throw new Violation({
    expected: 'the refusal at once',
    actual: `100 Continue, and behind the body ${outcomeOf(exchange)} (a proxy that buffers requests has the same effect)`,
    evidence: [exchange],
    atMost: 'warn',
  });
}
