import { createHash } from 'node:crypto';
import { parseMetadata } from '../../protocol/headers.ts';
import { isGone, isOutOfTurn, isSuccess, jsonOf } from '../answers.ts';
import { Skip } from '../check.ts';
import type { Payload } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { goingOnFrom } from './trial.ts';
import { listedIn, mayEnd } from './v1-listed.ts';

/** What becomes of artifacts: when they are served, how they are removed, and what their digests are compared with. */

const READY_BYTES = 1237;
const NO_ID = '00000000-0000-4000-8000-000000000000';
const PROMPT_TRIES = 40;
const PROMPT_PAUSE_MS = 250;

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The artifact that a creation named. */
function artifactUrl(probe: Probe, { sent }: Exchange): string {
  const text = sent.headers.find(([name]) => name === 'Upload-Metadata')?.[1] ?? '';
  const id = parseMetadata(text)?.artifactId ?? new Uint8Array();
  return `${probe.target.artifactsUrl}/${Buffer.from(id).toString('utf8')}`;
}

const getArtifact = (probe: Probe, { created }: Upload, headers: Readonly<Record<string, string>> = {}) =>
  probe.request('GET', artifactUrl(probe, created), { headers });

/** The same, waited for where the last chunk was acknowledged and nothing is there at first. */
export async function servedArtifact(
  probe: Probe,
  upload: Upload,
  last: Exchange,
  atOnce?: Exchange,
): Promise<Exchange> {
  let served = atOnce ?? (await getArtifact(probe, upload));
  for (let tries = 0; isSuccess(last) && served.answer?.status === 404 && tries < PROMPT_TRIES; tries++) {
    await probe.pause(PROMPT_PAUSE_MS);
    served = await getArtifact(probe, upload);
  }
  return served;
}

/** A creation with further pairs of metadata. */
const createWith = async (probe: Probe, sizeBytes: number, pairs: string): Promise<Upload> =>
  probe.create(sizeBytes, { headers: { 'Upload-Metadata': probe.metadata(pairs) } });

export const artifactReadiness = scenario({
  id: 'v1-artifact-readiness',
  does: 'asks for an artifact at none, half, all but one and all of its bytes, repeats its last chunk, and asks for what is not there',
  run: async (probe) => {
    const file = probe.payload(READY_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const early = [await getArtifact(probe, upload)];
    for (const [from, to] of [
      [0, 600],
      [600, READY_BYTES - 1],
    ] as const) {
      await probe.patch(upload, from, file.part(from, to));
      early.push(await getArtifact(probe, upload));
    }
    const last = await probe.patch(upload, READY_BYTES - 1, file.part(READY_BYTES - 1, READY_BYTES));
    const atOnce = await getArtifact(probe, upload);
    const served = await servedArtifact(probe, upload, last, atOnce);
    const ranged = await getArtifact(probe, upload, { Range: 'bytes=0-99' });
    const repeated = await probe.patch(upload, READY_BYTES - 1, file.part(READY_BYTES - 1, READY_BYTES));
    const empty = await probe.patch(upload, READY_BYTES, '');
    return {
      early,
      last,
      atOnce,
      served,
      sha256: file.sha256(),
      ranged,
      first100: sha256Of(file, 0, 100),
      repeats: [repeated, empty],
      after: await getArtifact(probe, upload),
      unknown: await probe.request('GET', `${probe.target.artifactsUrl}/${NO_ID}`),
      badIds: [
        await probe.request('GET', `${probe.target.artifactsUrl}/zzz`),
        await probe.request('GET', `${probe.target.artifactsUrl}/..%2f..%2f${probe.target.protocol}-nowhere`),
      ],
    };
  },
});

/** What files of each kind begin with, so that no server takes them for something else. */
const kinds = [
  { kind: 'captions', ending: '.vtt', bytes: 'WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n' },
  {
    kind: 'thumbnail',
    ending: '.jpg',
    bytes: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1),
  },
] as const;

