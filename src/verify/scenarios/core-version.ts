import { scenario } from '../scenario.ts';

const WRONG = { headers: { 'Tus-Resumable': '0.0.9' } };

export const wrongVersion = scenario({
  id: 'wrong-version',
  does: 'announces Tus-Resumable 0.0.9 in POST, PATCH, HEAD and (where offered) DELETE, and asks whether anything moved',
  run: async (probe) => {
    const file = probe.payload(10);
    const posted = await probe.post(file.sizeBytes, WRONG);
    const upload = await probe.create(file.sizeBytes);
    const patched = await probe.patch(upload, 0, file.part(0, 5), WRONG);
    const headed = probe.target.headless === undefined ? await probe.head(upload, WRONG) : undefined;
    const isRemovable = probe.target.extensions.includes('termination');
    const deleted = isRemovable ? await probe.remove(upload, WRONG) : undefined;
    const after = await probe.currentOffset(upload);
    return { posted, patched, headed, deleted, after };
  },
});

export const noVersion = scenario({
  id: 'no-version',
  does: 'creates an upload without saying Tus-Resumable',
  run: async (probe) => ({ posted: await probe.post(10, { headers: { 'Tus-Resumable': undefined } }) }),
});

export const twoVersions = scenario({
  id: 'two-versions',
  does: 'creates an upload with two contradicting Tus-Resumable lines',
  run: async (probe) => {
    const posted = await probe.post(10, { headers: { 'Tus-Resumable': ['1.0.0', '0.0.9'] } });
    return { posted, alive: await probe.alive() };
  },
});

export const optionsVersions = scenario({
  id: 'options-versions',
  does: 'asks OPTIONS without a version and with Tus-Resumable 9.9.9',
  run: async (probe) => {
    const plain = await probe.options();
    const strange = await probe.options(probe.target.createUrl, { headers: { 'Tus-Resumable': '9.9.9' } });
    const created = await probe.post(10);
    return { plain, strange, created };
  },
});
