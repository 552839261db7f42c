import { isSuccess } from '../answers.ts';
import { artifactIdOf } from '../dialect.ts';
import type { Probe } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import type { Need } from '../target.ts';
import { afterRefusal } from './invitation.ts';
import { bringTo } from './trial.ts';
import { listedIn, mayEnd } from './v1-listed.ts';

/** Who may do what, in every phase of an upload of protocol v1. Every request is right in all but its credential. */

const guarded: readonly Need[] = ['token', 'guarded'];
const nobody = { as: 'nobody' } as const;
const wrong = { as: 'nobody', headers: { Authorization: 'Bearer pulse-verify-made-up-token' } } as const;

const base64 = (text: string) => Buffer.from(text).toString('base64');

const BEARER_BYTES = 1511;

export const bearerFlow = scenario({
  id: 'v1-bearer-flow',
  does: 'creates an upload, sends a part of it, asks for its offset and cancels it, with the token in Authorization: Bearer',
  needs: guarded,
  run: async (probe) => {
    const file = probe.payload(BEARER_BYTES);
    const posted = await probe.post(BEARER_BYTES);
    if (!isSuccess(posted)) return { posted };
    const upload = probe.uploadOf(posted, BEARER_BYTES);
    const patched = await probe.patch(upload, 0, file.part(0, 500));
    const headed = await probe.head(upload);
    return { posted, patched, headed, deleted: await probe.remove(upload) };
  },
});

/** A request of somebody who may not send it. */
export interface Intrusion {
  readonly who: string;
  readonly phase: 'POST' | 'HEAD' | 'PATCH' | 'DELETE of the artifact' | 'DELETE';
  readonly exchange: Exchange;
}

const PHASE_BYTES = 61;

export const everyPhase = scenario({
  id: 'v1-every-phase',
  does: 'sends POST, HEAD, PATCH, DELETE of the upload and DELETE of a finished artifact without a token and with a made-up one, then looks at both as their owner',
  needs: guarded,
  run: async (probe) => {
    const file = probe.payload(PHASE_BYTES);
    const upload = await probe.create(PHASE_BYTES);
    const finished = await probe.create(PHASE_BYTES);
    await bringTo(probe, finished, file, PHASE_BYTES);
    const artifact = artifactUrl(probe, finished);
    const before = await probe.request('GET', artifact);
    const tried: Intrusion[] = [];
    for (const [who, options] of [
      ['nobody', nobody],
      ['a made-up token', wrong],
    ] as const) {
      const on = async (phase: Intrusion['phase'], exchange: Promise<Exchange>) => {
        tried.push({ who, phase, exchange: await exchange });
      };
      await on('POST', probe.post(PHASE_BYTES, options));
      await on('HEAD', probe.head(upload, options));
      await on('PATCH', probe.patch(upload, 0, file.part(0, 5), options));
      await on('DELETE of the artifact', probe.request('DELETE', artifact, options));
      await on('DELETE', probe.remove(upload, options));
    }
    const after = await probe.currentOffset(upload);
    return { tried, after, before, still: await probe.request('GET', artifact), sha256: file.sha256() };
  },
});

export const everyChunk = scenario({
  id: 'v1-every-chunk',
  does: 'sends the first chunk with the token and the second one without',
  needs: guarded,
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(10);
    const first = await probe.patch(upload, 0, file.part(0, 5));
    const second = await probe.patch(upload, 5, file.part(5, 10), nobody);
    return { first, second, after: await probe.currentOffset(upload) };
  },
});

const NO_ID = 'pulse-verify-no-id';

export const noArtifactInUrl = scenario({
  id: 'v1-no-artifact-in-url',
  does: `sends HEAD and PATCH to the upload URL ${NO_ID}, with the token and without`,
  needs: guarded,
  run: async (probe) => {
    // A server that refuses everything would look right.
    const upload = await probe.create(10);
    const url = `${probe.target.createUrl}/${NO_ID}`;
    const asked: Exchange[] = [];
    for (const options of [{}, nobody] as const) {
      asked.push(await probe.head(url, options));
      asked.push(await probe.request('PATCH', url, probe.patchOptions(0, 'wrong', options)));
    }
    return { own: await probe.head(upload), asked };
  },
});

