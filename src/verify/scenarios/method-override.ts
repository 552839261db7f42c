import type { Probe } from '../probe/probe.ts';
import type { RequestOptions } from '../probe/request.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { trialOf } from './trial.ts';

/** POST to an upload URL that means another method. */
function postAs(
  probe: Probe,
  upload: Upload,
  method: string,
  options: RequestOptions = {},
): Promise<Exchange> {
  return probe.request('POST', upload.url, {
    ...options,
    headers: { 'Tus-Resumable': '1.0.0', ...options.headers, 'X-HTTP-Method-Override': method },
  });
}

export const postAsPatch = scenario({
  id: 'post-as-patch',
  does: 'sends a chunk by POST with X-HTTP-Method-Override: PATCH',
  run: async (probe) => {
    const chunk = probe.payload(5).part(0, 5);
    const upload = await probe.create(10);
    return {
      patched: await trialOf(probe, upload, 0, () =>
        postAs(probe, upload, 'PATCH', probe.patchOptions(0, chunk)),
      ),
    };
  },
});

export const postAsHead = scenario({
  id: 'post-as-head',
  does: 'sends POST with X-HTTP-Method-Override: HEAD to an upload URL',
  run: async (probe) => {
    const upload = await probe.create(10);
    return { headed: await postAs(probe, upload, 'HEAD') };
  },
});

export const postAsDelete = scenario({
  id: 'post-as-delete',
  does: 'sends POST with X-HTTP-Method-Override: DELETE to an upload URL, and asks whether the upload is gone',
  needs: ['termination', 'head'],
  run: async (probe) => {
    const upload = await probe.create(10);
    const deleted = await postAs(probe, upload, 'DELETE');
    return { deleted, after: await probe.head(upload) };
  },
});

export const postAsNonsense = scenario({
  id: 'post-as-nonsense',
  does: 'sends POST with X-HTTP-Method-Override: F00 to an upload URL',
  run: async (probe) => {
    const upload = await probe.create(10);
    return { posted: await postAs(probe, upload, 'F00'), alive: await probe.alive() };
  },
});

/** The same chunk by PATCH tells whether PATCH asks for a credential at all. */
export const postAsPatchByNobody = scenario({
  id: 'post-as-patch-by-nobody',
  does: 'sends a chunk without a credential, by PATCH and by POST with X-HTTP-Method-Override: PATCH',
  needs: ['token', 'guarded'],
  run: async (probe) => {
    const chunk = probe.payload(5).part(0, 5);
    const plainly = await probe.create(10);
    const refused = await probe.patch(plainly, 0, chunk, { as: 'nobody' });
    const upload = await probe.create(10);
    const bypass = await trialOf(probe, upload, 0, () =>
      postAs(probe, upload, 'PATCH', { ...probe.patchOptions(0, chunk), as: 'nobody' }),
    );
    return { refused, bypass };
  },
});
