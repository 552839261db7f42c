import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PulseError } from '../errors.ts';
import type { Checkpoint } from './chunk-reader.ts';
import { acquireLock, type Lock } from './lock.ts';
import type { FileIdentity } from './source.ts';

const SCHEMA = 1;

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
  /** A prefix that the server acknowledged, and its digest. */
  readonly prefix: Checkpoint;
  /** `finalizing` is written before finalize is sent: from then on only its answer counts. */
  readonly phase: 'sending' | 'finalizing';
  /** Present where the server answers no HEAD: such an upload cannot be resumed, only finalized again. */
  readonly headless?: true;
}

export interface UploadKey {
  readonly server: string;
  readonly protocol: string;
  readonly path: string;
}

/** One record per upload. Records are replaced whole: a crash leaves the old one or the new one. */
export interface StateStore {
  /** Throws `temporary` when another live process holds this upload. */
  readonly lock: (key: UploadKey) => Promise<Lock>;
  /** The record; undefined where there is none. One that cannot be trusted is set aside, and `onSetAside` is told. */
  readonly read: (key: UploadKey, onSetAside: (message: string) => void) => Promise<UploadRecord | undefined>;
  readonly write: (record: UploadRecord) => Promise<void>;
  readonly remove: (key: UploadKey) => Promise<void>;
}

export function openStateStore(dir: string): StateStore {
  const pathOf = (key: UploadKey, extension: string) => join(dir, `${digestOf(key)}.${extension}`);
  return {
    lock: async (key) => {
      await orStateError(dir, () => mkdir(dir, { recursive: true, mode: 0o700 }));
      return orStateError(dir, () => acquireLock(pathOf(key, 'lock'), key.path));
    },
    read: async (key, onSetAside) => {
      const path = pathOf(key, 'json');
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw stateError(dir, error);
      });
      if (text === undefined) return undefined;
      const record = parseRecord(text);
      if (record !== undefined && digestOf(record) === digestOf(key)) return record;
      await orStateError(dir, () => rename(path, `${path}.unreadable`));
      onSetAside(`the saved state ${path} cannot be read; it was set aside as ${path}.unreadable`);
      return undefined;
    },
    write: (record) =>
      orStateError(dir, async () => {
        await mkdir(dir, { recursive: true, mode: 0o700 });
        await replaceFile(pathOf(record, 'json'), `${JSON.stringify(record)}\n`);
      }),
    remove: (key) => orStateError(dir, () => rm(pathOf(key, 'json'), { force: true })),
  };
}

function digestOf({ server, protocol, path }: UploadKey): string {
  return createHash('sha256')
    .update(JSON.stringify([server, protocol, path]))
    .digest('hex')
    .slice(0, 40);
}

/** Temporary file, fsync, rename: the record is either the old one or the new one, also after a power cut. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

function parseRecord(text: string): UploadRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
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
    (record.phase === 'sending' || record.phase === 'finalizing') &&
    Number.isSafeInteger(identity?.sizeBytes) &&
    [identity?.mtimeNs, identity?.inode, identity?.device].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(prefix?.bytes) &&
    typeof prefix?.sha256 === 'string'
  );
}

async function orStateError<T>(dir: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof PulseError ? error : stateError(dir, error);
  }
}

function stateError(dir: string, error: unknown): PulseError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new PulseError('input', `the state folder ${dir} cannot be used: ${code}`, {
    hint: 'make it writable, or name another one with PULSE_UPLOAD_STATE_DIR',
    cause: error,
  });
}
