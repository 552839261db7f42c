import { jsonOf } from '../answers.ts';
import { Blocked, Skip } from '../check.ts';
import { artifactIdOf } from '../dialect.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { mayEnd } from './v1-listed.ts';

/** The uploads of one recording, as the app sends them: with one token, and the anchor last or first. */

export interface SentArtifact {
  readonly what: string;
  readonly posted: Exchange;
  /** Absent where the creation was refused. */
  readonly patched?: Exchange;
  /** The artifact that the token is bound to, of which there is only one. */
  readonly isGiven?: true;
}

interface Piece {
  readonly what: string;
  readonly kind: string;
  readonly ending: string;
  readonly bytes?: Uint8Array | string;
}

const video: Piece = { what: 'the video', kind: 'video', ending: '.mp4' };
const manifest: Piece = {
  what: 'the manifest',
  kind: 'project',
  ending: '-beats.pulse',
  bytes: '{"beats":[]}',
};
const captions: Piece = { what: 'the captions', kind: 'captions', ending: '.vtt', bytes: 'WEBVTT\n\n' };
const thumbnail: Piece = {
  what: 'the thumbnail',
  kind: 'thumbnail',
  ending: '.jpg',
  bytes: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1),
};

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** In merged sessions the anchor comes last, in segment sessions first. */
const merged = [captions, manifest, thumbnail, video];
const segments = [{ ...manifest, ending: '-segments.pulse' }, video, { ...video, what: 'the second clip' }];

export const sessionsOfBothUnits = scenario({
  id: 'v1-sessions',
  does: 'uploads what belongs to a merged recording and to one of segments, as the app does, with one token',
  run: async (probe) => {
    const capabilities = await probe.request('GET', probe.target.aliveUrl);
    const { kinds, uploadUnit } = jsonOf(capabilities) ?? {};
    const missing = merged.find(({ kind }) => Array.isArray(kinds) && !kinds.includes(kind));
    if (probe.target.refusesUploads !== undefined) throw new Blocked(probe.target.refusesUploads);
    if (missing !== undefined) throw new Skip(`the capabilities list no ${missing.kind}`);
    const other = merged.find(({ kind, ending }) => !mayEnd(capabilities, kind, ending));
    if (other !== undefined) throw new Skip(`the capabilities list other endings of ${other.kind}`);
    return {
      uploadUnit,
      merged: await sendAll(probe, merged, video),
      segment: await sendAll(probe, segments, segments[0]),
    };
  },
});

async function sendAll(probe: Probe, pieces: readonly Piece[], anchor: Piece | undefined) {
  const given = probe.artifacts.owner;
  const id = given ?? artifactIdOf(probe.fileName());
  const sent: SentArtifact[] = [];
  for (const piece of pieces) {
    const name = probe.fileName().replace(/\.mp4$/, piece.ending);
    const pairs = `filename ${base64(name)},kind ${base64(piece.kind)}`;
    if (piece !== anchor) {
      sent.push(await send(probe, piece, probe.metadata(`${pairs},relatedTo ${base64(id)}`)));
      continue;
    }
    const made = await send(probe, piece, `${pairs},artifactId ${base64(id)}`);
    sent.push({ ...made, ...(given !== undefined && { isGiven: true }) });
  }
  // It is the anchor of the next session, too; what was there before stays.
  const isOurs = sent.some(({ isGiven, patched }) => isGiven && patched !== undefined);
  if (isOurs) await probe.request('DELETE', `${probe.target.artifactsUrl}/${id}`);
  return sent;
}

async function send(
  probe: Probe,
  { what, bytes }: Piece,
  metadata: string | undefined,
): Promise<SentArtifact> {
  const file = bytes === undefined ? probe.payload(2000, what) : probe.literal(bytes);
  const posted = await probe.post(file.sizeBytes, { headers: { 'Upload-Metadata': metadata } });
  if (posted.answer?.status !== 201) return { what, posted };
  const upload = probe.uploadOf(posted, file.sizeBytes);
  return { what, posted, patched: await probe.patch(upload, 0, file.part(0, file.sizeBytes)) };
}
