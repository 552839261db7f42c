import { createHash } from 'node:crypto';
import { serverName } from '../../protocol/urls.ts';
import type { Checkpoint } from '../send/chunk-reader.ts';
import type { FileIdentity } from '../source/source.ts';

const SCHEMA = 1;

const phases = ['creating', 'sending', 'complete', 'finalizing'] as const;
type Phase = (typeof phases)[number];

/** What must be known to go on after this process is gone. Never holds a token. */
export interface UploadRecord {
  readonly schema: typeof SCHEMA;
  readonly server: string;
  readonly protocol: string;
  readonly path: string;
  readonly identity: FileIdentity;
  readonly url: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** When this record was written, ISO 8601: the store sets it. */
  readonly savedAt?: string;
  /** Absolute path of the ledger of the run that wrote this: without it, that would send the file again. */
  readonly ledger?: string;
  /** When the server removes an unfinished upload, ISO 8601; absent where it never said so. */
  readonly expiresAt?: string;
  /** A prefix that the server acknowledged, and its digest. */
  readonly prefix: Checkpoint;
  /** All that was read by then, and its digest: where the server has more than the prefix, it is of this. */
  readonly readAhead?: Checkpoint;
  /** When anything was last done to the inode of the file, as the latest run that went on found it; as in `Source`. */
  readonly changedNs?: string;
  /** A part of that prefix that a server which was seen to compare checksums acknowledged with them. */
  readonly checkedBytes?: number;
  /**
   * `creating`: the answer to the creation is not known, and `url` is where the upload would be; only of uploads that
   * the client names. `finalizing` is written before finalize is sent: from then on only its answer counts.
   * `complete`: the server acknowledged every byte and no answer is missing; what is left is to finalize or to prove it.
   */
  readonly phase: Phase;
  /** The name that the client gave to the upload: a lost creation is repeated under the same one. */
  readonly chosenId?: string;
  /** The SHA-256 of the whole file, as it was declared to the server at the creation. */
  readonly declaredSha256?: string;
  /** Present where the server answers no HEAD: such an upload cannot be resumed, only finalized again. */
  readonly headless?: true;
  /** Present where the file goes in parts: then `prefix` is but a count of what the server has of all of them. */
  readonly parts?: readonly PartRecord[];
  /** Present from before the request that joins the parts on, until a refusal is known or HEAD has found the whole. */
  readonly joining?: true;
  /** Where the parts were joined; the parts may be gone by then. */
  readonly joinedUrl?: string;
  /** How the server answered the last chunk, of which it says that it has it all the same. */
  readonly finishError?: string;
  /** Present where the server answers no HEAD, and took again what it may have stored before. */
  readonly mayHoldTwice?: true;
  /** Present where it is kept for this run only, and no other will find it. Never stands in a file. */
  readonly unwritten?: true;
}

/** A part of a file, from one byte to before another. */
export interface PartRecord {
  readonly fromBytes: number;
  readonly endBytes: number;
  /** Where its upload is; absent where it was not created yet. */
  readonly url?: string;
  /** As of a whole upload, counted from the beginning of the part. */
  readonly prefix: Checkpoint;
  readonly readAhead?: Checkpoint;
  readonly changedNs?: string;
}

/** Of one file there is one upload at a server; what else identifies it is compared when it is resumed. */
export interface UploadKey {
  readonly server: string;
  readonly protocol: string;
  readonly path: string;
}

export function uploadKey(
  { server }: { readonly server: URL },
  { id }: { readonly id: string },
  { path }: { readonly path: string },
): UploadKey {
  return { server: server.href, protocol: id, path };
}

/**
 * The server has every byte and answered the last of them with an error: whoever goes on sends nothing, and learns no
 * more, unless the content is read back.
 */
export function failedAtEnd({ finishError, prefix, identity }: UploadRecord): boolean {
  return finishError !== undefined && prefix.bytes === identity.sizeBytes;
}

/** The name of a key's files in the state folder: one, however the server is spelled. */
export function nameOf({ server, protocol, path }: UploadKey): string {
  return hashed([serverName(server), protocol, path]);
}

/** What earlier versions called them where the server was spelled with a slash at the end. */
export function earlierNameOf({ server, protocol, path }: UploadKey): string {
  return hashed([`${serverName(server).replace(/\/$/, '')}/`, protocol, path]);
}

/** As the name of a file: what it stands for may be long, and hold any character. */
export function hashed(words: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 40);
}

/** The record in a text, or why it cannot be trusted. */
export function parseRecord(text: string): UploadRecord | { readonly distrusted: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { distrusted: 'cannot be read' };
  }
  if (isRecord(value)) return value;
  const schema = (value as { readonly schema?: unknown } | null)?.schema;
  return typeof schema === 'number' && schema > SCHEMA
    ? {
        distrusted: `was written by a later version of pulse-upload (schema ${schema}, this one reads ${SCHEMA})`,
      }
    : { distrusted: 'cannot be read' };
}

function isRecord(value: unknown): value is UploadRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Partial<Record<keyof UploadRecord, unknown>>;
  const { identity, prefix } = record as Partial<UploadRecord>;
  const texts = [record.server, record.protocol, record.path, record.url, record.createdAt];
  return (
    record.schema === SCHEMA &&
    texts.every((text) => typeof text === 'string') &&
    URL.canParse(record.url as string) &&
    [record.chosenId, record.declaredSha256, record.changedNs, record.ledger].every(isTextOrAbsent) &&
    (record.checkedBytes === undefined || isCount(record.checkedBytes)) &&
    [record.createdAt, record.savedAt, record.expiresAt].every(isDateOrAbsent) &&
    phases.some((phase) => phase === record.phase) &&
    isCount(identity?.sizeBytes) &&
    [identity?.mtimeNs, identity?.inode].every((text) => typeof text === 'string') &&
    isCheckpoint(prefix, identity.sizeBytes) &&
    (record.readAhead === undefined || isCheckpoint(record.readAhead, identity.sizeBytes)) &&
    (record.parts === undefined || areParts(record.parts, identity?.sizeBytes)) &&
    (record.joinedUrl === undefined || URL.canParse(String(record.joinedUrl)))
  );
}

/** Of no more than there is. */
function isCheckpoint(value: unknown, mostBytes: number): value is Checkpoint {
  const { bytes, sha256 } = (value ?? {}) as Partial<Checkpoint>;
  return isCount(bytes) && bytes <= mostBytes && typeof sha256 === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Parts without a gap and without an overlap, of exactly this file. */
function areParts(value: unknown, sizeBytes: number | undefined): boolean {
  if (!Array.isArray(value)) return false;
  let endBytes = 0;
  for (const part of value as readonly (Partial<PartRecord> | null)[]) {
    if (part?.fromBytes !== endBytes || !isCount(part.endBytes)) return false;
    const partBytes = part.endBytes - endBytes;
    if (part.url !== undefined && !URL.canParse(part.url)) return false;
    if (!isCheckpoint(part.prefix, partBytes) || !isTextOrAbsent(part.changedNs)) return false;
    if (part.readAhead !== undefined && !isCheckpoint(part.readAhead, partBytes)) return false;
    endBytes = part.endBytes;
  }
  return endBytes === sizeBytes;
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isDateOrAbsent(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
}
