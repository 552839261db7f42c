import { createHash, type Hash } from 'node:crypto';
import type { Checkpoint } from './chunk-reader.ts';

/** Reads what lies between two places of the file. */
type ReadBetween = (fromBytes: number, endBytes: number, onPart: (part: Uint8Array) => void) => Promise<void>;

/**
 * The digest of a file as it was read the first time, each byte once and in order. States of it are kept on the way: by
 * them a second reading is compared with the first, in whatever pieces it comes.
 */
export interface FirstReading {
  /** How far it came. */
  readonly bytes: () => number;
  /** What follows. */
  readonly take: (bytes: Uint8Array) => void;
  /** The digest of all that was read. */
  readonly all: () => Checkpoint;
  /** The digest of the longest prefix, no longer than this, of which a state is kept. */
  readonly atMost: (bytes: number) => Checkpoint | undefined;
  /**
   * Whether a second reading of what was taken is like the first. What lies between it and the nearest states is read
   * for that; `unknown` where the states before it are gone.
   */
  readonly compare: (
    offsetBytes: number,
    bytes: Uint8Array,
    readBetween: ReadBetween,
  ) => Promise<'same' | 'other' | 'unknown'>;
  /** Nobody will probably ask for what lies before. */
  readonly letGo: (beforeBytes: number) => void;
}

interface State {
  readonly bytes: number;
  readonly hash: Hash;
}

/** Two states are no further apart: a second reading in small pieces would read as much besides for each of them. */
const STEP_BYTES = 1024 * 1024;

/** So many states are kept at least, for a server that goes back behind what it had acknowledged. */
const LEAST_STATES = 64;

export function createFirstReading(): FirstReading {
  const hash = createHash('sha256');
  const states: State[] = [];
  let takenBytes = 0;

  return {
    bytes: () => takenBytes,
    take: (bytes) => {
      for (let at = 0; at < bytes.byteLength; at += STEP_BYTES) {
        states.push({ bytes: takenBytes, hash: hash.copy() });
        const part = bytes.subarray(at, at + STEP_BYTES);
        hash.update(part);
        takenBytes += part.byteLength;
      }
    },
    all: () => checkpoint({ bytes: takenBytes, hash }),
    atMost: (bytes) => {
      const last = states.findLast((state) => state.bytes <= bytes);
      return last && checkpoint(last);
    },
    compare: async (offsetBytes, bytes, readBetween) => {
      const endBytes = offsetBytes + bytes.byteLength;
      const from = states.findLast((state) => state.bytes <= offsetBytes);
      const to = states.find((state) => state.bytes >= endBytes) ?? { bytes: takenBytes, hash };
      if (from === undefined) return 'unknown';
      const again = from.hash.copy();
      const add = (part: Uint8Array) => void again.update(part);
      await readBetween(from.bytes, offsetBytes, add);
      add(bytes);
      await readBetween(endBytes, to.bytes, add);
      return again.digest('hex') === checkpoint(to).sha256 ? 'same' : 'other';
    },
    letGo: (beforeBytes) => {
      const needed = states.findLastIndex(({ bytes }) => bytes <= beforeBytes);
      states.splice(0, Math.max(0, Math.min(needed, states.length - LEAST_STATES)));
    },
  };
}

function checkpoint({ bytes, hash }: State): Checkpoint {
  return { bytes, sha256: hash.copy().digest('hex') };
}
