import { refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import type { FinishedFile } from '../store/upload.ts';
import { asking, nameIn } from './asking.ts';
import { damage } from './changes.ts';
import type { Defect } from './defect.ts';

const pathJoined = 'https://github.com/tomdesair/tus-java-server/issues/89';
const samples = 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md';

/** What becomes of a server that takes the name of a stranger as it is. */
export const pulseFinalizeNamesDefects: readonly Defect[] = [
  {
    id: 'name-joined-to-folder',
    says: 'Joins the filename to its folder: a name in a folder that does not exist fails inside.',
    breaks: ['pulse.finalize.filename.naive-join'],
    source: samples,
    behaviour: () => failingFor(/^[^/.][^/]*\/(?!\.\.)[^/]+$/),
  },
  {
    id: 'name-leads-out',
    says: 'Follows ../ in a filename.',
    breaks: ['pulse.finalize.filename.traversal'],
    source: pathJoined,
    behaviour: () => failingFor(/\.\.[/\\]/),
  },
  {
    id: 'name-absolute',
    says: 'Takes an absolute filename for the place to write to.',
    breaks: ['pulse.finalize.filename.absolute'],
    source: pathJoined,
    behaviour: () => failingFor(/^\//),
  },
  {
    id: 'name-with-nul-kills',
    says: 'Ends the connection when a filename holds NUL, as a process that dies of it.',
    breaks: ['pulse.finalize.filename.nul'],
    behaviour: () =>
      asking((asked) => {
        if (nameIn(asked).includes('\u0000')) asked.exchange.incoming.socket.destroy();
        return asked.next();
      }),
  },
  {
    id: 'name-of-dots-500',
    says: 'Fails inside when a filename is only dots.',
    breaks: ['pulse.finalize.filename.dots'],
    source: samples,
    behaviour: () => failingFor(/^\.+$/),
  },
  {
    id: 'name-too-long-500',
    says: 'Fails inside when a filename is longer than the file system takes.',
    breaks: ['pulse.finalize.filename.long'],
    source: samples,
    behaviour: () => failingFor(/^.{256,}$/),
  },
  {
    id: 'name-ascii-only',
    says: 'Refuses names beyond ASCII.',
    breaks: ['pulse.finalize.filename.unicode'],
    source: 'https://github.com/tus/tus-node-server/issues/687',
    behaviour: () =>
      asking((asked) => (/\P{ASCII}/u.test(nameIn(asked)) ? refusal(400, 'ASCII only') : asked.next())),
  },
  {
    id: 'name-through-shell-500',
    says: 'Fails inside when a filename means something to a shell.',
    breaks: ['pulse.finalize.filename.special'],
    behaviour: () => failingFor(/^[^/\\]*[$<]/),
  },
  {
    id: 'name-overwrites',
    says: 'Overwrites the file of another upload that had the same name.',
    breaks: ['pulse.finalize.filename.collision'],
    source: samples,
    behaviour: () => {
      const files = new Map<string, FinishedFile>();
      return asking(async (asked) => {
        const { fields, parts, next } = asked;
        const id = String(fields.uploadId);
        const reply = await next();
        const upload = await parts.uploads.find(id);
        if (reply.status !== 200 || upload?.finished === undefined) return reply;
        const isAgain = upload.finished === files.get(`upload ${id}`);
        if (!isAgain) files.set(nameIn(asked), upload.finished);
        files.set(`upload ${id}`, upload.finished);
        return parts.answers.finalized({ id, finished: files.get(nameIn(asked)) ?? upload.finished });
      });
    },
  },
  {
    id: 'name-hits-working-file',
    says: 'Writes a finished file over the working file of another upload, where it is called like that.',
    breaks: ['pulse.finalize.filename.partial-clash'],
    source: samples,
    behaviour: () =>
      asking(async (asked) => {
        const [, id] = /^(.+)\.partial$/.exec(nameIn(asked)) ?? [];
        const other = id === undefined ? undefined : await asked.parts.uploads.find(id);
        if (other !== undefined) await damage(other.info.id, 0, Buffer.from('hit'), asked.parts);
        return asked.next();
      }),
  },
  {
    id: 'id-is-a-path',
    says: 'Joins the uploadId to its folder, so that other spellings of it are the same upload.',
    breaks: ['pulse.finalize.upload-id.alias'],
    source: pathJoined,
    behaviour: () =>
      asking(({ fields, next }) => {
        const uploadId = String(fields.uploadId).replace(/^(\.\/|[^/]+\/\.\.\/)/, '');
        return next({ fields: { ...fields, uploadId } });
      }),
  },
];

function failingFor(names: RegExp): Behaviour {
  return asking((asked) => (names.test(nameIn(asked)) ? refusal(500, 'internal error') : asked.next()));
}
