import { PulseError } from '../errors.ts';
import type { Report } from '../events.ts';
import { MAX_MS } from '../input/duration.ts';
import { parseFileName } from '../input/file-name.ts';
import { checkHeader } from '../input/headers.ts';
import { checkMetadataKey } from '../input/metadata.ts';
import { nearName } from '../input/near-name.ts';
import { parseServerUrl } from '../input/server-url.ts';
import { parseToken } from '../input/token.ts';
import { protocols } from '../protocol/protocols/index.ts';
import type { TlsSettings } from '../transport/settings.ts';
import { defaultSettings, type UploadSettings } from '../upload/settings.ts';

export interface UploadOptions extends Partial<Omit<UploadSettings, 'server'>> {
  /** Base URL of the server, http or https. */
  readonly server: string | URL;
  /** Where unfinished uploads are remembered; where the command line has them, where absent. */
  readonly stateDir?: string;
  /** PEM texts: an authority to trust, the certificate and key of this client; or no verification at all. */
  readonly tls?: TlsSettings;
  /** Variables that name proxies, such as `process.env`: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY. Absent: no proxy. */
  readonly proxyEnvironment?: Readonly<Record<string, string | undefined>>;
  /** True: the token may travel without TLS to a host that is not on a private network. */
  readonly allowInsecureToken?: boolean;
  /** Called synchronously with everything that happens. What it throws ends the upload; its state is kept. */
  readonly onEvent?: Report;
  /** Stops the upload; its state is kept, and the promise rejects with kind `interrupted`. */
  readonly signal?: AbortSignal;
}

const EXAMPLE = "write for example upload('video.mp4', { server: 'https://example.com' })";

type Value = UploadOptions[keyof UploadOptions];

/** Throws `usage` for a value that makes no sense: a program's mistake is found before the first request. */
type Check = (value: Value, name: string) => void;

const isWholeUpTo = (least: number, most: number) => (value: Value) =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most;

const must =
  (holds: (value: Value) => boolean, expected: string): Check =>
  (value, name) => {
    if (!holds(value)) throw unfit(name, `is ${shown(value)}`, expected);
  };

const oneOf = (...words: readonly string[]) =>
  must(
    (value) => typeof value === 'string' && words.includes(value),
    words.map((word) => `'${word}'`).join(', '),
  );
const whole = (least: number, most: number) =>
  must(isWholeUpTo(least, most), `a whole number from ${least} to ${most}`);
const boolean = must((value) => typeof value === 'boolean', 'true or false');
const text = must((value) => typeof value === 'string' && value !== '', 'a text');
const record = must(isRecord, 'an object of texts');

const checks: Readonly<Record<keyof UploadOptions, Check>> = {
  server: (value, name) => {
    if (!(value instanceof URL)) must((given) => typeof given === 'string', 'a text or a URL')(value, name);
    parseServerUrl(String(value), 'server');
  },
  protocol: oneOf('auto', ...protocols.map(({ id }) => id)),
  body: oneOf('raw', 'multipart'),
  checksum: oneOf('auto', 'none', 'sha256', 'sha512', 'sha1', 'md5', 'crc32'),
  chunkBytes: whole(1, 1024 ** 3),
  mostChunkBytes: whole(1, 1024 ** 3),
  parallel: whole(1, 16),
  retries: whole(0, 1_000_000),
  retryDelayMs: whole(0, MAX_MS),
  timeoutMs: whole(1, MAX_MS),
  maxOutageMs: whole(1, MAX_MS),
  name: (value, name) => {
    text(value, name);
    parseFileName(String(value), name);
  },
  headers: (value, name) => {
    record(value, name);
    for (const [key, content] of Object.entries(value as object)) checkHeader(key, String(content), name);
  },
  metadata: (value, name) => {
    record(value, name);
    for (const key of Object.keys(value as object))
      checkMetadataKey(
        key,
        `${name} has the key '${key}', expected one`,
        "write for example { camera: '7' }",
      );
  },
  token: (value, name) => {
    // Not shown, whatever it is.
    if (typeof value !== 'string') throw unfit(name, `is a ${typeof value}`, 'a text');
    parseToken(value, name);
  },
  resume: boolean,
  finalize: boolean,
  requireProof: boolean,
  readBack: boolean,
  abortOnFailure: boolean,
  stateDir: text,
  tls: must(
    (value) => typeof value === 'object' && value !== null,
    'an object with ca, cert, key or insecure',
  ),
  proxyEnvironment: must(
    (value) => typeof value === 'object' && value !== null,
    'an object such as process.env',
  ),
  allowInsecureToken: boolean,
  onEvent: must((value) => typeof value === 'function', 'a function'),
  signal: must((value) => value instanceof AbortSignal, 'an AbortSignal'),
};

/**
 * The settings that a program asks for, the defaults for the rest. Throws a `PulseError` of kind `usage` that names the
 * option; an option that is undefined counts as absent.
 */
export function settingsOf(options: UploadOptions): UploadSettings {
  // Programs in plain JavaScript can leave it out.
  if (typeof options !== 'object' || options === null) {
    throw new PulseError('usage', `the options are ${shown(options)}, expected an object with a server`, {
      hint: EXAMPLE,
    });
  }
  if (options.server === undefined)
    throw new PulseError('usage', 'the options name no server, expected its base URL', { hint: EXAMPLE });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const check = Object.hasOwn(checks, name) ? checks[name as keyof UploadOptions] : undefined;
    if (check === undefined) {
      const meant = nearName(name, Object.keys(checks));
      throw unfit(name, 'is no option', meant ?? `one of ${Object.keys(checks).join(', ')}`);
    }
    check(value, name);
  }
  if (options.requireProof && options.finalize === false)
    throw unfit(
      'requireProof',
      'is true, and finalize false, which stops before the proof',
      'one of them only',
    );
  const known = new Set<string>(settingNames);
  // Copied: what the program does to its objects later is no affair of an upload under way.
  const wanted = Object.fromEntries(
    given
      .filter(([name]) => known.has(name))
      .map(([name, value]) => [name, isRecord(value) ? { ...value } : value]),
  );
  return { ...defaultSettings, ...wanted, server: parseServerUrl(String(options.server), 'server') };
}

/** Programs in plain JavaScript may pass what is no path; it would be asked for at the server first. */
export function checkFile(file: unknown): void {
  if (typeof file === 'string' && file !== '') return;
  const is = typeof file === 'string' ? 'empty' : String(file);
  throw new PulseError('usage', `the file is ${is}, expected a path`, { hint: EXAMPLE });
}

/** What is a setting of the upload, and no affair of what surrounds it. */
const settingNames = Object.keys(checks).filter(
  (name) =>
    !['server', 'stateDir', 'tls', 'proxyEnvironment', 'allowInsecureToken', 'onEvent', 'signal'].includes(
      name,
    ),
);

/** No `Headers`, `Map` or list: their members are not where those of an object are, and would be lost in silence. */
function isRecord(value: Value): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(Symbol.iterator in value) &&
    Object.values(value).every((member) => typeof member === 'string')
  );
}

function shown(value: Value): string {
  if (typeof value === 'string') return `'${value}'`;
  // What has no prototype has no text either.
  const isBare = typeof value === 'object' && value !== null && !('toString' in value);
  return isBare ? 'an object' : String(value);
}

/** That an option makes no sense. */
export function unfit(name: string, is: string, expected: string): PulseError {
  return new PulseError('usage', `the option ${name} ${is}, expected ${expected}`, {
    hint: 'docs/library.md lists the options',
  });
}
