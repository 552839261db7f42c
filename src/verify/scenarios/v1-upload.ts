import { encodeMetadata, parseMetadata } from '../../protocol/headers.ts';
import { headerOf } from '../answers.ts';
import { Skip } from '../check.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { recreate } from './v1-artifacts.ts';

/** Creations of artifacts whose ids the client brings along: cancelled, repeated, at the same time, spelt otherwise. */

const CANCELLED_BYTES = 613;
const CANCELLED_AT_BYTES = 300;

export const cancelledUpload = scenario({
  id: 'v1-cancelled-upload',
  does: 'sends half of a file, asks for its offset, cancels it by DELETE, asks again, and creates the same artifact anew',
  run: async (probe) => {
    const file = probe.payload(CANCELLED_BYTES);
    const upload = await probe.create(CANCELLED_BYTES);
    const patched = await probe.patch(upload, 0, file.part(0, CANCELLED_AT_BYTES));
    const headed = await probe.head(upload);
    const removed = await probe.remove(upload);
    const gone = await probe.head(upload);
    const anew = await recreate(probe, upload);
    return { created: upload.created, patched, headed, removed, gone, anew };
  },
});

const LARGE_PATCH_MS = 10 * 60_000;
const DUPLICATE_BYTES = 811;
export const DUPLICATE_AT_BYTES = 400;

export const duplicateCreation = scenario({
  id: 'v1-duplicate-creation',
  does: 'creates an artifact a second time in the middle of its upload and after its end, and reads it back',
  run: async (probe) => {
    const file = probe.payload(DUPLICATE_BYTES);
    const upload = await probe.create(DUPLICATE_BYTES);
    const first = await probe.patch(upload, 0, file.part(0, DUPLICATE_AT_BYTES));
    const during = await recreate(probe, upload);
    const headed = await probe.head(upload);
    const finish = await probe.finish(upload, file);
    const after = await recreate(probe, upload);
    return { first, during, headed, finish, after, content: await probe.content(upload, file) };
  },
});

const RACED_BYTES = 97;

export const creationRace = scenario({
  id: 'v1-creation-race',
  does: 'creates an artifact twice at the same time, in several rounds',
  run: async (probe) => {
    const rounds: (readonly Exchange[])[] = [];
    for (let round = 0; round < probe.rounds; round++) {
      const options = probe.postOptions(RACED_BYTES);
      const create = () => probe.request('POST', probe.target.createUrl, options);
      rounds.push(await Promise.all([create(), create()]));
    }
    return { rounds };
  },
});

const SPELT_BYTES = 23;
export const SPELT_AT_BYTES = 4;

export const upperCaseId = scenario({
  id: 'v1-upper-case-id',
  does: 'sends the start of a file, creates an artifact whose id is the same UUID in upper case, and, where it is taken, sends another file to it and finishes the first',
  run: async (probe) => {
    const file = probe.payload(SPELT_BYTES);
    const upload = await probe.create(SPELT_BYTES);
    const first = await probe.patch(upload, 0, file.part(0, SPELT_AT_BYTES));
    const second = await recreate(probe, upload, withUpperCaseId);
    const after = await probe.head(upload);
    if (headerOf(second, 'Location') === undefined) return { first, second, after };
    const other = probe.payload(SPELT_BYTES, 'other');
    await probe.patch(probe.uploadOf(second, SPELT_BYTES), 0, other.part(0, SPELT_BYTES));
    const finish = await probe.finish(upload, file);
    return { first, second, after, finish, content: await probe.content(upload, file) };
  },
});

function withUpperCaseId(text: string): string {
  const pairs = Object.entries(parseMetadata(text) ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value).toString('utf8'),
  ]);
  const { artifactId = '', ...others } = Object.fromEntries(pairs);
  if (artifactId === artifactId.toUpperCase()) throw new Skip('the id that was drawn has no letters');
  return encodeMetadata({ ...others, artifactId: artifactId.toUpperCase() });
}

/** In one request more than many proxies let through; and one byte, so that nothing else of the run is as large. */
export const oneLargePatch = scenario({
  id: 'v1-one-large-patch',
  does: 'sends 1 GiB and a byte in one PATCH',
  needs: ['large'],
  alone: true,
  sendsBytes: 2 ** 30 + 1,
  timeoutMs: 15 * 60_000,
  run: async (probe) => {
    const file = probe.payload(probe.gibibyteBytes + 1);
    const upload = await probe.create(file.sizeBytes);
    // Paced, because head and body are written in one piece otherwise, and copied for that.
    const whole = { headPace: {}, timeoutMs: LARGE_PATCH_MS };
    return { patched: await probe.patch(upload, 0, file.part(0, file.sizeBytes), whole) };
  },
});

const OPENING_BYTES = 64;
/** Looks as if it were to be decoded. */
const BASE64_BODY = Buffer.from('these bytes are sent as base64, and are to stay that').toString('base64');
const FORM_BODY =
  '--pulse\r\nContent-Disposition: form-data; name="chunk"; filename="a"\r\n\r\ninside\r\n--pulse--\r\n';

export const encodedLookingBodies = scenario({
  id: 'v1-encoded-looking-bodies',
  does: 'sends a video whose second chunk looks like base64 and whose third like a form, and reads it back',
  run: async (probe) => {
    const opening = probe.payload(OPENING_BYTES).bytes(0, OPENING_BYTES);
    const file = probe.literal(Buffer.concat([opening, Buffer.from(BASE64_BODY), Buffer.from(FORM_BODY)]));
    const upload = await probe.create(file.sizeBytes);
    const ends = [OPENING_BYTES, OPENING_BYTES + BASE64_BODY.length, file.sizeBytes];
    const patches = await inTurn(ends, (end, start) => probe.patch(upload, start, file.part(start, end)));
    return { patches, content: await probe.content(upload, file) };
  },
});

async function inTurn(
  ends: readonly number[],
  send: (end: number, start: number) => ReturnType<Probe['patch']>,
): Promise<readonly Exchange[]> {
  const patches = [];
  for (const [index, end] of ends.entries()) patches.push(await send(end, ends[index - 1] ?? 0));
  return patches;
}
