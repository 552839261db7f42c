import { serverName } from '../../protocol/urls.ts';
import type { Tools, UploadSettings } from '../settings.ts';

/** The size of chunks that a server, or a proxy before it, lets pass: learned from 413, for every file of the run. */
export interface ChunkLimit {
  /** Asks what an earlier run learned; cheap after the first time. */
  readonly load: () => Promise<void>;
  /** What to send at most, in bytes. */
  readonly bytes: () => number;
  /** What an upload begins with, in bytes: what chunks have grown to in this run, where they grow. */
  readonly startBytes: () => number;
  /** The line rewards chunks of this size. */
  readonly grown: (bytes: number) => void;
  /** A chunk of this size passed where a larger one was refused: true where that is news. */
  readonly learn: (passedBytes: number) => Promise<boolean>;
}

export function createChunkLimit(
  { server, body, chunkBytes, mostChunkBytes = chunkBytes }: UploadSettings,
  { memory }: Pick<Tools, 'memory'>,
): ChunkLimit {
  const name = serverName(server.href);
  let limitBytes = mostChunkBytes;
  let grownBytes = chunkBytes;
  let loaded: Promise<void> | undefined;
  const recall = async () => {
    const learned = await memory?.recall(name, body);
    if (learned !== undefined) limitBytes = Math.min(limitBytes, learned.chunkBytes);
  };
  return {
    load: () => {
      loaded ??= recall();
      return loaded;
    },
    bytes: () => limitBytes,
    startBytes: () => Math.min(limitBytes, grownBytes),
    grown: (bytes) => {
      grownBytes = bytes;
    },
    learn: async (passedBytes) => {
      if (passedBytes >= limitBytes) return false;
      limitBytes = passedBytes;
      await memory?.remember({ server: name, body, chunkBytes: passedBytes });
      return true;
    },
  };
}
