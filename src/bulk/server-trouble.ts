import type { PulseError } from '../errors.ts';
import type { Outcome, Send } from '../protocol/wire.ts';
import { isUnreachable } from '../upload/faults.ts';
import type { StopReason } from './stop.ts';

/** So many files in a row that are refused alike, and none that passes, are the server's word on all of them. */
const REFUSALS_IN_A_ROW = 3;

type Words = Required<StopReason>;

/** What a server may say about everything at once. */
const refusals: Readonly<Record<number, Words>> = {
  401: {
    kind: 'refused',
    message: 'the server refuses the token (401), file after file',
    hint: 'check the token, then run the same command again',
  },
  403: {
    kind: 'refused',
    message: 'the server forbids these uploads (403), file after file',
    hint: 'check the token and what it allows, then run the same command again',
  },
  507: {
    kind: 'temporary',
    message: 'the server has no room left (507)',
    hint: 'make room on the server, then run the same command again',
  },
};

/** Tells a broken server from a broken file: of the latter there may be thousands, of the former there is one. */
export interface ServerTrouble {
  /** A transport that remembers how the last request of one file ended. */
  readonly watched: (send: Send) => { readonly send: Send; readonly last: () => Outcome | undefined };
  readonly passed: () => void;
  /** The reason to stop, where the failure of this file shows one. */
  readonly failed: (error: PulseError, last: Outcome | undefined) => StopReason | undefined;
}

export function createServerTrouble(): ServerTrouble {
  let refusedAs = 0;
  let inRow = 0;
  return {
    watched: (send) => {
      let last: Outcome | undefined;
      return {
        send: async (request, conditions) => {
          last = await send(request, conditions);
          return last;
        },
        last: () => last,
      };
    },
    passed: () => {
      inRow = 0;
    },
    failed: (error, last) => {
      if (error.kind === 'interrupted' || last === undefined) return undefined;
      if (last.kind === 'break') return isUnreachable(last) ? unreachable(error) : undefined;
      const words = refusals[last.status];
      if (words === undefined) return undefined;
      inRow = last.status === refusedAs ? inRow + 1 : 1;
      refusedAs = last.status;
      return inRow >= REFUSALS_IN_A_ROW ? words : undefined;
    },
  };
}

/** By now the uploader has waited for as long as `--max-outage` allows. */
function unreachable({ message }: PulseError): StopReason {
  return {
    kind: 'temporary',
    message: `the server cannot be reached: ${message}`,
    hint: 'run the same command again once it is back',
  };
}
