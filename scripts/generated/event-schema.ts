import type { ListedDefect } from '../../src/cli/serve/defects.ts';
import type { ListedCheck } from '../../src/cli/verify/print.ts';
import { exitCodes } from '../../src/errors.ts';
import type { PulseEvent } from '../../src/events.ts';
import type {
  AbortedEvent,
  ForgottenEvent,
  ForgottenInputEvent,
  KeptEvent,
  KeptInputEvent,
} from '../../src/output/kept-uploads.ts';
import type { VerifyFailed } from '../../src/output/verify/events.ts';
import type { VerifyEvent } from '../../src/verify/events.ts';

type Schema = Readonly<Record<string, unknown>>;

/** One field of an event, in the one way that its type allows: the compiler holds the tables below against the unions. */
interface Field<Kind extends string> {
  readonly kind: Kind;
  readonly schema: Schema;
  readonly isOptional?: true;
}

type FieldOf<V> = [V] extends [boolean]
  ? Field<'flag'>
  : [V] extends [number]
    ? Field<'number'>
    : [V] extends [string]
      ? string extends V
        ? Field<'text'>
        : Field<'word'> & { readonly words: Readonly<Record<V, unknown>> }
      : Field<'object'>;

type FieldsOf<E> = {
  readonly [K in Exclude<keyof E, 'type'>]-?: Record<never, never> extends Pick<E, K>
    ? FieldOf<NonNullable<E[K]>> & { readonly isOptional: true }
    : FieldOf<E[K]>;
};

interface Typed {
  readonly type: string;
}

/** Every member of a union, with every field of each. */
type TableOf<Union extends Typed> = {
  readonly [T in Union['type']]: FieldsOf<Extract<Union, { readonly type: T }>>;
};

const text: Field<'text'> = { kind: 'text', schema: { type: 'string' } };
const sha256: Field<'text'> = { kind: 'text', schema: { type: 'string', pattern: '^[0-9a-f]{64}$' } };
const time: Field<'text'> = {
  kind: 'text',
  schema: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$' },
};
const count: Field<'number'> = { kind: 'number', schema: { type: 'integer', minimum: 0 } };
const number: Field<'number'> = { kind: 'number', schema: { type: 'number', minimum: 0 } };
const flag: Field<'flag'> = { kind: 'flag', schema: { type: 'boolean' } };
const texts: Field<'object'> = { kind: 'object', schema: { type: 'array', items: { type: 'string' } } };
const source: Field<'object'> = {
  kind: 'object',
  schema: {
    type: 'object',
    required: ['url', 'section'],
    properties: { url: { type: 'string' }, section: { type: 'string' } },
  },
};
/** By protocol; absent where a protocol does not have the requirement. */
const levels: Field<'object'> = {
  kind: 'object',
  schema: { type: 'object', additionalProperties: { type: 'string' } },
};
const scenario: Field<'object'> = {
  kind: 'object',
  schema: {
    type: 'object',
    required: ['scenario', 'does'],
    properties: { scenario: { type: 'string' }, does: { type: 'string' } },
  },
};
/** Their insides are those of the report `json` (docs/reports.md). */
const exchanges: Field<'object'> = {
  kind: 'object',
  schema: {
    type: 'array',
    items: {
      type: 'object',
      required: ['n', 'connection', 'url', 'sent', 'startedMs', 'sentMs'],
      properties: { sent: { type: 'object', required: ['method', 'target', 'headers', 'body'] } },
    },
  },
};

function word<const W extends Readonly<Record<string, unknown>>>(words: W) {
  return { kind: 'word', schema: { enum: Object.keys(words) }, words } as const;
}

function optional<F extends Field<string>>(field: F): F & { readonly isOptional: true } {
  return { ...field, isOptional: true };
}

const counts = {
  pass: count,
  fail: count,
  warn: count,
  note: count,
  skip: count,
  blocked: count,
  error: count,
};
const failure = { kind: word(exitCodes), exitCode: count, message: text, hint: optional(text) };

