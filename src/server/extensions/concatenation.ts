import { type Extension, offers } from '../extension.ts';
import { type Reply, type RequestHead, refusal } from '../http/exchange.ts';
import type { Parts } from '../parts.ts';
import { settleComplete } from '../requests/complete.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { type Concat, isComplete, isUploadId } from '../store/upload.ts';
import { writeAll } from '../store/write-all.ts';
import { type Join, type JoinedPartsTimes, removeJoinedParts } from './joined-parts.ts';

/** Finals may name parts that are not complete yet; they are put together once those are. */
export const concatenationUnfinished: Extension = { name: 'concatenation-unfinished' };

/** The decisions of the extension; a deliberate defect replaces one. */
export interface ConcatenationDecisions {
  readonly parse: (text: string) => Concat | undefined;
  /** Judges a creation whose Upload-Concat could be read. */
  readonly judge: (concat: Concat, request: RequestHead, parts: Parts) => Promise<Reply | undefined>;
  /** The order in which the parts are put together. */
  readonly order: (partIds: readonly string[]) => readonly string[];
}

/** Parallel uploads: parts that are sent side by side, and a final upload made of them (tus 1.0, Concatenation). */
export function concatenation(
  changes: Partial<ConcatenationDecisions> = {},
  times: Partial<JoinedPartsTimes> = {},
): Extension {
  const { parse, judge, order } = { ...standardConcatenation, ...changes };
  const joined: Join = (upload, partIds, parts, isStopped) =>
    once(upload, () => join(upload, order(partIds), parts, isStopped));
  const concatOf = ({ headers }: RequestHead) => parse(headers['upload-concat'] ?? '');
  return {
    name: 'concatenation',
    allowsNoLength: (request) => concatOf(request)?.kind === 'final',
    judgeCreation: async (request, parts) => {
      const text = request.headers['upload-concat'];
      if (text === undefined) return undefined;
      const concat = parse(text);
      return concat === undefined
        ? refusal(400, 'Upload-Concat must be "partial", or "final;" and the URLs of its parts')
        : judge(concat, request, parts);
    },
    describe: async (request, parts) => {
      const concat = concatOf(request);
      if (concat?.kind !== 'final') return concat === undefined ? {} : { concat };
      const lengthBytes = sumOf(await found(concat.partIds, parts));
      // What has no bytes is whole without a join: it is told of at once.
      const isJoined = lengthBytes !== 0;
      return {
        concat: { ...concat, ...(isJoined && { untold: true }) },
        ...(lengthBytes !== undefined && { lengthBytes }),
      };
    },
    meet: async (upload, { method }, parts) => {
      const { concat } = upload.info;
      if (concat?.kind !== 'final') return undefined;
      if (method === 'PATCH') return refusal(403, 'a final upload is made of its parts only');
      // What is removed need not be joined before: there may be no room for that.
      if (method === 'DELETE') return undefined;
      if (isComplete(upload)) {
        // Whole since a crash, or while its join still ends: nobody hears of it before that is written down.
        if (concat.untold && upload.finished === undefined) await once(upload, () => toBeTold(upload, parts));
        return undefined;
      }
      await joined(upload, concat.partIds, parts);
      // One that waits for its parts is told of as such.
      if (!isComplete(upload)) await toBeTold(upload, parts);
      // What the dialect thinks of the joined file; it was asked once, by the join.
      return settleComplete(upload, parts);
    },
    tell: (upload) => {
      const { concat } = upload.info;
      if (concat?.kind === 'partial') return { 'Upload-Concat': 'partial' };
      if (concat?.kind !== 'final') return {};
      // Until it is joined the text leaves no offset to tell.
      return { 'Upload-Concat': concat.text, ...(!isComplete(upload) && { 'Upload-Offset': undefined }) };
    },
    run: (parts) => removeJoinedParts(parts, joined, times),
  };
}

export const standardConcatenation: ConcatenationDecisions = {
  parse: parseConcat,
  judge: async (concat, request, parts) => {
    if (concat.kind === 'partial') return undefined;
    if (request.headers['upload-length'] !== undefined)
      return refusal(400, 'a final upload has the length of its parts, so Upload-Length must be absent');
    if (request.bodyBytes !== 0) return refusal(400, 'a final upload takes no bytes of its own');
    return (await judgeAccess(concat.partIds, request, parts)) ?? judgeParts(concat.partIds, parts);
  },
  order: (partIds) => partIds,
};

