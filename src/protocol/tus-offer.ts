import { parseByteCount, TUS_VERSION } from './headers.ts';
import type { Offer } from './protocol.ts';
import type { Answer } from './wire.ts';

/**
 * What a tus server says of itself in its answer to OPTIONS (tus 1.0, Core: OPTIONS). Undefined where it names no
 * version that is spoken here: a firewall, or a page for browsers, answers OPTIONS as well.
 */
export function readTusOffer({ status, headers }: Answer): Offer | undefined {
  if (status < 200 || status >= 300 || !namesIn(headers['tus-version']).includes(TUS_VERSION))
    return undefined;
  const extensions = new Set(namesIn(headers['tus-extension']).map((name) => name.toLowerCase()));
  const maxSizeBytes = parseByteCount(headers['tus-max-size']);
  return {
    extensions,
    ...(extensions.has('checksum') && {
      checksumAlgorithms: algorithmsIn(headers['tus-checksum-algorithm']),
    }),
    // 0 would refuse every file: whoever writes it means that there is no limit.
    ...(maxSizeBytes && {
      objection: ({ sizeBytes = 0 }) =>
        sizeBytes > maxSizeBytes
          ? `the file has ${sizeBytes} bytes, but the server takes at most ${maxSizeBytes} (Tus-Max-Size)`
          : undefined,
    }),
  };
}

/** sha1 is the one that every server of the extension has (tus 1.0, Checksum). */
function algorithmsIn(text: string | undefined): readonly string[] {
  const names = namesIn(text);
  return names.length > 0 ? names : ['sha1'];
}

/** The names of a comma-separated list. */
function namesIn(text = ''): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
