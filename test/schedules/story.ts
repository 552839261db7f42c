import type { Stage } from '../../fixtures/proxies/fault-proxy.ts';
import { mulberry32 } from '../../fixtures/proxies/random-faults.ts';
import type { Composed } from './composed.ts';

const MIB = 1_048_576;
const BUSY_MS = 5000;
const BODY_LIMIT_BYTES = 8 * MIB;

/** The --timeout of the command: the black hole lasts twice as long. */
export const IDLE_MS = 2000;

/** What befalls the processes. */
export interface Deeds {
  readonly restart: () => Promise<unknown>;
  readonly kill: () => Promise<unknown>;
  readonly expire: () => Promise<unknown>;
}

/** The faults of docs/faults.md that one upload can meet, in one night's order. An empty file has no PATCH: there finalize meets what it can meet. */
export function story({ seed, sizeBytes, chunkBytes }: Composed, deeds: Deeds): readonly Stage[] {
  const random = mulberry32(seed);
  const isEmpty = sizeBytes === 0;
  const work = isEmpty ? { path: '/uploads/finalize' } : { method: 'PATCH' };
  const cutAfter = Math.floor(random() * Math.min(sizeBytes, chunkBytes));
  const create: Stage = {
    name: 'lost 201',
    fault: { on: { method: 'POST', path: '/uploads' }, do: 'swallow-response', by: 'rst' },
  };
  const badGateway: Stage = {
    name: 'HEAD 502 three times',
    fault: { on: { method: 'HEAD' }, do: 'answer', status: 502 },
    times: 3,
  };
  const busy: Stage = {
    name: '423 for 5 s',
    fault: { on: work, do: 'answer', status: 423 },
    forMs: BUSY_MS,
  };
  const ofChunks: readonly Stage[] = [
    { name: 'half accepted', fault: { on: work, do: 'take-part', share: 0.5 } },
    { name: '409', fault: { on: work, do: 'answer', status: 409 } },
    {
      name: 'black hole',
      fault: { on: {}, do: 'stall-request', afterBodyBytes: 0 },
      forMs: 2 * IDLE_MS,
    },
  ];
  const ofProcesses: readonly Stage[] = [
    { name: 'restart that loses a MiB', fault: { on: work, do: 'meanwhile', run: deeds.restart } },
    { name: 'kill -9', fault: { on: work, do: 'meanwhile', run: deeds.kill } },
    { name: 'token expired', fault: { on: work, do: 'meanwhile', run: deeds.expire } },
    {
      name: '429',
      fault: { on: work, do: 'answer', status: 429, headers: { 'Retry-After': '2' } },
    },
  ];
  const ofProxies: readonly Stage[] = [
    {
      name: '413 above 8 MiB',
      fault: { on: work, do: 'limit-body', bytes: BODY_LIMIT_BYTES },
      when: ({ contentLength = 0 }) => contentLength > BODY_LIMIT_BYTES,
    },
    { name: 'cached HEAD', fault: { on: { method: 'HEAD' }, do: 'replay-answer' } },
  ];
  const lastLost: Stage = {
    name: 'last answer lost',
    fault: { on: work, do: 'swallow-response', by: 'rst' },
    when: ({ headers, contentLength = 0 }) =>
      isEmpty || Number(headers['upload-offset']) + contentLength === sizeBytes,
  };
  if (isEmpty) return [create, badGateway, busy, ...ofProcesses, lastLost];
  const cut: Stage = {
    name: 'RST',
    fault: { on: work, do: 'cut-request', afterBodyBytes: cutAfter, by: 'rst' },
  };
  // After the cut and the half too little may be left of a chunk for the limit to matter.
  const limited = ofProxies.filter(({ name }) => name === 'cached HEAD' || sizeBytes > 2 * chunkBytes);
  // The cache answers once more where that is a lie: after the lost answer, when the server has everything.
  const stale: Stage = {
    name: 'cached HEAD that is out of date',
    fault: { on: { method: 'HEAD' }, do: 'replay-answer' },
  };
  return [create, cut, badGateway, busy, ...ofChunks, ...ofProcesses, ...limited, lastLost, stale];
}
