import { createHash, type Hash } from 'node:crypto';
import { standardAnswers } from '../http/answers.ts';
import type { Reply } from '../http/exchange.ts';
import { receive } from '../http/receive.ts';
import type { Behaviour } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import type { Writer } from '../store/store.ts';
import { asking, nameIn } from './asking.ts';
import { filtering } from './changes.ts';
import { appending, countedAtTheEndBreaks, isCut, notingSizes } from './data-disconnects.ts';
import type { Defect } from './defect.ts';

const serve = { needs: 'read-back' } as const;

/** Servers whose finalize is right about what they received, and wrong about what they hold: only the file itself shows it. */
export const receivedNotStoredDefects: readonly Defect[] = [
  {
    id: 'finalize-of-what-came',
    says: 'Leaves the bytes of broken chunks in the file, and answers finalize with size and checksum of those that ended in order.',
    breaks: countedAtTheEndBreaks,
    serve,
    behaviour: finalizingWhatCame,
  },
  {
    id: 'name-replaces-unsaid',
    says: 'Replaces the file of another upload that had the same name, and says of it what it said at first.',
    breaks: ['pulse.finalize.filename.collision'],
    serve,
    behaviour: () => {
      const said = new Map<string, Reply>();
      const named = new Map<string, LiveUpload>();
      return asking(async (asked) => {
        const { parts, next, fields } = asked;
        const id = String(fields.uploadId);
        const before = said.get(id);
        if (before !== undefined) return before;
        const replaced = named.get(nameIn(asked));
        if (replaced !== undefined) await parts.store.remove(replaced);
        const reply = await next();
        const upload = await parts.uploads.find(id);
        if (reply.status !== 200 || upload === undefined) return reply;
        said.set(id, reply);
        named.set(nameIn(asked), upload);
        return reply;
      });
    },
  },
];

interface Received {
  readonly hash: Hash;
  readonly sizeBytes: number;
}

/** Appends what arrives; a chunk that breaks off moves neither the offset nor the running checksum. */
function finalizingWhatCame(): Behaviour {
  const received = new Map<string, Received>();
  return {
    ...filtering(notingSizes),
    store: appending,
    receive: async (job) => {
      const { info, offsetBytes } = job.upload;
      const before = received.get(info.id) ?? { hash: createHash('sha256'), sizeBytes: 0 };
      const hash = before.hash.copy();
      const counted: LiveUpload = { ...job.upload };
      const ending = await receive({ ...job, upload: counted, writer: hashing(job.writer, hash) });
      if (isCut(ending, job, counted.offsetBytes)) return ending;
      job.upload.offsetBytes = counted.offsetBytes;
      // After a restart it goes by the file.
      if (before.sizeBytes === offsetBytes) received.set(info.id, { hash, sizeBytes: counted.offsetBytes });
      else received.delete(info.id);
      return ending;
    },
    answers: {
      finalized: ({ id, finished }) => {
        const known = received.get(id);
        const claimed = known && { sizeBytes: known.sizeBytes, sha256: known.hash.copy().digest('hex') };
        return standardAnswers.finalized({ id, finished: { ...finished, ...claimed } });
      },
    },
  };
}

function hashing(writer: Writer, hash: Hash): Writer {
  return {
    ...writer,
    write: async (pieces, positionBytes) => {
      const writtenBytes = await writer.write(pieces, positionBytes);
      hash.update(Buffer.concat(pieces).subarray(0, writtenBytes));
      return writtenBytes;
    },
  };
}
