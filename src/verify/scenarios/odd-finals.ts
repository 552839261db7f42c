import { OFFSET_OCTET_STREAM } from '../../protocol/headers.ts';
import { isSuccess } from '../answers.ts';
import { Skip } from '../check.ts';
import type { Probe } from '../probe/probe.ts';
import { scenario } from '../scenario.ts';
import { inOrder, joinedAs, joining, joinNeeds, partOf } from './concatenation.ts';
import { bringTo } from './trial.ts';

/** Final uploads that should not be, or not like this. */

const twoParts = async (probe: Probe) => [
  (await partOf(probe, 'hello')).url,
  (await partOf(probe, ' world')).url,
];

export const oddFinals = scenario({
  id: 'odd-finals',
  does: 'joins parts with a length of 999, with a part that does not exist, with an ordinary upload, and with none',
  needs: joinNeeds,
  run: async (probe) => {
    const withLength = await joining(probe, await twoParts(probe), { headers: { 'Upload-Length': '999' } });
    const part = await partOf(probe, 'hello');
    const unknown = await joining(probe, [part.url, probe.unknownUrl(part)]);
    const file = probe.literalFile('hello');
    const ordinary = await probe.create(file.sizeBytes);
    await bringTo(probe, ordinary, file, file.sizeBytes);
    return {
      withLength: await joinedAs(probe, withLength, inOrder),
      unknown,
      ordinary: await joinedAs(probe, await joining(probe, [ordinary.url]), ['hello']),
      empty: await joining(probe, []),
    };
  },
});

export const finalWithBody = scenario({
  id: 'final-with-body',
  does: 'joins two parts in a creation that carries 5 bytes of its own',
  needs: [...joinNeeds, 'offers creation-with-upload'],
  run: async (probe) => {
    const headers = { 'Content-Type': OFFSET_OCTET_STREAM };
    const created = await joining(probe, await twoParts(probe), { headers, body: 'extra' });
    return joinedAs(probe, created, inOrder);
  },
});

export const oddConcats = scenario({
  id: 'odd-concats',
  does: 'creates uploads with Upload-Concat foo, Partial and final',
  needs: joinNeeds,
  run: async (probe) => {
    const tries = [];
    for (const value of ['foo', 'Partial', 'final']) {
      const created = await probe.post(5, { headers: { 'Upload-Concat': value } });
      const head = isSuccess(created) ? await probe.head(probe.uploadOf(created, 5)) : undefined;
      tries.push({ value, created, ...(head && { head }) });
    }
    return { tries };
  },
});

export const strangersFinal = scenario({
  id: 'strangers-final',
  does: 'joins a part of the owner with the second token',
  needs: [...joinNeeds, 'second-token'],
  run: async (probe) => {
    const part = await partOf(probe, 'hello');
    return { created: await joining(probe, [part.url], { as: 'stranger' }) };
  },
});

const MOST_BYTES = 64 * 1024 * 1024;

export const joinedBeyondMaximum = scenario({
  id: 'joined-beyond-maximum',
  does: 'sends two parts of a little more than half of Tus-Max-Size each, and joins them',
  needs: [...joinNeeds, 'max-size', 'intrusive'],
  sendsBytes: MOST_BYTES,
  run: async (probe) => {
    const most = Number(probe.target.maxSize);
    if (!(most <= MOST_BYTES)) throw new Skip(`Tus-Max-Size is ${probe.target.maxSize}: too much to send`);
    const size = Math.floor(most / 2) + 1;
    const urls: string[] = [];
    for (const name of ['a', 'b']) {
      const part = await probe.create(size, { headers: { 'Upload-Concat': 'partial' } });
      await bringTo(probe, part, probe.payload(size, name), size);
      urls.push(part.url);
    }
    return { created: await joining(probe, urls) };
  },
});
