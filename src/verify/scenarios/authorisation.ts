import type { Probe } from '../probe/probe.ts';
import type { RequestOptions } from '../probe/request.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import type { Need } from '../target.ts';
import { afterRefusal } from './invitation.ts';

/** What a protected server says to requests that are right in everything but the credential. */

const SIZE_BYTES = 10;
const guarded: readonly Need[] = ['token', 'guarded'];
const nobody = { as: 'nobody' } as const;

/** Does not need `guarded`: whether the creation is guarded is the question. */
export const creationByNobody = scenario({
  id: 'creation-by-nobody',
  does: 'creates an upload without a credential',
  needs: ['token'],
  run: async (probe) => ({ posted: await probe.post(SIZE_BYTES, nobody) }),
});

export const requestsByNobody = scenario({
  id: 'requests-by-nobody',
  does: 'creates an upload as its owner, and sends HEAD, PATCH and (where offered) DELETE without a credential',
  needs: guarded,
  run: async (probe) => {
    const file = probe.payload(SIZE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const headed = await probe.head(upload, nobody);
    const patched = await probe.patch(upload, 0, file.part(0, 5), nobody);
    const afterPatch = await probe.currentOffset(upload);
    const unknown = await probe.head(probe.unknownUrl(upload), nobody);
    const isRemovable = probe.target.extensions.includes('termination');
    const deleted = isRemovable ? await probe.remove(upload, nobody) : undefined;
    const afterDelete = deleted && (await probe.currentOffset(upload));
    return {
      headed,
      unknown,
      patched,
      afterPatch,
      ...(deleted && { deleted }),
      ...(afterDelete && { afterDelete }),
    };
  },
});

/** A request with a credential that is not the right one. */
export interface Pretence {
  readonly what: string;
  readonly exchange: Exchange;
}

export const EMPTY_TOKEN = 'an empty token';

export const wrongTokens = scenario({
  id: 'wrong-tokens',
  does: 'sends POST, HEAD, PATCH and (where offered) DELETE with a made-up token, an empty one, the right one with a character behind it, and the second one',
  needs: guarded,
  run: async (probe) => {
    const upload = await probe.create(SIZE_BYTES);
    const { owner = '', stranger } = probe.tokens;
    const wrong = {
      'a made-up token': 'pulse-verify-made-up-token',
      [EMPTY_TOKEN]: '',
      'the token with a character behind it': `${owner}x`,
    };
    const tried: Pretence[] = [];
    const tryOn = (what: string, exchanges: readonly Exchange[]) =>
      tried.push(...exchanges.map((exchange) => ({ what, exchange })));
    for (const [what, token] of Object.entries(wrong)) {
      const options = withToken(probe, token);
      tryOn(what, [await probe.post(SIZE_BYTES, options), ...(await onUpload(probe, upload, options))]);
    }
    // Its owner may create uploads of his own, so only those of others are tried.
    if (stranger !== undefined) {
      tryOn('the second token', await onUpload(probe, upload, { as: 'stranger' }));
    }
    return { tried, after: await probe.currentOffset(upload) };
  },
});

export const schemes = scenario({
  id: 'authorization-schemes',
  does: 'creates uploads with the scheme written bearer and BEARER, as Basic, and without a scheme',
  needs: guarded,
  run: async (probe) => {
    const token = probe.tokens.owner ?? '';
    const post = (value: string) => probe.post(SIZE_BYTES, { ...nobody, headers: { Authorization: value } });
    return {
      otherCase: [await post(`bearer ${token}`), await post(`BEARER ${token}`)],
      otherScheme: [await post(`Basic ${token}`), await post(token)],
    };
  },
});

export const tokenInQuery = scenario({
  id: 'token-in-query',
  does: 'creates an upload with the token in the query instead of the header',
  needs: guarded,
  run: async (probe) => {
    const url = new URL(probe.target.createUrl);
    url.searchParams.set('token', probe.tokens.owner ?? '');
    return { posted: await probe.request('POST', url.href, probe.postOptions(SIZE_BYTES, nobody)) };
  },
});

export const refusedBeforeBodyByNobody = scenario({
  id: 'body-of-nobody',
  does: 'sends the head of a PATCH without a credential, and the body only if no answer comes within 5 s',
  needs: guarded,
  run: async (probe) => {
    const file = probe.payload(SIZE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const options = probe.patchOptions(0, file.part(0, SIZE_BYTES), {
      ...nobody,
      headers: { Expect: '100-continue' },
    });
    const begun = await probe.begin('PATCH', upload.url, { ...options, stallAfterBytes: 0 });
    return afterRefusal(probe, begun);
  },
});

/** The same questions about an upload of somebody else and about none. */
export const enumeration = scenario({
  id: 'existing-or-not',
  does: 'asks HEAD on an upload that exists and on one that does not, without a credential and with the second one',
  needs: guarded,
  run: async (probe) => {
    const upload = await probe.create(SIZE_BYTES);
    const unknown = probe.unknownUrl(upload);
    const strangers = probe.tokens.stranger === undefined ? [nobody] : [nobody, { as: 'stranger' } as const];
    const pairs: { readonly existing: Exchange; readonly missing: Exchange }[] = [];
    for (const who of strangers) {
      pairs.push({ existing: await probe.head(upload, who), missing: await probe.head(unknown, who) });
    }
    return { pairs };
  },
});

function withToken({ target }: Probe, token: string): RequestOptions {
  const headers =
    target.protocol === 'pulse' ? { 'X-Upload-Token': token } : { Authorization: `Bearer ${token}` };
  return { ...nobody, headers };
}

async function onUpload(probe: Probe, upload: Upload, options: RequestOptions): Promise<readonly Exchange[]> {
  const made = [await probe.head(upload, options), await probe.patch(upload, 0, 'wrong', options)];
  return probe.target.extensions.includes('termination')
    ? [...made, await probe.remove(upload, options)]
    : made;
}
