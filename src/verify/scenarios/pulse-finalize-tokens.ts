import type { FinalizeOptions } from '../probe/uploads.ts';
import { scenario } from '../scenario.ts';
import { finalizeWhole, wholeUpload } from './pulse-finalize.ts';

/** The token travels in a header and in the body; requests are otherwise valid, so that nothing else is refused. */

const WRONG = 'pulse-verify-no-such-token';
const inHeader: FinalizeOptions = { fields: { uploadToken: undefined } };
const inBody: FinalizeOptions = { headers: { 'X-Upload-Token': undefined } };
const nowhere: FinalizeOptions = { ...inHeader, ...inBody };
const wrongInBoth: FinalizeOptions = {
  headers: { 'X-Upload-Token': WRONG },
  fields: { uploadToken: WRONG },
};

export const finalizeTokens = scenario({
  id: 'finalize-tokens',
  does: 'finalizes uploads with the token in the header, in the body, contradicting, missing and wrong; after each refusal with the right one',
  needs: ['token'],
  run: async (probe) => {
    const refusable = async (options: FinalizeOptions) => {
      const { upload } = await wholeUpload(probe);
      return { refused: await probe.finalize(upload, options), retried: await probe.finalize(upload) };
    };
    return {
      header: (await finalizeWhole(probe, inHeader)).exchange,
      body: (await finalizeWhole(probe, inBody)).exchange,
      badHeader: (await finalizeWhole(probe, { headers: { 'X-Upload-Token': WRONG } })).exchange,
      badBody: (await finalizeWhole(probe, { fields: { uploadToken: WRONG } })).exchange,
      missing: await refusable(nowhere),
      wrong: await refusable(wrongInBoth),
    };
  },
});

export const foreignFinalize = scenario({
  id: 'finalize-foreign',
  does: 'finalizes an upload of the first token with the second one',
  needs: ['token', 'second-token'],
  run: async (probe) => ({ crossed: (await finalizeWhole(probe, { as: 'stranger' })).exchange }),
});
