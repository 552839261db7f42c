import { PulseError } from '../../errors.ts';
import type { Proof } from '../../events.ts';
import { parseReprSha256 } from '../../protocol/headers.ts';
import type { Finalized, StoredUpload } from '../../protocol/protocol.ts';
import type { WireRequest } from '../../protocol/wire.ts';
import { ask, type Job, warn } from '../job.ts';
import type { OpenUpload } from '../open/open-upload.ts';
import { isEncoded } from './not-the-content.ts';
import { readBack } from './read-back.ts';

/** What is known of content: the size in bytes, and 64 lower-case hex digits. */
interface Content {
  readonly sizeBytes?: number;
  /** Of what was not read to its end. */
  readonly moreThanBytes?: number;
  readonly sha256?: string;
}

type Whole = Required<Pick<Content, 'sizeBytes' | 'sha256'>>;

const provingKinds: ReadonlySet<Proof> = new Set(['finalize', 'digest', 'read-back', 'checksum']);

/** Whether that says what the server holds; a checksum that the server only took says nothing. */
export function proves(proof: Proof | undefined): boolean {
  return proof !== undefined && provingKinds.has(proof);
}

/**
 * How it is known that the server holds the file: the cheapest way that it offers. Undefined where it offers none;
 * a difference throws `integrity`. `isChecked`: the checksums of its chunks prove it.
 */
export async function proofOf(
  job: Job,
  upload: OpenUpload,
  finalized: Finalized | undefined,
  file: Whole,
  isChecked: boolean,
): Promise<Proof | undefined> {
  assertSame(finalized ?? {}, file);
  if (finalized?.sha256 !== undefined) return 'finalize';
  const { declaredSha256, chosenId } = upload.record;
  const otherwise = isChecked ? 'checksum' : declaredSha256 === undefined ? undefined : 'declared';
  const { content } = job.protocol;
  if (content === undefined) return otherwise;
  const stored: StoredUpload = { uploadUrl: upload.url, ...(chosenId !== undefined && { chosenId }) };
  const request = content.request(job.settings.server, stored);
  const seen = content.hasHead && (await orNothing(job, () => askDigest(job, request)));
  if (seen !== undefined) {
    assertSame({ sha256: seen }, file);
    return 'digest';
  }
  // It sees what was stored, and checksums only what was received: where it is asked for, it is worth its cost.
  if (!job.settings.readBack) return otherwise;
  const served = await orNothing(job, () => readBack(job, request), 'the content cannot be read back');
  if (served === undefined) return otherwise;
  assertSame(served, file);
  return 'read-back';
}

/** The digest that the server names itself (RFC 9530, 4), if it does. */
async function askDigest(job: Job, request: WireRequest): Promise<string | undefined> {
  // It is the digest of what would be served, which compressed is other bytes (RFC 9530, 3.1).
  const headers = { 'Want-Repr-Digest': 'sha-256=10', 'Accept-Encoding': 'identity' };
  const asked = await ask(job, { ...request, method: 'HEAD', headers }, ({ headers: said }) => ({
    value: isEncoded(said) ? undefined : parseReprSha256(said['repr-digest']),
  }));
  return 'value' in asked ? asked.value : undefined;
}

/** What goes wrong while a complete upload is looked at does not undo it; that is said only where it was asked for. */
async function orNothing<T>(job: Job, look: () => Promise<T>, words?: string): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof PulseError) || job.tools.signal?.aborted) throw error;
    if (words !== undefined) warn(job, `${words}: ${error.message}`);
    return undefined;
  }
}

function assertSame(held: Content, file: Whole): void {
  const { sizeBytes, sha256, moreThanBytes } = held;
  const sizeDiffers = sizeBytes !== undefined && sizeBytes !== file.sizeBytes;
  const digestDiffers = sha256 !== undefined && sha256 !== file.sha256;
  if (!sizeDiffers && !digestDiffers && moreThanBytes === undefined) return;
  throw new PulseError(
    'integrity',
    `the server holds other bytes than the file: ${said(held)}, expected ${said(file)}`,
    {
      hint: 'the copy on the server is not usable; run the same command again to upload from the start, and if it happens again run pulse-upload verify on this server',
    },
  );
}

function said({ sizeBytes, sha256, moreThanBytes }: Content): string {
  if (moreThanBytes !== undefined) return `more than ${moreThanBytes} bytes`;
  const size = sizeBytes === undefined ? 'an unstated size' : `${sizeBytes} bytes`;
  return `${size} with ${sha256 === undefined ? 'no checksum' : `sha256 ${sha256}`}`;
}
