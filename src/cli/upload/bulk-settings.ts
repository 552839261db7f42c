import { createReadStream, statSync } from 'node:fs';
import process from 'node:process';
import type { Sources } from '../../bulk/collect.ts';
import { createFilter } from '../../bulk/filter.ts';
import type { PlanChoices } from '../../bulk/plan.ts';
import type { BulkSettings } from '../../bulk/run.ts';
import { PulseError } from '../../errors.ts';
import { shardOf } from '../../input/shard.ts';
import type { UploadSettings } from '../../upload/settings.ts';
import { INPUT } from '../../upload/source/path-text.ts';
import type { BulkValues } from '../options/bulk.ts';
import type { Environment } from '../options/option-table.ts';
import type { UploadValues } from '../options/upload.ts';

/** Requests that one run has under way: each holds two chunks in memory. */
const MAX_AT_ONCE = 256;

/** What `--max-outage` is where thousands of files are at stake and nobody watches. */
const BULK_MAX_OUTAGE_MS = 15 * 60_000;

/** What is to be sent; nothing is read yet. */
export function bulkSources(
  values: BulkValues & Pick<UploadValues, 'transcript'>,
  operands: readonly string[],
): Sources {
  const { filesFrom, filesFrom0, manifest, minAge, ledger, transcript } = values;
  if (operands.length + filesFrom.length + filesFrom0.length + manifest.length === 0) {
    throw new PulseError('usage', 'no file is given, expected files, or a folder with -r', {
      hint: 'for example: pulse-upload -r recordings --server <url> --ledger ledger.jsonl',
    });
  }
  if ([...filesFrom, ...filesFrom0].filter((path) => path === INPUT).length > 1) {
    throw new PulseError('usage', 'standard input is named twice, expected once', {
      hint: 'write one of the lists into a file',
    });
  }
  const lists = (paths: readonly string[], separator: 'newline' | 'nul') =>
    paths.map((path) => ({ label: path, read: () => bytesOf(path), separator }));
  return {
    operands,
    lists: [...lists(filesFrom, 'newline'), ...lists(filesFrom0, 'nul')],
    manifests: manifest.map((path) => ({
      label: path,
      read: () => bytesOf(path),
      format: /\.csv$/i.test(path) ? 'csv' : 'jsonl',
    })),
    recursive: values.recursive,
    filter: createFilter(values.include, values.exclude),
    own: [ledger, ledger && `${ledger}.lock`, transcript].filter((path) => path !== undefined),
    ...(minAge !== undefined && { minAgeMs: minAge }),
  };
}

function bytesOf(path: string): AsyncIterable<Uint8Array> {
  return path === INPUT ? process.stdin : createReadStream(path);
}

export function planChoices(values: BulkValues, environment: Environment): PlanChoices {
  const { shard, orderBy, nameTemplate } = values;
  return {
    ...(shard !== undefined && { shard: shardOf(shard, environment) }),
    ...(orderBy !== undefined && { order: orderBy }),
    ...(nameTemplate !== undefined && { nameTemplate }),
  };
}

/** A variable such as PULSE_UPLOAD_LEDGER makes a run of many out of one file: of these there can still be one only. */
function isOneFile({ filesFrom, filesFrom0, manifest, recursive }: BulkValues, operands: readonly string[]) {
  const [operand, ...others] = operands;
  if (operand === undefined || others.length + filesFrom.length + filesFrom0.length + manifest.length > 0)
    return false;
  return !recursive || !isFolder(operand);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // what is wrong with it is said where it is looked for
  }
}

/** Throws `usage` for what makes no sense for several files. */
export function bulkSettings(
  values: BulkValues,
  upload: UploadSettings,
  operands: readonly string[],
): BulkSettings {
  if (upload.name !== undefined && !isOneFile(values, operands)) {
    throw new PulseError('usage', '--name is given for several files, expected a single one', {
      hint: 'say --name-template, or name them in a manifest',
    });
  }
  if (values.ledger !== undefined && !upload.finalize) {
    throw new PulseError('usage', '--ledger keeps what is done, and with --no-finalize nothing is', {
      hint: 'leave out one of them',
    });
  }
  const { jobs = 4, maxFailures, failFast, maxDuration } = values;
  const { mostChunkBytes, parallel = 1 } = upload;
  if (jobs * parallel > MAX_AT_ONCE) {
    throw new PulseError(
      'usage',
      `--jobs ${jobs} with --parallel ${parallel} makes ${jobs * parallel} requests at a time, expected at most ${MAX_AT_ONCE}`,
      {
        hint: 'lower one of them: many files keep a line busy without parts',
      },
    );
  }
  return {
    upload: {
      maxOutageMs: BULK_MAX_OUTAGE_MS,
      ...upload,
      // Memory is for all of them together, and what several send at a time needs no large chunks.
      ...(mostChunkBytes !== undefined && { mostChunkBytes: Math.floor(mostChunkBytes / jobs) }),
    },
    jobs,
    failFast,
    ...(maxFailures !== undefined && { maxFailures }),
    ...(maxDuration !== undefined && { maxDurationMs: maxDuration }),
  };
}
