import { join } from 'node:path';
import { makeFolder, readText, replaceFile } from '../../system/files.ts';
import { hashed } from './record.ts';
import { FILE_MODE, FOLDER_MODE } from './state-folder.ts';

const SCHEMA = 1;

/** Limits get raised: what was learned is tried anew after a month. */
const FORGET_AFTER_MS = 30 * 24 * 60 * 60_000;

/** What one form of chunk met at one server. */
export interface LearnedLimit {
  /** Base URL of the server. */
  readonly server: string;
  /** Form data is longer than the bytes in it, so it has a limit of its own. */
  readonly body: string;
  /** The largest chunk known to pass where a larger one was refused with 413. */
  readonly chunkBytes: number;
}

/** What is known of servers beyond one run. It only saves requests: whatever cannot be read or written is done without. */
export interface ServerMemory {
  readonly recall: (server: string, body: string) => Promise<LearnedLimit | undefined>;
  readonly remember: (limit: LearnedLimit) => Promise<void>;
}

export function openServerMemory(stateDir: string, nowMs: () => number): ServerMemory {
  const dir = join(stateDir, 'servers');
  const pathOf = (server: string, body: string) => join(dir, `${hashed([server, body])}.json`);
  return {
    recall: async (server, body) => {
      try {
        const record = JSON.parse(await readText(pathOf(server, body))) as Partial<StoredLimit>;
        const { schema, chunkBytes = 0, learnedAt = '' } = record;
        const isFresh = nowMs() - Date.parse(learnedAt) < FORGET_AFTER_MS;
        if (schema !== SCHEMA || record.server !== server || !isFresh) return undefined;
        return Number.isSafeInteger(chunkBytes) && chunkBytes > 0 ? { server, body, chunkBytes } : undefined;
      } catch {
        return undefined;
      }
    },
    remember: async (limit) => {
      const stored: StoredLimit = { schema: SCHEMA, ...limit, learnedAt: new Date(nowMs()).toISOString() };
      try {
        await makeFolder(dir, FOLDER_MODE);
        await replaceFile(pathOf(limit.server, limit.body), `${JSON.stringify(stored)}\n`, FILE_MODE);
      } catch {
        // It will be learned again.
      }
    },
  };
}

interface StoredLimit extends LearnedLimit {
  readonly schema: typeof SCHEMA;
  /** ISO 8601. */
  readonly learnedAt: string;
}
