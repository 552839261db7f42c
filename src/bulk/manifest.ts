import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { PulseError } from '../errors.ts';
import { METADATA_KEY } from '../protocol/headers.ts';
import { jsonObject } from '../protocol/json.ts';
import { pathText } from '../upload/source/path-text.ts';
import { byteRecords, NEWLINE, type RecordLimits } from './byte-records.ts';
import type { Named, OwnSettings } from './items.ts';

const MAX_LINE_BYTES = 1024 * 1024;
const METADATA = 'metadata.';
const FIELDS = ['file', 'name', 'metadata', 'tokenFile'] as const;

/** A file that says of each file what is special about it. */
export interface Manifest {
  readonly label: string;
  readonly read: () => AsyncIterable<Uint8Array>;
  readonly format: 'jsonl' | 'csv';
}

/** The entries of a manifest. What is malformed throws `input` and names `file:line`: nothing is guessed, nothing skipped. */
export function entriesOf(manifest: Manifest): AsyncGenerator<Named> {
  return manifest.format === 'csv' ? csvEntries(manifest) : jsonEntries(manifest);
}

async function* jsonEntries({ label, read }: Manifest): AsyncGenerator<Named> {
  for await (const { bytes, number } of byteRecords(read(), NEWLINE, limits(label))) {
    const place = `${label}:${number}`;
    if (!isUtf8(bytes)) throw malformed(place, 'is not UTF-8', 'write a byte such as E9 as \\udce9');
    const text = bytes
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .trim();
    if (text === '') continue;
    const entry = jsonObject(text);
    if (entry === undefined)
      throw malformed(place, 'is no JSON object', 'write for example {"file":"a.mp4","name":"camera 7.mp4"}');
    yield entryOf(entry, place);
  }
}

function limits(label: string): RecordLimits {
  return { label, maxBytes: MAX_LINE_BYTES, hint: 'a manifest has one JSON object a line' };
}

async function* csvEntries({ label, read }: Manifest): AsyncGenerator<Named> {
  const parser = parse({ encoding: null, info: true, bom: true, skip_empty_lines: true });
  const source = Readable.from(read());
  source.on('error', (error) => parser.destroy(error));
  let columns: readonly string[] | undefined;
  try {
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<CsvRow>) {
      if (columns === undefined) columns = headerOf(record, label);
      else yield entryOf(rowObject(columns, record), `${label}:${info.lines}`);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines : 1;
    throw malformed(`${label}:${line}`, `is no CSV (${error.message})`, 'quote fields that hold , or "');
  }
}

interface CsvRow {
  readonly record: readonly Buffer[];
  readonly info: { readonly lines: number };
}

function headerOf(record: readonly Buffer[], label: string): readonly string[] {
  const columns = record.map((field) => field.toString('utf8').trim());
  if (!columns.includes('file'))
    throw malformed(
      `${label}:1`,
      "has no column 'file'",
      'begin with a line such as file,name,metadata.camera',
    );
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw malformed(`${label}:1`, `names '${twice}' twice`, 'leave one of them out');
  return columns;
}

/** Empty fields say nothing. `metadata.camera` is the key `camera` of the metadata. */
function rowObject(columns: readonly string[], record: readonly Buffer[]): Readonly<Record<string, unknown>> {
  const fields = columns.flatMap((column, index) => {
    const bytes = record[index] ?? Buffer.alloc(0);
    return bytes.length === 0 ? [] : [[column, pathText(bytes)] as const];
  });
  const isMetadata = ([column]: readonly [string, string]) => column.startsWith(METADATA);
  const pairs = fields.filter(isMetadata).map(([column, text]) => [column.slice(METADATA.length), text]);
  return {
    ...Object.fromEntries(fields.filter((field) => !isMetadata(field))),
    ...(pairs.length > 0 && { metadata: Object.fromEntries(pairs) }),
  };
}

function entryOf(value: Readonly<Record<string, unknown>>, place: string): Named {
  const known: readonly string[] = FIELDS;
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw malformed(place, `has the field '${unknown}'`, `expected are ${FIELDS.join(', ')}`);
  }
  const file = textOf(value, 'file', place);
  if (file === undefined) throw malformed(place, 'names no file', 'give it the field file');
  const name = textOf(value, 'name', place);
  const tokenFile = textOf(value, 'tokenFile', place);
  const metadata = metadataOf(value.metadata, place);
  const own: OwnSettings = {
    ...(name !== undefined && { name }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(metadata !== undefined && { metadata }),
  };
  return { file, relative: file, ...(Object.keys(own).length > 0 && { own }) };
}

function textOf(value: Readonly<Record<string, unknown>>, key: string, place: string): string | undefined {
  const text = value[key];
  if (text === undefined || (typeof text === 'string' && text !== '' && !text.includes('\0')))
    return text as string | undefined;
  throw malformed(place, `has a ${key} that is ${JSON.stringify(text)}`, 'expected a text that is not empty');
}

function metadataOf(value: unknown, place: string): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return undefined;
  const pairs =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  const fits = pairs.every(([key, text]) => METADATA_KEY.test(key) && typeof text === 'string');
  if (pairs.length > 0 && fits) return Object.fromEntries(pairs);
  const hint = 'expected is {"key":"text"}, with keys of ASCII without spaces and commas';
  throw malformed(place, 'has metadata that cannot be sent', hint);
}

function malformed(place: string, fact: string, hint: string): PulseError {
  return new PulseError('input', `${place} ${fact}; nothing was sent`, { hint });
}