export const otherKinds = scenario({
  id: 'v1-other-kinds',
  does: 'uploads captions and a thumbnail, where the capabilities list them, and asks for them where videos are',
  run: async (probe) => {
    const capabilities = await probe.request('GET', probe.target.aliveUrl);
    const listed = kinds.filter(({ kind }) => listedIn(capabilities).includes(kind));
    if (capabilities.answer && listed.length === 0)
      throw new Skip('neither captions nor thumbnail is listed');
    const offered = listed.filter(({ kind, ending }) => mayEnd(capabilities, kind, ending));
    if (capabilities.answer && offered.length === 0)
      throw new Skip('captions and thumbnail are listed with other endings than .vtt and .jpg');
    const seen = [];
    for (const { kind, ending, bytes } of offered) {
      const file = probe.literal(bytes);
      const name = probe.fileName().replace(/\.mp4$/, ending);
      const upload = await createWith(probe, file.sizeBytes, `filename ${base64(name)},kind ${base64(kind)}`);
      const patched = await probe.patch(upload, 0, file.part(0, file.sizeBytes));
      const gotten = await servedArtifact(probe, upload, patched);
      seen.push({ kind, patched, gotten, sha256: file.sha256() });
    }
    return { seen };
  },
});

export const artifactRemoval = scenario({
  id: 'v1-artifact-removal',
  does: 'removes a finished artifact twice, an unfinished one, and a finished one by its upload URL',
  run: async (probe) => {
    const file = probe.payload(1000);
    const whole = await probe.create(1000);
    const last = await probe.patch(whole, 0, file.part(0, 1000));
    const remove = ({ created }: Upload) => probe.request('DELETE', artifactUrl(probe, created));
    // What is looked at first may be served a moment after its last byte.
    await servedArtifact(probe, whole, last);
    const removed = await remove(whole);
    const gone = await getArtifact(probe, whole);
    const again = await remove(whole);

    const half = await probe.create(1000);
    await probe.patch(half, 0, file.part(0, 500));
    const withdrawn = await remove(half);
    // The route of artifacts may be that of finished ones (5.2): an unfinished one is cancelled by its upload URL.
    const isKept = isGone(withdrawn) || withdrawn.answer?.status === 409;
    const cancelled = isKept ? await probe.remove(half) : undefined;
    const freed = {
      removed: withdrawn,
      ...(cancelled && { cancelled }),
      headed: await probe.head(half),
      anew: await recreate(probe, half),
    };

    const done = await probe.create(1000);
    await probe.patch(done, 0, file.part(0, 1000));
    const cancelledDone = await probe.remove(done);
    return {
      removed,
      gone,
      again,
      freed,
      ghost: { cancelled: cancelledDone, gotten: await getArtifact(probe, done), sha256: file.sha256() },
    };
  },
});

/** The same artifact once more, with other metadata where given. */
export function recreate(
  probe: Probe,
  { created, sizeBytes }: Upload,
  change = (text: string) => text,
): Promise<Exchange> {
  const text = created.sent.headers.find(([name]) => name === 'Upload-Metadata')?.[1] ?? '';
  return probe.post(sizeBytes, { headers: { 'Upload-Metadata': change(text) } });
}

const ABSENT_BYTES = 777;
const RESUMED_BYTES = 2345;
const checksumPair = (text: string) => `checksum ${base64(text)}`;

