import { headerOf, isSuccess } from '../answers.ts';
import type { Payload } from '../payload.ts';
import type { Content } from '../probe/content.ts';
import type { Probe } from '../probe/probe.ts';
import type { RequestOptions } from '../probe/request.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { count } from '../stored-runs.ts';
import { bringTo } from './trial.ts';

/** Files that are sent in parts side by side, and put together by the server. */

export const joinNeeds = ['offers concatenation', 'head'] as const;

/** The texts of most final uploads. */
export const inOrder = ['hello', ' world'];

/** `hello`, ` world` and so on: short parts whose order can be seen. Whichever comes first, the whole begins like a video. */
export async function partOf(
  probe: Probe,
  text: string,
  { sentBytes, metadata }: { readonly sentBytes?: number; readonly metadata?: string } = {},
): Promise<Upload> {
  const headers = {
    'Upload-Concat': 'partial',
    ...(metadata && { 'Upload-Metadata': probe.metadata(metadata) }),
  };
  const file = probe.literalFile(text);
  const part = await probe.create(file.sizeBytes, { headers });
  await bringTo(probe, part, file, sentBytes ?? file.sizeBytes);
  return part;
}

/** What the parts of these texts make, one behind the other. */
function wholeOf(probe: Probe, texts: readonly string[]): Payload {
  const files = texts.map((text) => probe.literalFile(text));
  return probe.literal(Buffer.concat(files.map((file) => file.bytes(0, file.sizeBytes))));
}

/** A creation of a final upload, whatever comes of it. */
export function joining(
  probe: Probe,
  urls: readonly string[],
  { headers, ...options }: RequestOptions = {},
): Promise<Exchange> {
  const list = { 'Upload-Concat': `final;${urls.join(' ')}` };
  return probe.post(undefined, { ...options, headers: { ...list, ...headers } });
}

export interface Joined {
  readonly created: Exchange;
  readonly head?: Exchange;
  readonly content?: Content;
}

/** What came of a final upload: what HEAD says once it is joined, and what is in it. */
export async function joinedAs(probe: Probe, created: Exchange, texts: readonly string[]): Promise<Joined> {
  return joinedInto(probe, created, wholeOf(probe, texts));
}

async function joinedInto(probe: Probe, created: Exchange, file: Payload): Promise<Joined> {
  if (!isSuccess(created)) return { created };
  const upload = probe.uploadOf(created, file.sizeBytes);
  const head = await joinedHead(probe, upload);
  return { created, head, content: await probe.content(upload, file) };
}

/** More than a server copies at a time. */
const LARGE_PART_BYTES = 300_000;

/** Two large parts, joined: undefined where the server takes no such file, whether or not it says so by Tus-Max-Size. */
async function joinedLarge(probe: Probe): Promise<Joined | undefined> {
  const file = probe.payload(2 * LARGE_PART_BYTES, 'large');
  if (Number(probe.target.maxSize) < file.sizeBytes) return undefined;
  const urls: string[] = [];
  for (const at of [0, LARGE_PART_BYTES]) {
    const created = await probe.post(LARGE_PART_BYTES, { headers: { 'Upload-Concat': 'partial' } });
    if (created.answer?.status === 413) return undefined;
    const part = probe.uploadOf(created, LARGE_PART_BYTES);
    const piece = { part: (from: number, to: number) => file.part(at + from, at + to) };
    await bringTo(probe, part, piece, LARGE_PART_BYTES);
    urls.push(part.url);
  }
  return joinedInto(probe, await joining(probe, urls), file);
}

/** What its length must be: that of what the parts were made of. */
export const lengthOf = (content: Content | undefined): string => String(content?.expected.sizeBytes);

const JOIN_MS = 30_000;
const LOOK_MS = 250;

/** The last HEAD: a server may take its time to put the parts together. */
async function joinedHead(probe: Probe, upload: Upload): Promise<Exchange> {
  const startMs = probe.nowMs();
  for (;;) {
    const head = await probe.head(upload);
    const offset = headerOf(head, 'Upload-Offset');
    const isJoined = offset !== undefined && offset === headerOf(head, 'Upload-Length');
    if (!isSuccess(head) || isJoined || probe.nowMs() - startMs > JOIN_MS) return head;
    await probe.pause(LOOK_MS);
  }
}

export const partialAsked = scenario({
  id: 'partial-asked',
  does: 'creates an upload of 7 bytes as a part of another, whatever OPTIONS says, and asks HEAD',
  run: async (probe): Promise<{ created: Exchange; head?: Exchange }> => {
    const created = await probe.post(7, { headers: { 'Upload-Concat': 'partial' } });
    if (!isSuccess(created) || probe.target.headless !== undefined) return { created };
    return { created, head: await probe.head(probe.uploadOf(created, 7)) };
  },
});

