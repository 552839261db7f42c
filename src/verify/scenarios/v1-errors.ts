import { Skip } from '../check.ts';
import { scenario } from '../scenario.ts';

/** Refusals, for the sake of what stands in them. */

const NOT_THERE = '00000000-0000-4000-8000-000000000001';
const nobody = { as: 'nobody' } as const;

export const refusedRequests = scenario({
  id: 'v1-refused-requests',
  does: 'asks GET and DELETE on artifacts that are not there, and, where a token is asked for, creates and asks without one',
  run: async (probe) => {
    const refused = [];
    for (const id of ['zzz', NOT_THERE]) {
      for (const method of ['GET', 'DELETE']) {
        refused.push(await probe.request(method, `${probe.target.artifactsUrl}/${id}`));
      }
    }
    if (probe.target.guarded !== 'creation') return { refused };
    const upload = await probe.create(10);
    refused.push(await probe.post(10, nobody));
    refused.push(await probe.patch(upload, 0, 'wrong', nobody));
    refused.push(await probe.request('GET', `${probe.target.artifactsUrl}/${NOT_THERE}`, nobody));
    return { refused };
  },
});

export const refusedByTus = scenario({
  id: 'v1-refused-by-tus',
  does: 'sends creations without a size and without metadata, chunks at a wrong offset, of a wrong type, too long and of another version, and one to an unknown upload',
  run: async (probe) => {
    const upload = await probe.create(10);
    const chunk = (offset: number, body: string, headers = {}) =>
      probe.patch(upload, offset, body, { headers });
    // Where it may be somebody's, the others are asked all the same.
    const unknown = await probe.unknownUpload(upload).catch(unlessSkipped);
    return {
      refused: [
        await probe.post(undefined),
        await probe.post(10, { headers: { 'Upload-Metadata': undefined } }),
        await chunk(5, 'wrong'),
        await chunk(0, 'wrong', { 'Content-Type': 'text/plain' }),
        await chunk(0, 'more than ten bytes'),
        await chunk(0, 'wrong', { 'Tus-Resumable': '0.0.1' }),
        ...(unknown === undefined ? [] : [await probe.patch(unknown, 0, 'wrong')]),
      ],
    };
  },
});

function unlessSkipped(thrown: unknown): undefined {
  if (!(thrown instanceof Skip)) throw thrown;
}
