import { jsonOf } from '../answers.ts';
import { Skip } from '../check.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';

/** What a v1 server says of itself, and whether it keeps to it. */

const askFor = (probe: Probe, headers: Readonly<Record<string, string>> = {}) =>
  probe.request('GET', probe.target.aliveUrl, { as: 'nobody', headers });

export const capabilitiesAsked = scenario({
  id: 'v1-capabilities',
  does: 'asks for the capabilities without a credential, with a senseless one, and once more',
  needsNoUpload: true,
  run: async (probe) => ({
    open: await askFor(probe),
    garbage: await askFor(probe, { Authorization: 'Bearer senseless' }),
    again: await askFor(probe),
  }),
});

export const statedMaximum = scenario({
  id: 'v1-stated-maximum',
  does: 'declares an upload of exactly maxUploadSize, and one of a byte more, and sends nothing',
  needs: ['intrusive'],
  run: async (probe) => {
    const capabilities = await askFor(probe);
    const most = jsonOf(capabilities)?.maxUploadSize;
    if (typeof most !== 'number' || !Number.isSafeInteger(most + 1))
      throw new Skip(`maxUploadSize is ${JSON.stringify(most)}`);
    return { most, atMost: await probe.post(most), above: await probe.post(most + 1) };
  },
});

export interface NamedExchange {
  readonly what: string;
  readonly exchange: Exchange;
}

export const answersOfAllKinds = scenario({
  id: 'v1-answers-of-all-kinds',
  does: 'creates, sends, asks and removes, is refused in several ways, and asks for what is not there',
  run: async (probe) => {
    const file = probe.payload(20);
    const created = await probe.post(file.sizeBytes);
    const upload = probe.uploadOf(created, file.sizeBytes);
    const named: NamedExchange[] = [{ what: 'POST', exchange: created }];
    const note = (what: string, exchange: Exchange) => named.push({ what, exchange });
    note('PATCH', await probe.patch(upload, 0, file.part(0, 10)));
    note('HEAD', await probe.head(upload));
    note('PATCH at another offset', await probe.patch(upload, 3, file.part(0, 2)));
    note('POST without metadata', await probe.post(1, { headers: { 'Upload-Metadata': undefined } }));
    note('HEAD of an unknown upload', await probe.head(probe.unknownUrl(upload)));
    note('GET of an unknown artifact', await probe.request('GET', unknownArtifact(probe)));
    note('DELETE', await probe.remove(upload));
    const nowhere = probe.target.aliveUrl.replace(/capabilities$/, 'nope');
    return {
      capabilities: await askFor(probe),
      named,
      unknownRoute: await probe.request('GET', nowhere),
    };
  },
});

function unknownArtifact(probe: Probe): string {
  return `${probe.target.artifactsUrl}/00000000-0000-4000-8000-000000000000`;
}