export const joinedParts = scenario({
  id: 'joined-parts',
  does: `sends \`hello\` and \` world\` as parts, with a metadata key of their own, and joins them in both orders, and two parts of ${count(LARGE_PART_BYTES)} bytes`,
  needs: joinNeeds,
  sendsBytes: 2 * LARGE_PART_BYTES,
  run: async (probe) => {
    const metadata = 'secret c2VjcmV0';
    const first = await partOf(probe, 'hello', { sentBytes: 0, metadata });
    const before = await probe.head(first);
    const file = probe.literalFile('hello');
    await bringTo(probe, first, file, file.sizeBytes);
    const after = await probe.head(first);
    const second = await partOf(probe, ' world', { metadata });
    const parts = [first.url, second.url];
    const plain = await joining(probe, parts, { headers: { 'Upload-Metadata': probe.metadata() } });
    // A server may remove parts once they are joined.
    const others = [await partOf(probe, ' world'), await partOf(probe, 'hello')].map(({ url }) => url);
    const large = await joinedLarge(probe);
    return {
      part: { created: first.created, before, after, file: { sizeBytes: file.sizeBytes } },
      parts,
      others,
      forth: await joinedAs(probe, plain, inOrder),
      back: await joinedAs(probe, await joining(probe, others), inOrder.toReversed()),
      ...(large && { large }),
    };
  },
});

export const joinedOtherwise = scenario({
  id: 'joined-otherwise',
  does: 'joins a part with itself, the same parts twice, and parts named by paths instead of URLs',
  needs: joinNeeds,
  run: async (probe) => {
    const a = await partOf(probe, 'hello');
    const b = await partOf(probe, ' world');
    const urls = [a.url, b.url];
    const once = await joinedAs(probe, await joining(probe, urls), inOrder);
    const again = await joinedAs(probe, await joining(probe, urls), inOrder);
    const paths = [await partOf(probe, 'hello'), await partOf(probe, ' world')].map(
      ({ url }) => new URL(url).pathname + new URL(url).search,
    );
    const byPath = await joinedAs(probe, await joining(probe, paths), inOrder);
    const c = await partOf(probe, 'hello');
    return {
      once,
      again,
      byPath,
      doubled: await joinedAs(probe, await joining(probe, [c.url, c.url]), ['hello', 'hello']),
    };
  },
});

export const patchedFinal = scenario({
  id: 'patched-final',
  does: 'joins two parts, and sends a byte behind the end and one at the beginning of the result',
  needs: joinNeeds,
  run: async (probe) => {
    const parts = [await partOf(probe, 'hello'), await partOf(probe, ' world')];
    const created = await joining(
      probe,
      parts.map(({ url }) => url),
    );
    const file = wholeOf(probe, inOrder);
    const upload = probe.uploadOf(created, file.sizeBytes);
    const before = await joinedHead(probe, upload);
    const behind = await probe.patch(upload, file.sizeBytes, '!');
    const front = await probe.patch(upload, 0, '!');
    const after = await probe.head(upload);
    const heads = [];
    for (const part of parts) heads.push({ sizeBytes: part.sizeBytes, head: await probe.head(part) });
    return { behind, front, before, after, heads, content: await probe.content(upload, file) };
  },
});

export const finalBeforeParts = scenario({
  id: 'final-before-parts',
  does: 'joins 3 bytes of a part and a whole one before the first is complete, asks HEAD, and then sends the rest',
  needs: [...joinNeeds, 'offers concatenation-unfinished'],
  run: async (probe) => {
    const a = await partOf(probe, 'hello', { sentBytes: 3 });
    const b = await partOf(probe, ' world');
    const created = await joining(probe, [a.url, b.url]);
    const { sizeBytes } = wholeOf(probe, inOrder);
    const early = isSuccess(created) ? await probe.head(probe.uploadOf(created, sizeBytes)) : undefined;
    const finish = await probe.finish(a, probe.literalFile('hello'), { from: 3 });
    return { early, finish, ...(await joinedAs(probe, created, inOrder)) };
  },
});

export const unfinishedFinal = scenario({
  id: 'unfinished-final',
  does: 'joins 3 bytes of a part and a whole one on a server that does not list concatenation-unfinished',
  needs: [...joinNeeds, 'lacks concatenation-unfinished'],
  run: async (probe) => {
    const a = await partOf(probe, 'hello', { sentBytes: 3 });
    const b = await partOf(probe, ' world');
    return { created: await joining(probe, [a.url, b.url]) };
  },
});

export const finalizedPart = scenario({
  id: 'finalized-part',
  does: 'finalizes an upload that was created as a part of another',
  needs: joinNeeds,
  run: async (probe) => {
    const part = await partOf(probe, 'hello');
    return { finalized: probe.target.protocol === 'pulse' ? await probe.finalize(part) : undefined };
  },
});
