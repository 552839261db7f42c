import { type Exchange, type Reply, refusal } from './exchange.ts';

/** Reads a small body whole; a reply where it is too long, or does not come. */
export async function readText(
  exchange: Exchange,
  limits: { readonly longestBytes: number; readonly idleMs: number },
): Promise<string | Reply> {
  const { body, request, noted } = exchange;
  const tooLong = refusal(413, `the body is longer than ${limits.longestBytes} bytes`);
  if ((request.bodyBytes ?? 0) > limits.longestBytes) return tooLong;
  exchange.invite();
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const idle = setTimeout(() => settle(refusal(408, 'the body stopped coming')), limits.idleMs);
    const settle = (result: string | Reply) => {
      clearTimeout(idle);
      body.ignore();
      resolve(result);
    };
    body.listen({
      data(piece) {
        idle.refresh();
        pieces.push(piece);
        noted.receivedBytes += piece.length;
        if (noted.receivedBytes > limits.longestBytes) settle(tooLong);
      },
      end: () => settle(Buffer.concat(pieces).toString('utf8')),
      broken: () => settle(refusal(400, 'the connection broke inside the body')),
    });
  });
}
