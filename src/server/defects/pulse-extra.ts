import { json } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { completed } from './asking.ts';
import { answering, filtering, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const LINK =
  'pulsecam://?mode=upload&draftId=0b7f6e0a-8f2e-4c1e-9a55-5b0e6b1f2c3d&server=http%3A%2F%2F127.0.0.1%3A8080&token=minted';

export const pulseExtraDefects: readonly Defect[] = [
  {
    id: 'deep-link-twice-different',
    says: 'Mints another link for the QR code than for the button.',
    breaks: ['pulse.extra.qr-deeplink'],
    behaviour: () => vault({ deeplink: LINK, qrData: LINK.replace('minted', 'other') }),
  },
  {
    id: 'deep-link-without-token',
    says: 'Mints links without a token.',
    breaks: ['pulse.extra.qr-link-shape'],
    behaviour: () =>
      vault({ deeplink: LINK.replace('&token=minted', ''), qrData: LINK.replace('&token=minted', '') }),
  },
  {
    id: 'verify-believes-anything',
    says: 'Calls every token valid.',
    breaks: ['pulse.extra.qr-verify'],
    behaviour: () => vault({ deeplink: LINK, qrData: LINK }, () => true),
  },
  {
    id: 'cors-without-expose',
    says: 'Allows browsers to upload, but hides Location and Upload-Offset from them.',
    breaks: ['pulse.extra.cors', 'core.options.cors-expose'],
    source: 'https://github.com/tus/tus-node-server/issues/42',
    behaviour: () => crossOrigin({}),
  },
];

/** Right, and rare: an old PulseVault that also serves browsers on other sites. */
export function vaultForBrowsers(): Behaviour {
  const [links, headers] = [vault(), crossOrigin()];
  return filtering((exchange, next, parts) => {
    const inner: typeof next = (changed) =>
      links.filter?.({ ...exchange, ...changed }, (more) => next({ ...changed, ...more }), parts) ??
      next(changed);
    return headers.filter?.(exchange, inner, parts) ?? inner();
  });
}

/** Links for the app, and whether a token is good. */
function vault(
  minted: Readonly<Record<string, string>> = { deeplink: LINK, qrData: LINK },
  isValid = (text: string) => text.includes('"minted"'),
): Behaviour {
  return filtering(async (exchange, next, parts) => {
    const { method, path } = exchange.request;
    if (method === 'GET' && path === '/qr/deeplink') return completed(json(200, minted), parts);
    if (method !== 'POST' || path !== '/qr/verify') return next();
    const text = await textOf(exchange.body);
    const valid = isValid(text);
    return completed(json(valid ? 200 : 401, { valid }), parts);
  });
}

/** The CORS headers of the documents; `exposed` are those that answers add. */
function crossOrigin(
  exposed: Readonly<Record<string, string>> = {
    'Access-Control-Expose-Headers': 'Location, Upload-Offset, Upload-Length, Tus-Resumable',
  },
): Behaviour {
  return answering(
    ({ exchange }) => exchange.request.headers.origin !== undefined,
    (reply, { request }) =>
      withHeaders(reply, {
        'Access-Control-Allow-Origin': '*',
        ...(request.method === 'OPTIONS'
          ? {
              'Access-Control-Allow-Methods': 'POST, PATCH, HEAD, DELETE, OPTIONS',
              'Access-Control-Allow-Headers':
                'Content-Type, Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, X-Upload-Token',
            }
          : exposed),
      }),
  );
}

function textOf(body: { listen: (listener: Listener) => void }): Promise<string> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const done = () => resolve(Buffer.concat(pieces).toString());
    body.listen({ data: (piece) => pieces.push(piece), end: done, broken: done });
  });
}

interface Listener {
  readonly data: (piece: Buffer) => void;
  readonly end: () => void;
  readonly broken: () => void;
}