const uploadEvents: TableOf<PulseEvent> = {
  'upload.start': {
    file: text,
    sizeBytes: optional(count),
    server: text,
    protocol: text,
    concluded: optional(text),
  },
  'upload.created': { file: text, url: text },
  'upload.resumed': { file: text, url: text, offsetBytes: count },
  'upload.progress': {
    file: text,
    acceptedBytes: count,
    sentBytes: count,
    sizeBytes: optional(count),
    bytesPerSecond: number,
  },
  'upload.retry': { file: text, attempt: count, delayMs: number, reason: text },
  'outage.start': { server: text, reason: text, maxOutageMs: number },
  'outage.end': { server: text, elapsedMs: number },
  'upload.pruned': { file: text, server: text, savedAt: text },
  'input.spooling': { file: text, path: text },
  'input.spooled': { file: text, path: text, sizeBytes: count },
  'upload.warning': { file: text, message: text },
  'upload.done': {
    file: text,
    url: text,
    uploadId: text,
    videoId: optional(text),
    sizeBytes: count,
    sha256,
    proven: flag,
    proof: optional(word({ finalize: 1, digest: 1, 'read-back': 1, checksum: 1, declared: 1 })),
    reason: optional(text),
    gone: optional(flag),
    elapsedMs: number,
    sentBytes: count,
    resumedFromBytes: count,
    retries: count,
  },
  'upload.failed': { file: text, ...failure, resumable: flag },
  'upload.planned': {
    file: text,
    intention: word({ send: 1, resume: 1, finalize: 1 }),
    sizeBytes: count,
    fromBytes: count,
    reason: optional(text),
  },
  'http.exchange': {
    method: text,
    url: text,
    sentBytes: count,
    status: optional(count),
    outcome: text,
    elapsedMs: number,
  },
  'run.start': {
    files: count,
    sizeBytes: count,
    jobs: count,
    skipped: count,
    tooYoung: count,
    duplicates: count,
  },
  'run.stopped': { message: text, hint: optional(text) },
  'run.end': {
    exitCode: count,
    done: count,
    failed: count,
    notAttempted: count,
    interrupted: optional(count),
    skipped: optional(count),
    tooYoung: optional(count),
    dryRun: optional(flag),
    sendBytes: optional(count),
  },
};

const verifyEvents: TableOf<VerifyEvent | VerifyFailed | ListedCheck> = {
  'verify.start': {
    target: text,
    protocol: text,
    assumptions: texts,
    checks: count,
    seed: count,
    runId: text,
  },
  'scenario.start': { scenario: text },
  'scenario.end': { scenario: text, elapsedMs: number },
  'check.end': {
    id: text,
    level: optional(text),
    impact: text,
    verdict: word(counts),
    says: text,
    spec: source,
    expected: optional(text),
    actual: optional(text),
    matters: optional(text),
    remark: optional(text),
    elapsedMs: number,
    exchanges,
  },
  'verify.failed': failure,
  'run.end': { exitCode: count, elapsedMs: number, stale: optional(texts), ...counts, expected: count },
  check: {
    id: text,
    level: levels,
    impact: word({ data: 1, resume: 1, security: 1, interoperability: 1, advice: 1 }),
    spec: source,
    says: text,
    passes: text,
    fails: text,
    matters: text,
    needs: texts,
    sends: scenario,
    provenBy: texts,
  },
};

const servedDefects: TableOf<ListedDefect> = {
  defect: { id: text, says: text, breaks: texts, source: optional(text) },
};

const keptEvents: TableOf<KeptEvent | KeptInputEvent | ForgottenEvent | ForgottenInputEvent | AbortedEvent> =
  {
    'input.kept': { file: text, sizeBytes: count },
    'input.forgotten': { file: text, sizeBytes: count },
    'upload.kept': {
      file: text,
      server: text,
      protocol: text,
      url: text,
      sizeBytes: count,
      acceptedBytes: count,
      createdAt: text,
      savedAt: text,
      expiresAt: optional(text),
      ledger: optional(text),
      outlook: text,
    },
    'upload.forgotten': { file: text, server: text, url: text },
    'upload.aborted': {
      file: optional(text),
      server: text,
      url: text,
      ended: word({ removed: 1, gone: 1 }),
    },
  };

type Table = Readonly<Record<string, Readonly<Record<string, Field<string>>>>>;

/** Which command writes which events: `run.end` differs. */
const groups: Readonly<Record<string, Table>> = {
  upload: uploadEvents,
  verify: verifyEvents,
  serve: servedDefects,
  list: keptEvents,
};

/** schema/events.schema.json: one line of `--json`. Open, since fields may be added. */
export function eventSchema(): Schema {
  const definitions = Object.entries(groups).flatMap(([group, table]) =>
    Object.entries(table).map(([type, fields]) => [`${group}:${type}`, eventOf(type, fields)] as const),
  );
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'One line of pulse-upload --json',
    description: 'docs/events.md says what the fields mean. Sizes are bytes, durations milliseconds.',
    anyOf: definitions.map(([name]) => ({ $ref: `#/definitions/${name}` })),
    definitions: Object.fromEntries(definitions),
  };
}

function eventOf(type: string, fields: Table[string]): Schema {
  const entries = Object.entries(fields);
  return {
    type: 'object',
    required: ['type', 'time', ...entries.flatMap(([name, { isOptional }]) => (isOptional ? [] : [name]))],
    properties: {
      type: { const: type },
      time: time.schema,
      ...Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
    },
  };
}
