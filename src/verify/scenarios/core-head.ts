import { SMALL_FILE_BYTES } from '../payload.ts';
import { scenario } from '../scenario.ts';

export const headsInARow = scenario({
  id: 'heads-in-a-row',
  does: 'asks HEAD ten times on an upload of which 4 bytes are there, then finishes it and reads it back',
  needs: ['head'],
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const first = await probe.patch(upload, 0, file.part(0, 4));
    const heads = [];
    for (let round = 0; round < 10; round++) heads.push(await probe.head(upload));
    const finish = await probe.finish(upload, file);
    return { first, heads, finish, content: await probe.content(upload, file) };
  },
});

export const conditionalHead = scenario({
  id: 'conditional-head',
  does: 'asks HEAD with If-None-Match: * and with If-Modified-Since of tomorrow, when 4 of 10 bytes are there',
  needs: ['head'],
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(file.sizeBytes);
    const patched = await probe.patch(upload, 0, file.part(0, 4));
    const tomorrow = new Date(Date.now() + 86_400_000).toUTCString();
    const noneMatch = await probe.head(upload, { headers: { 'If-None-Match': '*' } });
    const modifiedSince = await probe.head(upload, { headers: { 'If-Modified-Since': tomorrow } });
    return { patched, noneMatch, modifiedSince };
  },
});

export const unknownHead = scenario({
  id: 'unknown-head',
  does: 'asks HEAD on an upload URL that the server has never given out',
  needs: ['head'],
  run: async (probe) => {
    const upload = await probe.create(10);
    return { asked: await probe.head(probe.unknownUrl(upload)) };
  },
});

export const otherSpellings = scenario({
  id: 'head-other-spellings',
  does: 'asks HEAD on the upload URL with a slash and with a query behind it',
  needs: ['head'],
  run: async (probe) => {
    const upload = await probe.create(10);
    return {
      slash: await probe.head(`${upload.url}/`),
      query: await probe.head(`${upload.url}?x=1`),
    };
  },
});

/** How long stray bytes behind an answer are waited for. */
const STRAY_MS = 300;

/** HEAD, a pause, and a second request over the same connection: what a HEAD answer must not have would be seen. */
const headTwice = (id: string, does: string, isKnown: boolean) =>
  scenario({
    id,
    does,
    needs: ['head'],
    run: async (probe) => {
      const upload = await probe.create(10);
      const url = new URL(isKnown ? upload.url : probe.unknownUrl(upload));
      const request = { method: 'HEAD', url, headers: { 'Tus-Resumable': '1.0.0' } };
      const link = await probe.open();
      const first = await link.send(request);
      const stray = await link.stray(STRAY_MS);
      const second = stray.peer === 'open' ? await link.send(request) : undefined;
      link.close();
      return { first, stray, second };
    },
  });

export const headOnKeptConnection = headTwice(
  'head-on-kept-connection',
  'asks HEAD over a raw connection, waits for stray bytes, and asks again over the same one',
  true,
);

export const unknownHeadOnKeptConnection = headTwice(
  'unknown-head-on-kept-connection',
  'the same for an upload that does not exist',
  false,
);
