import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Outcome, SendConditions } from '../protocol/wire.ts';

/** Answers of these protocols are a few hundred bytes; what is longer than this is no answer. */
const MAX_ANSWER_BYTES = 256 * 1024;

type TakeBytes = NonNullable<SendConditions['onAnswerBytes']>;

/** Content may take longer than an answer, so each piece of it counts as progress. */
export function handedOn({ onAnswerBytes }: SendConditions, onProgress: () => void): TakeBytes | undefined {
  if (onAnswerBytes === undefined) return undefined;
  return (bytes, beforeBytes) => {
    onProgress();
    return onAnswerBytes(bytes, beforeBytes);
  };
}

/** The whole answer, or why it is none. Rejects where it breaks off. */
export async function readAnswer(response: IncomingMessage, take: TakeBytes | undefined): Promise<Outcome> {
  const { statusCode = 0 } = response;
  const isHandedOn = take !== undefined && statusCode >= 200 && statusCode < 300;
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  // Listeners, not `for await`: an iterator per answer costs more than the answer.
  response.on('data', (part: Uint8Array) => {
    const wantsMore = !isHandedOn || take(part, sizeBytes);
    sizeBytes += part.byteLength;
    if (!wantsMore) response.destroy(new Enough());
    if (isHandedOn) return;
    if (sizeBytes > MAX_ANSWER_BYTES) response.destroy(new AnswerTooLong());
    parts.push(part);
  });
  try {
    await once(response, 'end');
  } catch (error) {
    if (error instanceof AnswerTooLong) {
      const detail = `the answer (status ${response.statusCode}) is longer than ${MAX_ANSWER_BYTES} bytes`;
      return { kind: 'break', cause: 'too-long', detail, delivered: true };
    }
    if (!(error instanceof Enough)) throw error;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return { kind: 'answer', status: response.statusCode ?? 0, headers, body: Buffer.concat(parts) };
}

class AnswerTooLong extends Error {}

/** Who takes the body wants no more of it. */
class Enough extends Error {}
