import { headerOf, isSuccess, wasClosed } from '../answers.ts';
import { Skip, Violation } from '../check.ts';
import { expectRefused, needed } from '../expect.ts';
import type { Described } from '../scenarios/metadata.ts';

/** The words of judges about Upload-Metadata. */

/** A header's value as `key: hex of the value` pairs in the order in which they stand; a doubled key stands twice. */
export function pairsOf(text: string): readonly (readonly [key: string, hex: string])[] {
  return text
    .split(',')
    .map((pair) => pair.trim())
    .map((pair) => {
      const [key = '', value = ''] = pair.split(/ +/);
      return [key, bytesOf(value)] as const;
    });
}

/** Padding may be missing; what is no base64 has no bytes, and stays different from what has. */
function bytesOf(value: string): string {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(value)
    ? Buffer.from(value, 'base64').toString('hex')
    : `no base64: ${value}`;
}

export function echoOf({ headed }: Described): string | undefined {
  return headerOf(headed, 'Upload-Metadata');
}

/** HEAD gives back the same keys with the same bytes; order, padding and blanks are the server's own. */
export function expectKept(described: Described): undefined {
  const { posted, headed, metadata = '' } = described;
  if (!isSuccess(posted)) expectCreated(described);
  const echo = echoOf(described);
  if (echo !== undefined && canonical(echo) === canonical(metadata)) return;
  throw new Violation({
    expected: `Upload-Metadata that means ${metadata}`,
    actual: echo === undefined ? 'no Upload-Metadata' : `Upload-Metadata: ${echo}`,
    evidence: [posted, needed(headed, 'HEAD')],
  });
}

/** The same of one of many: where HEAD gives back nothing at all, that is said once, of the ordinary one. */
export function expectKeptToo(
  described: Described,
  { ordinary }: { readonly ordinary: Described },
): undefined {
  if (isForgotten(described) && isForgotten(ordinary))
    throw new Skip('HEAD gives back no Upload-Metadata at all (metadata.head-echo)');
  return expectKept(described);
}

const isForgotten = (described: Described) =>
  isSuccess(described.posted) && isSuccess(described.headed) && echoOf(described) === undefined;

function expectCreated({ posted, metadata }: Described): void {
  const actual = `${metadata} was answered ${posted.answer?.status ?? posted.broken?.detail}`;
  throw new Violation({ expected: '201', actual, evidence: [posted] });
}

/** Refused with a 4xx, or taken with an echo that is fine. */
export function refusedOr(described: Described, isFine: (echo: string | undefined) => boolean): undefined {
  const { posted, headed, metadata = '' } = described;
  if (!isSuccess(posted)) {
    if (!wasClosed(posted) || metadata.length < 4096) expectRefused(posted);
    return;
  }
  needed(headed, 'HEAD');
  const echo = echoOf(described);
  if (isFine(echo)) return;
  throw new Violation({
    expected: `a refusal of "${shortened(metadata)}", or an echo without the flaw`,
    actual: echo === undefined ? 'no Upload-Metadata' : `Upload-Metadata: ${shortened(echo)}`,
    evidence: [posted, headed],
  });
}

export function canonical(text: string): string {
  return pairsOf(text)
    .map((pair) => pair.join(' '))
    .sort()
    .join(',');
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}... (${text.length} characters)` : text;
}
