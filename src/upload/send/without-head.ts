import type { Chunk } from '../../protocol/protocol.ts';
import { errorOf, type Fault, mayHaveActed } from '../faults.ts';
import { afterRepeat } from './chunk-checks.ts';
import { endOf, type Sending } from './sending.ts';

/** Nothing says what became of the chunk: it is sent again, unchanged, and the content is at risk. */
export function repeatWithoutHead(sending: Sending, chunk: Chunk, fault: Fault): number {
  // Of what was refused, or never arrived, nothing was stored.
  if (mayHaveActed(fault)) sending.doubt = { offsetBytes: chunk.offsetBytes, endBytes: endOf(chunk) };
  sending.atRisk = true;
  return chunk.offsetBytes;
}

/**
 * A refusal that names no offset. A repeated chunk that is now out of place had been stored; anything else cannot be
 * told without HEAD.
 */
export function realignWithoutHead({ doubt }: Sending, chunk: Chunk, fault: Fault): number {
  if (fault.status === 409 && doubt?.offsetBytes === chunk.offsetBytes) return doubt.endBytes;
  throw errorOf(fault);
}

/** A repeated chunk was taken: who does not look at offsets holds it twice, if it had stored it before. */
export function noteRepeat(sending: Sending, chunk: Chunk): void {
  if (sending.doubt?.offsetBytes !== chunk.offsetBytes) return;
  sending.mayHoldTwice = true;
  sending.checked = afterRepeat(sending.checked, chunk.offsetBytes);
}
