import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createFilter } from '../../src/bulk/filter.ts';
import { createKnown } from '../../src/bulk/ledger/known.ts';
import { openLedger } from '../../src/bulk/ledger/ledger-file.ts';
import type { LedgerRecord } from '../../src/bulk/ledger/ledger-record.ts';
import { makePlan } from '../../src/bulk/plan.ts';
import { type BulkOutcome, type BulkSettings, type BulkTools, runBulk } from '../../src/bulk/run.ts';
import type { PulseEvent } from '../../src/events.ts';
import { createTransport } from '../../src/transport/http.ts';
import { defaultSettings, type UploadSettings } from '../../src/upload/settings.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { type QuickClock, quickClock } from '../upload/harness.ts';
import { type ScriptedOptions, type ScriptedServer, startScriptedServer } from '../upload/scripted-server.ts';
import { temporaryFolder } from './folder.ts';

export interface BulkChanges {
  readonly upload?: Partial<UploadSettings>;
  readonly run?: Partial<BulkSettings>;
  readonly tools?: Partial<BulkTools>;
  readonly manifest?: string;
}

export interface BulkBench {
  readonly server: ScriptedServer;
  readonly events: PulseEvent[];
  readonly clock: QuickClock;
  /** Where the ledger is. */
  readonly ledger: string;
  /** Sends everything in a folder, with a ledger; what happened before stays in `events`. */
  readonly run: (folder: string, changes?: BulkChanges) => Promise<BulkOutcome>;
  readonly of: <T extends PulseEvent['type']>(type: T) => Extract<PulseEvent, { type: T }>[];
  readonly records: () => Promise<readonly LedgerRecord[]>;
}

export async function startBulkBench(options: ScriptedOptions = {}): Promise<BulkBench> {
  const server = await startScriptedServer(options);
  const dir = await temporaryFolder();
  const transport = createTransport();
  onTestFinished(async () => {
    await transport.close();
    await server.close();
  });
  const clock = quickClock();
  const events: PulseEvent[] = [];
  const path = join(dir, 'ledger.jsonl');
  const url = new URL(server.url);
  return {
    server,
    events,
    clock,
    ledger: path,
    of: (type) =>
      events.filter((event): event is Extract<PulseEvent, { type: typeof type }> => event.type === type),
    records: async () => {
      const records: LedgerRecord[] = [];
      await (await openLedger(path, (record) => records.push(record))).close();
      return records;
    },
    run: async (folder, { upload = {}, run = {}, tools = {}, manifest } = {}) => {
      const known = createKnown(url.href, upload.requireProof ?? false);
      const ledger = await openLedger(path, known.add);
      try {
        const text = manifest === undefined ? [] : [Buffer.from(manifest)];
        const plan = await makePlan(
          {
            operands: manifest === undefined ? [folder] : [],
            lists: [],
            manifests:
              manifest === undefined
                ? []
                : [
                    {
                      label: 'manifest.jsonl',
                      read: async function* () {
                        yield* text;
                      },
                      format: 'jsonl',
                    },
                  ],
            recursive: true,
            filter: createFilter([], []),
            minAgeMs: 0,
          },
          { order: { by: 'name', descending: false } },
          known,
          { dateMs: clock.nowMs },
        );
        return await runBulk(
          plan,
          {
            upload: { ...defaultSettings, server: url, protocol: 'pulse', maxOutageMs: 900_000, ...upload },
            jobs: 4,
            failFast: false,
            ...run,
          },
          {
            send: transport.send,
            report: (event) => events.push(event),
            clock,
            random: () => 0.5,
            store: openStateStore(join(dir, 'state')),
            known,
            ledger,
            readTokenFile: () => 'own-s3cret',
            ...tools,
          },
        );
      } finally {
        await ledger.close();
      }
    },
  };
}

/** The names of so many files: `00.mp4` and on. */
export function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${String(index).padStart(2, '0')}.mp4`);
}
