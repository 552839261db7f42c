import { isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { Blocked } from '../check.ts';
import { smallerChunk } from '../chunk-size.ts';
import type { Payload } from '../payload.ts';
import type { FinishOptions } from '../probe/finish.ts';
import type { KnownOffset } from '../probe/offsets.ts';
import type { Probe } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';

/** A request with something strange about it, and where the upload stood before and afterwards. */
export interface Trial {
  readonly beforeBytes: number;
  readonly exchange: Exchange;
  readonly after: KnownOffset;
}

/** Sends the request, and asks where the upload stands: patiently, if the connection broke over it. */
export async function trialOf(
  probe: Probe,
  upload: Upload,
  beforeBytes: number,
  send: () => Promise<Exchange>,
): Promise<Trial> {
  const exchange = await send();
  const after = await (exchange.answer ? probe.currentOffset(upload) : probe.settle(upload));
  return { beforeBytes, exchange, after };
}

/** How to go on where the last of these chunks was refused as too long: a server may have kept its beginning. */
export async function behindTooLong(
  probe: Probe,
  upload: Upload,
  patches: readonly Exchange[],
): Promise<{ readonly mostBytes: number; readonly offsetBytes: number | undefined } | undefined> {
  const last = patches.at(-1);
  const mostBytes = last && smallerChunk(last, probe.target, patches);
  if (mostBytes === undefined) return undefined;
  return { mostBytes, offsetBytes: (await probe.settle(upload)).bytes };
}

/**
 * Brings an upload to an offset as its set-up, however little of each chunk, or of a body, the server takes.
 * Throws Blocked where it takes nothing.
 */
export async function bringTo(
  probe: Probe,
  upload: Upload,
  file: Pick<Payload, 'part'>,
  offsetBytes: number,
): Promise<void> {
  const patches: Exchange[] = [];
  let at = 0;
  let mostBytes = offsetBytes;
  while (at < offsetBytes) {
    const patched = await probe.patch(upload, at, file.part(at, Math.min(at + mostBytes, offsetBytes)));
    patches.push(patched);
    const tooLong = await behindTooLong(probe, upload, patches);
    if (tooLong !== undefined) {
      mostBytes = tooLong.mostBytes;
      at = tooLong.offsetBytes ?? at;
      continue;
    }
    const accepted = isSuccess(patched) ? offsetOf(patched) : undefined;
    if (accepted === undefined || accepted <= at) {
      throw new Blocked(`the upload could not be brought to ${offsetBytes}: ${outcomeOf(patched)}`, [
        patched,
      ]);
    }
    at = accepted;
  }
}

/** Where to go on from: what the server has just said, or what it will say when it is asked. */
export function goingOnFrom({ bytes, exchanges }: KnownOffset): Pick<FinishOptions, 'from' | 'saidBy'> {
  return bytes === undefined ? {} : { from: bytes, saidBy: exchanges };
}
