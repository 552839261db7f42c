import { jsonOf } from '../answers.ts';
import { scenario } from '../scenario.ts';

/** What stands beside the protocol on old PulseVault servers. */

export const deepLink = scenario({
  id: 'pulse-deep-link',
  does: 'asks for a link at /qr/deeplink, and has its token and a wrong one verified at /qr/verify',
  run: async (probe) => {
    const { server } = probe.target;
    const query = new URLSearchParams({ userId: 'pulse-verify', server });
    const minted = await probe.request('GET', `${server}/qr/deeplink?${query}`);
    const verified = (token: string) =>
      probe.request('POST', `${server}/qr/verify`, {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ token }),
      });
    const token = tokenOf(jsonOf(minted)?.deeplink);
    // It may be good for uploads, and recordings are shown to others.
    if (token !== undefined) probe.hide({ label: '<minted-token>', value: token });
    return {
      minted,
      bad: await verified('pulse-verify-no-such-token'),
      ...(token !== undefined && { good: await verified(token) }),
    };
  },
});

const ORIGIN = 'https://pulse-verify.test';

export const crossOrigin = scenario({
  id: 'pulse-cross-origin',
  does: 'asks as a browser on another site would: a preflight for a chunk, then a creation',
  run: async (probe) => ({
    preflight: await probe.options(probe.target.createUrl, {
      headers: {
        Origin: ORIGIN,
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'content-type,tus-resumable,upload-offset,x-upload-token',
      },
    }),
    created: await probe.post(10, { headers: { Origin: ORIGIN } }),
  }),
});

function tokenOf(link: unknown): string | undefined {
  if (typeof link !== 'string' || !URL.canParse(link)) return undefined;
  return new URL(link).searchParams.get('token') ?? undefined;
}
