import { type Exchange, type Reply, refusal } from '../http/exchange.ts';
import type { FormReader } from '../http/multipart.ts';
import { receive } from '../http/receive.ts';
import type { Behaviour } from '../parts.ts';
import { isComplete, roomBytes } from '../store/upload.ts';
import { answering, filtering, uploadOf } from './changes.ts';
import type { Defect } from './defect.ts';

const MiB = 1024 * 1024;

const isForm = ({ request }: Exchange) =>
  request.method === 'PATCH' && (request.headers['content-type'] ?? '').startsWith('multipart/form-data');

export const pulseMultipartDefects: readonly Defect[] = [
  {
    id: 'form-200',
    says: 'Answers 200 to a chunk that is a form.',
    breaks: ['pulse.multipart.204'],
    behaviour: () =>
      answering(
        ({ exchange, reply }) => isForm(exchange) && reply.status === 204,
        (reply) => ({ ...reply, status: 200 }),
      ),
  },
  {
    id: 'form-stored-as-it-is',
    says: 'Stores a form with its envelope, as the published sample for raw chunks.',
    breaks: [
      'pulse.multipart.204',
      'pulse.multipart.payload-only',
      'pulse.multipart.binary-safe',
      'pulse.multipart.1mib',
      'pulse.multipart.mixed',
      'pulse.multipart.wrong-field',
      'pulse.multipart.no-file',
      'pulse.multipart.oversize',
      'pulse.multipart.no-boundary',
      'pulse.multipart.truncated',
      'pulse.multipart.two-files',
      'pulse.multipart.part-filename',
    ],
    source: 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md',
    behaviour: storedAsItIs,
  },
  {
    id: 'form-bytes-padded',
    says: 'Replaces runs of zeros in the file of a form by blanks.',
    breaks: ['pulse.multipart.binary-safe'],
    behaviour: () => reading((bytes) => (bytes.includes(Buffer.alloc(32)) ? blanked(bytes) : bytes)),
  },
  {
    id: 'form-line-break-dropped',
    says: 'Takes a line break at the end of the file of a form for a part of the envelope, as rstrip(b"\\r\\n") does.',
    breaks: ['pulse.multipart.binary-safe'],
    behaviour: lineBreakDropped,
  },
  {
    id: 'form-of-1-mib-413',
    says: 'Counts the envelope of a form when it limits a chunk to 1 MiB.',
    breaks: ['pulse.multipart.1mib', 'http.body-limit.multipart'],
    behaviour: () =>
      filtering(async (exchange, next) =>
        isForm(exchange) && (exchange.request.bodyBytes ?? 0) > MiB
          ? refusal(413, 'a chunk may have 1 MiB')
          : next(),
      ),
  },
  {
    id: 'no-form-behind-raw',
    says: 'Refuses a form for an upload that has begun with raw chunks.',
    breaks: ['pulse.multipart.mixed'],
    behaviour: () => {
      const raw = new Set<string>();
      return filtering(async (exchange, next) => {
        const { method, path } = exchange.request;
        if (method === 'PATCH' && !isForm(exchange)) raw.add(path);
        return isForm(exchange) && raw.has(path) ? refusal(415, 'this upload takes raw chunks') : next();
      });
    },
  },
  {
    id: 'form-at-any-offset',
    says: 'Does not compare the offset of a form.',
    breaks: ['pulse.multipart.offset-409'],
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const upload = isForm(exchange) ? await uploadOf(exchange, parts) : undefined;
        if (upload === undefined) return next();
        const headers = { ...exchange.request.headers, 'upload-offset': String(upload.offsetBytes) };
        return next({ request: { ...exchange.request, headers } });
      }),
  },
  {
    id: 'form-field-accepted-in-silence',
    says: 'Answers 204 to a form whose file is in another field, and drops it.',
    breaks: ['pulse.multipart.wrong-field'],
    behaviour: () => accepting('must be in the field', '0'),
  },
  {
    id: 'form-without-file-kills',
    says: 'Ends the connection when a form holds no file, as a process that dies of it.',
    breaks: ['pulse.multipart.no-file'],
    source: 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md',
    behaviour: () =>
      filtering(async (exchange, next) => {
        const reply = await next();
        if (said(exchange, reply, 'has no file')) exchange.incoming.socket.destroy();
        return reply;
      }),
  },
  {
    id: 'form-blank-beyond-2-mib',
    says: 'Stores zeros for what is beyond the first 2 MiB of a form.',
    breaks: ['pulse.multipart.oversize'],
    behaviour: () => {
      const seen = new WeakMap<FormReader, number>();
      return reading((bytes, form) => {
        const before = seen.get(form) ?? 0;
        seen.set(form, before + bytes.length);
        const kept = Math.max(0, 2 * MiB - before);
        return kept >= bytes.length
          ? bytes
          : Buffer.concat([bytes.subarray(0, kept), Buffer.alloc(bytes.length - kept)]);
      });
    },
  },
  {
    id: 'form-without-boundary-is-raw',
    says: 'Stores a form that does not say its boundary as a raw chunk.',
    breaks: ['pulse.multipart.no-boundary'],
    behaviour: () =>
      filtering(async (exchange, next) => {
        if (exchange.request.headers['content-type'] !== 'multipart/form-data') return next();
        const headers = { ...exchange.request.headers, 'content-type': 'application/offset+octet-stream' };
        return next({ request: { ...exchange.request, headers } });
      }),
  },
  {
    id: 'form-without-end-accepted',
    says: 'Answers 204 to a form without its closing delimiter.',
    breaks: ['pulse.multipart.truncated'],
    behaviour: () => accepting('ends before its closing', undefined),
  },
  {
    id: 'second-file-counted',
    says: 'Drops the second file of a form, and counts its bytes in the answer.',
    breaks: ['pulse.multipart.two-files'],
    behaviour: () => accepting('more than one file', '10'),
  },
  {
    id: 'part-name-is-a-path',
    says: 'Fails inside when the file of a form is named like a path that does not exist.',
    breaks: ['pulse.multipart.part-filename'],
    behaviour: () => ({
      receive: async (job) => {
        const heard: Buffer[] = [];
        const ending = await receive({ ...job, form: job.form && listened(job.form, heard) });
        const isPath = Buffer.concat(heard).includes('filename="../');
        return isPath ? { kind: 'failed', thrown: new Error('ENOENT') } : ending;
      },
    }),
  },
];