/** The final upload shows what is in its parts: whoever may not ask for one of them may not join it either. */
async function judgeAccess(
  partIds: readonly string[],
  request: RequestHead,
  parts: Parts,
): Promise<Reply | undefined> {
  const { dialect, rules } = parts;
  if (dialect.subject === undefined) return undefined;
  for (const id of partIds) {
    const refused = rules.door.subject({ request, subject: await dialect.subject(request, id, parts) });
    if (refused !== undefined) return refused;
  }
  return undefined;
}

async function judgeParts(partIds: readonly string[], parts: Parts): Promise<Reply | undefined> {
  const uploads = await found(partIds, parts);
  const missing = uploads.findIndex((upload) => upload?.info.concat?.kind !== 'partial');
  if (missing !== -1)
    return refusal(400, `part ${missing + 1} of the final upload is no partial upload here`);
  const isUnfinished = uploads.some((upload) => upload === undefined || !isComplete(upload));
  if (isUnfinished && !offers(parts, concatenationUnfinished.name))
    return refusal(400, 'a part of the final upload is not complete yet');
  const { maxSizeBytes } = parts;
  return maxSizeBytes !== undefined && (sumOf(uploads) ?? 0) > maxSizeBytes
    ? refusal(413, `the parts have more than ${maxSizeBytes} bytes`, { 'Tus-Max-Size': String(maxSizeBytes) })
    : undefined;
}

/** Only ids of this server are read out of the URLs: nothing is ever fetched from where they point to. */
function parseConcat(text: string): Concat | undefined {
  if (text === 'partial') return { kind: 'partial' };
  const urls = /^final;(.*)$/.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  const partIds = urls.map(
    (url) =>
      url
        .replace(/[?#].*$/, '')
        .split('/')
        .at(-1) ?? '',
  );
  return partIds.length > 0 && partIds.every(isUploadId) ? { kind: 'final', text, partIds } : undefined;
}

function found(partIds: readonly string[], { uploads }: Parts): Promise<readonly (LiveUpload | undefined)[]> {
  return Promise.all(partIds.map((id) => uploads.find(id)));
}

/** Undefined as long as the length of a part is not known. */
function sumOf(uploads: readonly (LiveUpload | undefined)[]): number | undefined {
  const sum = uploads.reduce((bytes, upload) => bytes + (upload?.info.lengthBytes ?? Number.NaN), 0);
  return Number.isNaN(sum) ? undefined : sum;
}

/** Whoever asks in the meantime waits for the same. */
function once(upload: LiveUpload, work: () => Promise<void>): Promise<void> {
  upload.joining ??= work().finally(() => {
    upload.joining = undefined;
  });
  return upload.joining;
}

/** The bytes of the parts one behind another; from the start each time, since a crash may have left some. */
async function join(
  upload: LiveUpload,
  partIds: readonly string[],
  parts: Parts,
  isStopped = () => false,
): Promise<void> {
  const { store, uploads } = parts;
  const joined = await found(partIds, parts);
  const lengthBytes = sumOf(joined);
  if (lengthBytes !== undefined && upload.info.lengthBytes === undefined)
    await uploads.update(upload, { lengthBytes });
  if (!joined.every((part) => part !== undefined && isComplete(part) && part.hold === undefined)) return;
  const writer = await store.write(upload.info.id);
  let positionBytes = 0;
  try {
    for (const part of joined) {
      if (part === undefined) return;
      for await (const bytes of store.read(part)) {
        if (isStopped()) return;
        positionBytes += await writeAll(bytes, positionBytes, writer);
      }
    }
  } finally {
    await writer.close();
  }
  upload.offsetBytes = positionBytes;
  uploads.touch(upload);
  await toBeTold(upload, parts);
  await settleComplete(upload, parts);
}

/** From now on somebody may know of the final upload, and come back for it after a crash. */
async function toBeTold(upload: LiveUpload, { uploads }: Parts): Promise<void> {
  const { concat } = upload.info;
  if (concat?.kind !== 'final' || concat.untold === undefined) return;
  const { untold, ...known } = concat;
  await uploads.update(upload, { concat: known });
}