export const creationBodyOfNobody = scenario({
  id: 'v1-creation-body-of-nobody',
  does: 'sends the head of a creation that brings bytes, without a token, and the bytes only if no answer comes within 5 s',
  needs: guarded,
  run: async (probe) => {
    const options = probe.postOptions(10, {
      ...nobody,
      headers: { 'Content-Type': 'application/offset+octet-stream', Expect: '100-continue' },
    });
    const body = probe.payload(10).part(0, 10);
    const begun = await probe.begin('POST', probe.target.createUrl, { ...options, body, stallAfterBytes: 0 });
    return afterRefusal(probe, begun);
  },
});

export const playback = scenario({
  id: 'v1-playback',
  does: 'asks for a finished artifact with the right token in the query, with a wrong one there, and without any',
  needs: guarded,
  run: async (probe) => {
    const file = probe.payload(100);
    const upload = await probe.create(100);
    await bringTo(probe, upload, file, 100);
    const url = artifactUrl(probe, upload);
    const { owner = '' } = probe.tokens;
    const ask = (query: string) => probe.request('GET', `${url}${query}`, nobody);
    return {
      right: await ask(`?token=${encodeURIComponent(owner)}`),
      wrong: await ask('?token=pulse-verify-made-up-token'),
      none: await ask(''),
    };
  },
});

export const optionsOfAll = scenario({
  id: 'v1-options-of-all',
  does: 'sends OPTIONS to where uploads are created, with the token and without',
  needs: guarded,
  run: async (probe) => ({
    asked: [await probe.options(), await probe.options(probe.target.createUrl, nobody)],
  }),
});

const RELATED_BYTES = 1019;

export const relatedUpload = scenario({
  id: 'v1-related-upload',
  does: 'creates captions that are related to the artifact of the token, sends them, asks for their offset and for them',
  needs: [...guarded, 'artifact'],
  run: async (probe) => {
    const capabilities = await probe.request('GET', probe.target.aliveUrl);
    const isListed = listedIn(capabilities).includes('captions') && mayEnd(capabilities, 'captions', '.vtt');
    const file = isListed
      ? probe.literal('WEBVTT\n\n'.padEnd(RELATED_BYTES, 'NOTE of the tester\n'))
      : probe.payload(RELATED_BYTES);
    const name = probe.fileName().replace(/\.mp4$/, isListed ? '.vtt' : '.mp4');
    const related = [
      ['artifactId', artifactIdOf(name)],
      ['filename', name],
      ['kind', isListed ? 'captions' : 'video'],
      ['relatedTo', probe.artifacts.owner ?? ''],
    ].map(([key, value]) => `${key} ${base64(value ?? '')}`);
    const posted = await probe.post(RELATED_BYTES, {
      headers: { 'Upload-Metadata': related.join(',') },
    });
    if (!isSuccess(posted)) return { posted };
    const upload = probe.uploadOf(posted, RELATED_BYTES);
    const patched = await probe.patch(upload, 0, file.part(0, RELATED_BYTES));
    const headed = await probe.head(upload);
    return { posted, patched, headed, gotten: await probe.request('GET', artifactUrl(probe, upload)) };
  },
});

/** Where the upload of the second token stands. */
export const VICTIM_OFFSET = 3;

export const relationClaimed = scenario({
  id: 'v1-relation-claimed',
  does: 'creates, with the first token, an artifact that the second one has begun, as if it were related to an own one, and sends a chunk to it',
  needs: ['head', ...guarded, 'second-token', 'bound-tokens'],
  run: async (probe) => {
    const victim = await begunByStranger(probe);
    const before = await probe.head(victim, { as: 'stranger' });
    const own = probe.artifacts.owner ?? artifactOf(await probe.create(10));
    const pairs = `artifactId ${base64(artifactOf(victim))},relatedTo ${base64(own)}`;
    const posted = await probe.post(10, { headers: { 'Upload-Metadata': probe.metadata(pairs) } });
    const patched = await probe.patch(victim, VICTIM_OFFSET, 'wrong');
    return { before, posted, patched, after: await probe.head(victim, { as: 'stranger' }) };
  },
});

/** An upload of the second token, with a few bytes. Throws Blocked where it cannot be made. */
export async function begunByStranger(probe: Probe): Promise<Upload> {
  const victim = await probe.create(10, { as: 'stranger' });
  await probe.patch(victim, 0, probe.payload(10, 'victim').part(0, VICTIM_OFFSET), { as: 'stranger' });
  return victim;
}

function artifactUrl(probe: Probe, upload: Upload): string {
  return `${probe.target.artifactsUrl}/${artifactOf(upload)}`;
}

/** The id that the creation named. */
export function artifactOf({ filename }: Upload): string {
  return artifactIdOf(filename);
}
