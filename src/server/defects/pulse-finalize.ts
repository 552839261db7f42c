import { standardAnswers } from '../http/answers.ts';
import { json, type Reply, refusal } from '../http/exchange.ts';
import { measure } from '../requests/finalize.ts';
import { isUploadId, roomBytes } from '../store/upload.ts';
import { type Asked, asking, completed, fieldsIn, nameIn } from './asking.ts';
import { filtering, uploadOf, withHeaders } from './changes.ts';
import { type Defect, fullScale } from './defect.ts';
import { pause } from './pauses.ts';

const known = new Set(['uploadId', 'filename', 'uploadToken']);

export const pulseFinalizeDefects: readonly Defect[] = [
  {
    id: 'finalize-repeats-claims',
    says: 'Answers finalize with the checksum and size that the client names.',
    breaks: ['pulse.finalize.checksum-is-stored-bytes'],
    behaviour: () =>
      asking(async ({ fields: { checksum, size }, next }) => {
        const reply = await next();
        if (reply.status !== 200 || checksum === undefined) return reply;
        return json(200, { ...fieldsIn(reply), checksum, size });
      }),
  },
  {
    id: 'finalize-strict-fields',
    says: 'Refuses fields that it does not know, such as userId.',
    breaks: ['pulse.finalize.extra-fields'],
    behaviour: () =>
      asking(({ fields, next }) =>
        'userId' in fields && Object.keys(fields).some((name) => !known.has(name))
          ? refusal(400, 'unknown field')
          : next(),
      ),
  },
  {
    id: 'finalize-unknown-500',
    says: 'Fails inside when an upload is finalized that does not exist.',
    breaks: ['pulse.finalize.unknown-id'],
    behaviour: () => onUnknown(() => refusal(500, 'internal error')),
  },
  {
    id: 'finalize-unknown-in-silence',
    says: 'Does not explain why an unknown upload cannot be finalized.',
    breaks: ['pulse.finalize.unknown-id-json'],
    behaviour: () => onUnknown(() => ({ status: 404 })),
  },
  {
    id: 'finalize-incomplete',
    says: 'Finalizes what there is of an upload.',
    breaks: ['pulse.finalize.incomplete', 'pulse.finalize.during-patch', 'data.completion-exact'],
    source: 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md',
    behaviour: () => ({
      rules: {
        finalize: {
          complete: ({ upload }) =>
            upload.offsetBytes === 0 && upload.info.lengthBytes !== 0
              ? refusal(409, 'nothing is here')
              : undefined,
        },
      },
    }),
  },
  {
    id: 'finalize-nothing-received',
    says: 'Finalizes an upload of which nothing has arrived, as an empty file.',
    breaks: ['pulse.finalize.zero-received'],
    behaviour: () =>
      asking(async ({ fields, parts, next }) => {
        const upload = await parts.uploads.find(String(fields.uploadId));
        const isFresh = upload !== undefined && upload.offsetBytes === 0;
        const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
        const finished = { name: 'x', sizeBytes: 0, sha256 };
        return isFresh ? parts.answers.finalized({ id: upload.info.id, finished }) : next();
      }),
  },
  {
    id: 'overlong-upload-finalized',
    says: 'Takes more bytes than were declared, and finalizes them.',
    breaks: [
      'pulse.finalize.overlong',
      'pulse.finalize.then-patch',
      'core.patch.exceed-length',
      'core.patch.exceed-length-chunked',
      'core.patch.exceed-then-recover',
      'core.patch.after-complete-bytes',
    ],
    source: 'https://github.com/tus/tusd/commit/049b7514',
    behaviour: () => ({
      rules: {
        patchHeld: { bodyFits: () => undefined },
        body: { roomBytes: () => Number.POSITIVE_INFINITY },
        finalize: {
          complete: ({ upload }) => (roomBytes(upload) > 0 ? refusal(409, 'bytes are missing') : undefined),
        },
      },
    }),
  },
  {
    id: 'empty-upload-never-complete',
    says: 'Never takes an empty upload for complete.',
    breaks: ['pulse.finalize.empty-file', 'data.zero-length', 'creation.post.zero-length-complete'],
    source: 'https://github.com/tusdotnet/tusdotnet/issues/119',
    behaviour: () => ({
      rules: {
        finalize: {
          complete: ({ upload: { offsetBytes, info } }) =>
            offsetBytes === info.lengthBytes && offsetBytes > 0
              ? undefined
              : refusal(409, 'bytes are missing'),
        },
      },
    }),
  },
  {
    id: 'finalize-renames',
    says: 'Makes another video of an upload that is finalized again under another name.',
    breaks: ['pulse.finalize.twice', 'pulse.finalize.concurrent'],
    behaviour: () => {
      const names = new Map<string, string>();
      return asking(async (asked) => {
        const id = String(asked.fields.uploadId);
        const isFirst = !names.has(id);
        if (isFirst) names.set(id, nameIn(asked));
        const reply = await asked.next();
        if (reply.status !== 200) names.delete(id);
        if (reply.status !== 200 || isFirst || names.get(id) === nameIn(asked)) return reply;
        return json(200, { ...fieldsIn(reply), videoId: `${id}-2` });
      });
    },
  },
  {
    id: 'finalize-collides',
    says: 'Fails inside when the same upload is being finalized already.',
    breaks: ['pulse.finalize.concurrent'],
    behaviour: () => {
      const running = new Set<string>();
      return asking(async ({ fields, next }) => {
        const id = String(fields.uploadId);
        if (running.has(id)) return refusal(500, 'internal error');
        running.add(id);
        await pause(100);
        return next().finally(() => running.delete(id));
      });
    },
  },
  {
    id: 'finalize-repeat-500',
    says: 'Fails inside when the same request to finalize comes again.',
    breaks: ['pulse.finalize.lost-response', 'pulse.finalize.twice', 'pulse.finalize.filename.collision'],
    behaviour: () => {
      const done = new Set<string>();
      return asking(async ({ text, next }) => {
        if (done.has(text)) return refusal(500, 'internal error');
        const reply = await next();
        if (reply.status === 200) done.add(text);
        return reply;
      });
    },
  },
  {
    id: 'finalize-tears-chunk',
    says: 'Finalizes an upload while a chunk is on its way.',
    breaks: ['pulse.finalize.during-patch'],
    behaviour: () => ({
      rules: {
        finalize: {
          complete: ({ upload }) =>
            upload.offsetBytes === upload.info.lengthBytes || ('hold' in upload && upload.hold !== undefined)
              ? undefined
              : refusal(409, 'bytes are missing'),
        },
      },
    }),
  },
  {
    id: 'finalized-head-zero',
    says: 'HEAD states offset 0 for a finalized upload.',
    breaks: ['pulse.finalize.then-head'],
    behaviour: () => ({
      answers: {
        head: (upload) =>
          upload.finished === undefined
            ? standardAnswers.head(upload)
            : withHeaders(standardAnswers.head(upload), { 'Upload-Offset': '0' }),
      },
    }),
  },
  {
    id: 'finalized-upload-grows',
    says: 'Takes chunks behind the end of a finalized upload.',
    breaks: ['pulse.finalize.then-patch'],
    behaviour: () =>
      filtering(async (exchange, next, parts) => {
        const { method, bodyBytes = 0 } = exchange.request;
        const upload = method === 'PATCH' ? await uploadOf(exchange, parts) : undefined;
        if (upload?.finished === undefined || bodyBytes !== 1) return next();
        const headers = { 'Upload-Offset': String(upload.offsetBytes + bodyBytes) };
        return completed({ status: 204, headers }, parts);
      }),
  },
  {
    id: 'finalize-merges-prototype',
    says: 'Keeps what __proto__ brings for all later answers.',
    breaks: ['pulse.finalize.proto-pollution'],
    behaviour: () => {
      let polluted = {};
      return asking(async ({ text, next }) => {
        if (text.includes('"__proto__"')) polluted = { isAdmin: true };
        const reply = await next();
        return reply.status === 200 ? json(200, { ...fieldsIn(reply), ...polluted }) : reply;
      });
    },
  },
  {
    id: 'finalize-by-get',
    says: 'Answers GET on the finalize path with a page.',
    breaks: ['pulse.finalize.get'],
    behaviour: () =>
      filtering(async ({ request }, next, parts) => {
        if (request.method !== 'GET' || request.path !== '/uploads/finalize') return next();
        const page = { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<h1>finalize</h1>' };
        return completed(page, parts);
      }),
  },
  {
    id: 'finalize-reads-into-memory',
    says: 'Fails inside when it finalizes a file of more than 2 GiB, as a buffer of that size does.',
    breaks: ['pulse.finalize.large-file', 'data.large-offset'],
    serve: { needs: 'large' },
    source: 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md',
    behaviour: ({ gibibyteBytes } = fullScale) => ({
      measure: async (bytes) => {
        const measured = await measure(bytes);
        if (measured.sizeBytes > 2 * gibibyteBytes) throw new Error('ERR_FS_FILE_TOO_LARGE');
        return measured;
      },
    }),
  },
];

/** Changes the answer to a finalize of an upload that was never created. */
function onUnknown(change: () => Reply) {
  return asking(async ({ fields, next }: Asked) => {
    const reply = await next();
    return reply.status === 404 && isUploadId(String(fields.uploadId)) ? change() : reply;
  });
}
