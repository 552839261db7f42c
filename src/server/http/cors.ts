import { type Reply, type RequestHead, withAdded } from './exchange.ts';

/** What tus clients in browsers send and read (tus 1.0 and the Pulse Cam protocol). */
const requestHeaders =
  'Authorization, Content-Type, Tus-Resumable, Upload-Checksum, Upload-Concat, Upload-Defer-Length, Upload-Length, Upload-Metadata, Upload-Offset, X-HTTP-Method-Override, X-Requested-With, X-Upload-Token';
const answerHeaders =
  'Location, Protocol-Version, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Concat, Upload-Defer-Length, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset';

/**
 * The answer for pages of the one origin that is allowed (Fetch standard, CORS). Never with credentials: cookies
 * mean nothing here, and a token is sent by whoever has it.
 */
export function shared(reply: Reply, request: RequestHead, allowedOrigin: string | undefined): Reply {
  const { origin } = request.headers;
  if (allowedOrigin === undefined) return reply;
  const varied = withAdded(reply, { Vary: 'Origin' });
  if (origin === undefined || !isOf(allowedOrigin, origin)) return varied;
  return withAdded(varied, {
    'Access-Control-Allow-Origin': allowedOrigin === '*' ? '*' : origin,
    ...(isPreflight(request)
      ? {
          'Access-Control-Allow-Methods': 'GET, HEAD, POST, PATCH, DELETE, OPTIONS',
          'Access-Control-Allow-Headers': requestHeaders,
          'Access-Control-Max-Age': '86400',
        }
      : { 'Access-Control-Expose-Headers': answerHeaders }),
  });
}

/**
 * Whether a browser asks on behalf of a page of that origin what it may send (Fetch standard, CORS-preflight request).
 * It does so at every resource, also where OPTIONS is no method of the protocol, and any refusal ends the page's request.
 */
export function isAllowedPreflight(request: RequestHead, allowedOrigin: string | undefined): boolean {
  const { origin } = request.headers;
  return (
    allowedOrigin !== undefined && origin !== undefined && isOf(allowedOrigin, origin) && isPreflight(request)
  );
}

function isPreflight({ method, headers }: RequestHead): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function isOf(allowedOrigin: string, origin: string): boolean {
  return allowedOrigin === '*' || origin === allowedOrigin;
}
