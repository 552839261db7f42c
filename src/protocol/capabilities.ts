import { jsonObject } from './json.ts';

/** What a server of protocol v1 says of itself (protocol v1, 2). What it leaves out is absent, and limits nothing. */
export interface Capabilities {
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly kinds?: readonly string[];
  /** By kind, with their dots and in lower case. */
  readonly endings: ReadonlyMap<string, readonly string[]>;
  readonly maxSizeBytes?: number;
  /** Digests of whole files that the server can compare; that it does is not said. */
  readonly checksumAlgorithms: readonly string[];
}

/** Undefined where the body is no JSON object with an integer protocolVersion. */
export function readCapabilities(body: Uint8Array): Capabilities | undefined {
  const json = jsonObject(body);
  const version = json?.protocolVersion;
  if (json === undefined || !isInteger(version)) return undefined;
  const { minSupportedVersion: min, maxSupportedVersion: max, maxUploadSize: maxSize } = json;
  const kinds = textsIn(json.kinds);
  const checksum = objectOr(json.checksum);
  return {
    minVersion: isInteger(min) ? min : version,
    maxVersion: isInteger(max) ? max : version,
    ...(kinds.length > 0 && { kinds }),
    endings: new Map(
      Object.entries(objectOr(json.allowedExtensions))
        // Null is no list that allows nothing, but none.
        .filter(([, listed]) => Array.isArray(listed))
        .map(([kind, listed]) => [kind, textsIn(listed).map((ending) => ending.toLowerCase())]),
    ),
    // 0 and null stand for no limit in servers in use.
    ...(isInteger(maxSize) && maxSize > 0 && { maxSizeBytes: maxSize }),
    checksumAlgorithms: textsIn(checksum.algorithms).map((name) => name.toLowerCase()),
  };
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function objectOr(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
