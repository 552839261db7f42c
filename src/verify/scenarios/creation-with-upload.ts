import { OFFSET_OCTET_STREAM } from '../../protocol/headers.ts';
import { headerOf, isSuccess } from '../answers.ts';
import { Skip } from '../check.ts';
import { smallerChunk } from '../chunk-size.ts';
import { type Payload, SMALL_FILE_BYTES } from '../payload.ts';
import type { Body } from '../probe/body.ts';
import type { Probe } from '../probe/probe.ts';
import type { RequestOptions } from '../probe/request.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { statedMaximum } from './creation-lengths.ts';
import { afterInvitation, type Invited } from './invitation.ts';

/** Creations that bring bytes of the file along. */

/** A creation with a body, and HEAD on the upload where it came to be. */
export interface Filled {
  readonly posted: Exchange;
  /** Absent where the creation was refused or named no place. */
  readonly headed?: Exchange;
}

const offered = ['offers creation-with-upload', 'head'] as const;

/** The options of a creation with these bytes of the file. */
function carrying(body: Body, type: string = OFFSET_OCTET_STREAM): RequestOptions {
  return { headers: { 'Content-Type': type }, body };
}

async function fill(probe: Probe, sizeBytes: number, options: RequestOptions): Promise<Filled> {
  const posted = await probe.post(sizeBytes, options);
  const isThere = isSuccess(posted) && headerOf(posted, 'Location') !== undefined;
  return isThere ? { posted, headed: await probe.head(probe.uploadOf(posted, sizeBytes)) } : { posted };
}

export const firstBytes = scenario({
  id: 'first-bytes-at-creation',
  does: 'creates an upload of 100 bytes with its first 5, and asks HEAD',
  needs: ['head'],
  run: async (probe) => fill(probe, 100, carrying(probe.payload(100).part(0, 5))),
});

export const wholeAtCreation = scenario({
  id: 'whole-file-at-creation',
  does: 'creates a small upload with all of its bytes, and reads them back',
  needs: offered,
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const filled = await fill(probe, file.sizeBytes, carrying(file.part(0, file.sizeBytes)));
    if (!isSuccess(filled.posted)) return filled;
    return { ...filled, content: await probe.content(probe.uploadOf(filled.posted, file.sizeBytes), file) };
  },
});

/** Odd sizes, so that nothing else of the run begins where the rest begins. */
const FIRST_BYTES = 100_001;
const ALL_BYTES = 3 * FIRST_BYTES + 3;

export const restAfterCreation = scenario({
  id: 'rest-after-creation',
  does: 'creates an upload of 300,006 bytes with its first 100,001, sends the rest in chunks as long, and reads it back',
  needs: offered,
  sendsBytes: ALL_BYTES,
  run: async (probe) => {
    const file = probe.payload(ALL_BYTES);
    const posted = await createdWith(probe, file, FIRST_BYTES);
    const upload = probe.uploadOf(posted, ALL_BYTES);
    // By HEAD and not by the answer: whether they agree is a question of its own.
    const finish = await probe.finish(upload, file, { chunkBytes: FIRST_BYTES });
    return { posted, finish, content: await probe.content(upload, file) };
  },
});

/** A creation with so many first bytes, or as many as the server takes in one body. */
async function createdWith(probe: Probe, file: Payload, firstBytes: number): Promise<Exchange> {
  const posted = await probe.post(file.sizeBytes, carrying(file.part(0, firstBytes)));
  const smaller = smallerChunk(posted, probe.target);
  return smaller === undefined ? posted : createdWith(probe, file, smaller);
}

export const oddBodies = scenario({
  id: 'odd-creation-bodies',
  does: 'creates an upload of 10 bytes with 5 of text/plain, one of 3 bytes with 5, and one of 5 bytes with none',
  needs: offered,
  run: async (probe) => {
    const file = probe.payload(10);
    return {
      otherType: await fill(probe, 10, carrying(file.part(0, 5), 'text/plain')),
      tooMuch: await fill(probe, 3, carrying(file.part(0, 5))),
      nothing: await fill(probe, 5, carrying('')),
    };
  },
});

/** Only the head of a creation that brings 5 bytes along; the body follows when the server asks for it. */
async function announced(probe: Probe, length: string, as?: RequestOptions['as']): Promise<Invited> {
  const options = carrying(probe.payload(10).part(0, 5));
  const headers = { ...options.headers, 'Upload-Length': length, Expect: '100-continue' };
  const held = { ...options, headers, stallAfterBytes: 0, ...(as && { as }) };
  return afterInvitation(
    probe,
    await probe.begin('POST', probe.target.createUrl, probe.postOptions(undefined, held)),
  );
}

export const invitedCreation = scenario({
  id: 'invited-creation',
  does: 'sends the head of a creation with Expect: 100-continue, waits up to 3 s to be asked for the 5 bytes, and sends them',
  needs: ['offers creation-with-upload'],
  run: async (probe) => announced(probe, '10'),
});

export const uninvitedCreation = scenario({
  id: 'uninvited-creation',
  does: 'sends the head of a creation above Tus-Max-Size, or else without a token, with Expect: 100-continue',
  needs: ['offers creation-with-upload'],
  run: async (probe) => {
    const { maxSize, guarded } = probe.target;
    if (maxSize !== undefined) return announced(probe, String(statedMaximum(probe) + 1n));
    if (guarded === 'creation') return announced(probe, '10', 'nobody');
    throw new Skip(
      'the server states no Tus-Max-Size and asks for no credential: it refuses nothing by its head',
    );
  },
});

const CUT_BYTES = 100_000;

export const cutCreation = scenario({
  id: 'cut-creation',
  does: 'resets the connection 5,000 bytes into a creation with 100,000, asks whether the server is there, and creates the upload again',
  needs: ['offers creation-with-upload'],
  run: async (probe) => {
    const body = probe.payload(CUT_BYTES).part(0, CUT_BYTES);
    const { createUrl } = probe.target;
    // The same metadata twice: where clients choose the ids, the first try must not take this one away for good.
    const { headers } = probe.postOptions(CUT_BYTES);
    const whole = { headers: { ...headers, 'Content-Type': OFFSET_OCTET_STREAM }, body };
    const cut = await probe.request('POST', createUrl, { ...whole, cut: { afterBytes: 5000, by: 'reset' } });
    const alive = await probe.alive();
    return { cut, alive, again: await probe.request('POST', createUrl, { ...(headers && { headers }) }) };
  },
});