/** Forms are raw chunks, and an upload that got one may become longer than it was declared. */
function storedAsItIs(): Behaviour {
  const withForms = new Set<string>();
  return {
    filter: async (exchange, next) => {
      if (!isForm(exchange)) return next();
      withForms.add(exchange.request.path.split('/').at(-1) ?? '');
      const headers = { ...exchange.request.headers, 'content-type': 'application/offset+octet-stream' };
      return next({ request: { ...exchange.request, headers } });
    },
    rules: {
      patchHeld: {
        bodyFits: ({ upload, request }) =>
          withForms.has(upload.info.id) || (request.bodyBytes ?? 0) <= roomBytes(upload)
            ? undefined
            : refusal(413, 'the body is too long'),
      },
      body: {
        roomBytes: (upload) => (withForms.has(upload.info.id) ? Number.POSITIVE_INFINITY : roomBytes(upload)),
      },
      finalize: {
        complete: ({ upload }) =>
          withForms.has(upload.info.id) || isComplete(upload) ? undefined : refusal(409, 'bytes are missing'),
      },
    },
  };
}

/** Changes the bytes of the files in forms, and nothing about their number. */
function reading(change: (bytes: Buffer, form: FormReader) => Buffer): Behaviour {
  const changed = (form: FormReader): FormReader => ({
    push: (piece, emit) => form.push(piece, (bytes) => emit(change(bytes, form))),
    end: () => form.end(),
  });
  return { receive: (job) => receive({ ...job, form: job.form && changed(job.form) }) };
}

/** A line break is held back until more of the file comes, and never comes where none does. */
function lineBreakDropped(): Behaviour {
  const trimmed = (form: FormReader): FormReader => {
    let held = Buffer.alloc(0);
    return {
      push: (piece, emit) =>
        form.push(piece, (bytes) => {
          const all = Buffer.concat([held, bytes]);
          const endBytes = all.subarray(-2).equals(Buffer.from('\r\n')) ? all.length - 2 : all.length;
          held = all.subarray(endBytes);
          if (endBytes > 0) emit(all.subarray(0, endBytes));
        }),
      end: () => form.end(),
    };
  };
  return { receive: (job) => receive({ ...job, form: job.form && trimmed(job.form) }) };
}

/** Keeps the first bytes of a form as they came. */
function listened(form: FormReader, heard: Buffer[]): FormReader {
  return {
    push: (piece, emit) => {
      if (heard.length < 2) heard.push(Buffer.from(piece.subarray(0, 1024)));
      form.push(piece, emit);
    },
    end: () => form.end(),
  };
}

/** Says 204 where the server has refused a form with these words; the offset is that of the upload where absent. */
function accepting(words: string, offset: string | undefined): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const reply = await next();
    if (!said(exchange, reply, words)) return reply;
    const upload = await uploadOf(exchange, parts);
    return {
      status: 204,
      headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': offset ?? String(upload?.offsetBytes ?? 0) },
    };
  });
}

function said(exchange: Exchange, { status, body }: Reply, words: string): boolean {
  return isForm(exchange) && status === 400 && typeof body === 'string' && body.includes(words);
}

function blanked(bytes: Buffer): Buffer {
  return bytes.map((byte) => (byte === 0 ? 0x20 : byte)) as Buffer;
}