export const declaredChecksums = scenario({
  id: 'v1-declared-checksums',
  does: 'declares right, wrong and upper-case digests of the file with the creation, right and wrong ones for each digest that is listed, sends it, and asks for the artifact',
  run: async (probe) => {
    const capabilities = await probe.request('GET', probe.target.aliveUrl);
    const plain = await sentInTwo(probe, await probe.create(ABSENT_BYTES), probe.payload(ABSENT_BYTES));
    const names = algorithmsIn(capabilities);
    if (capabilities.answer && names.length === 0) return { names, plain, right: [] };
    const file = probe.payload(1000);
    const declared = async (text: string) =>
      sentInTwo(probe, await createWith(probe, 1000, checksumPair(text)), file);
    const right = [];
    for (const name of names) right.push({ name, ...(await declared(`${name}:${digest(name, file)}`)) });

    const target = await createWith(probe, 1000, wrongPair(names[0], file));
    const wrong = await sentInTwo(probe, target, file);
    const otherWrongs = [];
    for (const name of names.slice(1)) {
      const upload = await createWith(probe, 1000, wrongPair(name, file));
      otherWrongs.push({ name, last: await probe.patch(upload, 0, file.part(0, 1000)) });
    }
    const headed = await probe.head(target);
    const retried = await recreate(probe, target, (text) =>
      text.replace(/checksum \S+/, checksumPair(`${names[0]}:${digest(names[0], file)}`)),
    );
    const nothing = await probe.post(0, {
      headers: { 'Upload-Metadata': probe.metadata(wrongPair(names[0], file)) },
    });
    const noFile = await probe.request('GET', artifactUrl(probe, nothing));

    const upper = await probe.post(1000, {
      headers: {
        'Upload-Metadata': probe.metadata(
          checksumPair(`${names[0]}:${digest(names[0], file)}`.toUpperCase()),
        ),
      },
    });
    return {
      names,
      plain,
      right,
      wrong,
      otherWrongs,
      headed,
      retried,
      nothing,
      noFile,
      upper,
      resumed: await cutAndResumed(probe, names[0]),
    };
  },
});

/** A wrong digest, with a cut on the way: what is said of the rest, as soon as that is not put off any more. */
async function cutAndResumed(probe: Probe, name = 'sha256') {
  const file = probe.payload(RESUMED_BYTES, 'resumed');
  const upload = await createWith(probe, RESUMED_BYTES, wrongPair(name, file));
  const cut = await probe.patch(upload, 0, file.part(0, 2000), { cut: { afterBytes: 1000, by: 'close' } });
  const after = await probe.settle(upload, { from: 0, bytes: cut.sent.writtenBytes });
  const { exchanges } = await probe.finish(upload, file, goingOnFrom(after));
  const rest = exchanges.filter(({ sent }) => sent.method === 'PATCH' && sent.body.sizeBytes > 0);
  return rest.find((exchange) => isRefusedForGood(exchange)) ?? rest.at(-1);
}

function isRefusedForGood(exchange: Exchange): boolean {
  return exchange.answer !== undefined && !isSuccess(exchange) && !isOutOfTurn(exchange);
}

async function sentInTwo(probe: Probe, upload: Upload, file: Payload) {
  const first = await probe.patch(upload, 0, file.part(0, 400));
  const last = await probe.patch(upload, 400, file.part(400, file.sizeBytes));
  return { first, last, gotten: await servedArtifact(probe, upload, last) };
}

function algorithmsIn(capabilities: Exchange): readonly string[] {
  const checksum = jsonOf(capabilities)?.checksum;
  const names =
    typeof checksum === 'object' && checksum && 'algorithms' in checksum ? checksum.algorithms : [];
  const known = ['sha256', 'sha1', 'md5'];
  return Array.isArray(names) ? known.filter((name) => names.includes(name)) : [];
}

function digest(name = 'sha256', file: Payload): string {
  return createHash(name).update(file.bytes(0, file.sizeBytes)).digest('hex');
}

/** Zeros for the digest. */
function wrongPair(name: string | undefined, file: Payload): string {
  return checksumPair(`${name}:${digest(name, file).replace(/./g, '0')}`);
}

function sha256Of(file: Payload, from: number, to: number): string {
  return createHash('sha256').update(file.bytes(from, to)).digest('hex');
}

const ZEROS_BYTES = 4321;

export const zerosAsVideo = scenario({
  id: 'v1-zeros-as-video',
  does: 'uploads zeros as a video, and asks for the artifact',
  run: async (probe) => {
    const file = probe.literal(new Uint8Array(ZEROS_BYTES));
    const upload = await probe.create(ZEROS_BYTES);
    const patched = await probe.patch(upload, 0, file.part(0, ZEROS_BYTES));
    return { patched, gotten: await getArtifact(probe, upload) };
  },
});
