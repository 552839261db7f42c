import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchmarkFile } from './benchmark-file.ts';
import { measureNode, type ProcessFigures } from './measured-process.ts';
import type { Sink } from './sink/start.ts';
import type { Tally } from './sink/uploads.mjs';

/** What a contender is to send, and where. */
export interface Race {
  readonly file: BenchmarkFile;
  readonly sink: Sink;
  readonly chunkBytes: number;
  /** For what a run leaves behind; removed by the bench. */
  readonly folder: string;
}

/** One upload: the process that did it, and `transferMs` from its first request to its last acknowledged byte. */
export interface UploadRun extends ProcessFigures {
  readonly transferMs: number;
}

interface Contender {
  readonly args: (race: Race) => readonly string[];
  /** Whether it ends with a finalize request: plain tus has none. */
  readonly finalizes: boolean;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
export const uploaderPath = here('../bin/pulse-upload.js');

const clientArgs =
  (path: string, ...more: readonly string[]) =>
  (race: Race) => [here(path), race.file.path, String(race.sink.port), String(race.chunkBytes), ...more];

/** In the order in which they run in each round. */
export const contenders = {
  floor: { args: clientArgs('clients/floor.mjs'), finalizes: true },
  // What is left over the floor for anything that hashes on the thread that sends.
  'floor, SHA-256': { args: clientArgs('clients/floor.mjs', 'sha256'), finalizes: true },
  peer: { args: clientArgs('clients/peer.mjs'), finalizes: false },
  ours: {
    // --require-proof: exit code 0 then says that the checksum was computed and compared.
    args: (race: Race) => [
      uploaderPath,
      race.file.path,
      ...['--server', `http://127.0.0.1:${race.sink.port}`, '--protocol', 'pulse'],
      ...['--chunk-size', String(race.chunkBytes), '--progress', 'none', '--require-proof'],
    ],
    finalizes: true,
  },
} satisfies Record<string, Contender>;

export type ContenderName = keyof typeof contenders;
export const contenderNames = Object.keys(contenders) as readonly ContenderName[];

/**
 * Holds what the sink received against what the contender had to send: one upload, every byte exactly once, in
 * chunks of the agreed size. A run that did less or more work than the others is no measurement.
 * @returns the transfer time as the sink saw it
 * @throws {Error}
 */
export function checkedTransferMs(
  tally: Tally,
  expected: { readonly sizeBytes: number; readonly chunkBytes: number; readonly finalizes: boolean },
): number {
  const [upload, ...others] = tally.uploads;
  if (upload === undefined || others.length > 0) {
    throw new Error(`the sink saw ${tally.uploads.length} uploads, expected 1`);
  }
  const facts: Readonly<Record<string, readonly [seen: number | boolean, expected: number | boolean]>> = {
    'bytes received': [tally.payloadBytes, expected.sizeBytes],
    'final offset': [upload.offsetBytes, expected.sizeBytes],
    'PATCH requests': [upload.patches, Math.ceil(expected.sizeBytes / expected.chunkBytes)],
    finalized: [upload.finalized, expected.finalizes],
  };
  for (const [fact, [seen, wanted]] of Object.entries(facts)) {
    if (seen !== wanted) throw new Error(`the sink saw ${fact}: ${seen}, expected ${wanted}`);
  }
  return upload.transferMs;
}

/**
 * Lets one contender upload the file once.
 * @throws {Error} where it fails, or the sink did not receive exactly the file
 */
export async function runContender(name: ContenderName, race: Race): Promise<UploadRun> {
  const { args, finalizes } = contenders[name];
  const stateFolder = await mkdtemp(join(race.folder, 'state-'));
  const figures = await measureNode(args(race), {
    PULSE_UPLOAD_STATE_DIR: stateFolder,
    XDG_CONFIG_HOME: stateFolder,
  });
  const tally = await race.sink.take();
  const expected = { sizeBytes: race.file.sizeBytes, chunkBytes: race.chunkBytes, finalizes };
  return { ...figures, transferMs: checkedTransferMs(tally, expected) };
}
