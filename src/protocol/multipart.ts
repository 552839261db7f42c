import type { WireRequest } from './wire.ts';

/**
 * The same PATCH with its body as the file field `chunk` of multipart/form-data (chunked-uploads page, option A).
 * The boundary is 128 random bits, so that no video contains it; it is passed in to keep this a pure function.
 */
export function asMultipart(request: WireRequest, boundary: string): WireRequest {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="chunk"; filename="chunk"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    ...request,
    headers: { ...request.headers, 'Content-Type': `multipart/form-data; boundary=${boundary}` },
    body: [Buffer.from(head), ...(request.body ?? []), Buffer.from(`\r\n--${boundary}--\r\n`)],
  };
}
