import fc from 'fast-check';
import type { Fault } from '../../fixtures/proxies/fault-proxy.ts';

/** What befalls one upload: a fault on the way, or the server's own. Plain data, so that a failing plan can be printed. */
export type Trouble =
  | Exclude<Fault, { do: 'meanwhile' }>
  /** The server ends when this request arrives and comes back at once, without the last so many bytes. */
  | { readonly on: Fault['on']; readonly do: 'restart'; readonly loseBytes: number }
  /** Nothing can be reached from this request on, for so long. */
  | { readonly on: Fault['on']; readonly do: 'outage'; readonly ms: number };

/** One upload and all that goes wrong with it. */
export interface Plan {
  readonly protocol: 'pulse' | 'tus';
  readonly body: 'raw' | 'multipart';
  /** The server compares checksums. */
  readonly compares?: boolean;
  readonly chunkBytes: number;
  readonly sizeBytes: number;
  readonly troubles: readonly Trouble[];
}

const KIB = 1024;

/** Longer than any form's frame around a chunk of 64 KiB, below which the uploader does not shrink. */
const LOWEST_BODY_LIMIT_BYTES = 66 * KIB;

const ending = fc.constantFrom('fin' as const, 'rst' as const);
const share = fc.integer({ min: 0, max: 100 });
/** All below the time-out of the runs, so that what only takes its time is no fault. */
const shortMs = fc.integer({ min: 1, max: 60 });
const bodyBytes = (chunkBytes: number) => share.map((percent) => Math.floor((chunkBytes * percent) / 100));

/** Random plans. Every one of them can end well: nothing is drawn that lasts for ever on every request. */
export function plans(): fc.Arbitrary<Plan> {
  return fc
    .record({
      protocol: fc.constantFrom('pulse' as const, 'pulse' as const, 'tus' as const),
      multipart: fc.constantFrom(false, false, true),
      compares: fc.boolean(),
      chunkBytes: fc.constantFrom(64 * KIB, 100_000, 256 * KIB),
    })
    .chain(({ protocol, multipart, compares, chunkBytes }) =>
      fc.record({
        protocol: fc.constant(protocol),
        // Plain tus knows no forms.
        body: fc.constant(multipart && protocol === 'pulse' ? ('multipart' as const) : ('raw' as const)),
        compares: fc.constant(compares && protocol === 'tus'),
        chunkBytes: fc.constant(chunkBytes),
        sizeBytes: sizes(chunkBytes),
        // A part of a form is no form.
        troubles: fc.array(
          trouble(protocol, chunkBytes).filter((one) => one.do !== 'take-part' || !multipart),
          { minLength: 1, maxLength: 6 },
        ),
      }),
    );
}

function sizes(chunkBytes: number): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1) },
    { weight: 3, arbitrary: fc.integer({ min: 2 * chunkBytes, max: 6 * chunkBytes }) },
  );
}

function trouble(protocol: Plan['protocol'], chunkBytes: number): fc.Arbitrary<Trouble> {
  const nth = fc.integer({ min: 1, max: 5 });
  const few = fc.integer({ min: 1, max: 3 });
  const patch = nth.map((n) => ({ method: 'PATCH', nth: n }));
  const head = fc.integer({ min: 1, max: 3 }).map((n) => ({ method: 'HEAD', nth: n }));
  const create = fc.constant({ method: 'POST', path: protocol === 'tus' ? '/files' : '/uploads', nth: 1 });
  const finish = fc.constant({ path: '/uploads/finalize', nth: 1 });
  const any = protocol === 'tus' ? fc.oneof(patch, head, create) : fc.oneof(patch, head, create, finish);
  // Finalize is waited for a minute at least: what is silent for ever strikes the others.
  const impatient = fc.oneof(patch, head, create);
  const temporary = fc.constantFrom(408, 423, 429, 500, 502, 503, 504);

  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        on: patch,
        do: fc.constant('cut-request' as const),
        afterBodyBytes: bodyBytes(chunkBytes),
        by: ending,
      }),
    },
    fc.record({
      on: any,
      do: fc.constant('cut-response' as const),
      afterBytes: fc.integer({ min: 0, max: 200 }),
      by: ending,
    }),
    fc.record({
      on: patch,
      do: fc.constant('stall-request' as const),
      afterBodyBytes: bodyBytes(chunkBytes),
      ms: shortMs,
    }),
    fc.record({
      on: patch,
      do: fc.constant('stall-request' as const),
      afterBodyBytes: bodyBytes(chunkBytes),
    }),
    fc.record({
      on: any,
      do: fc.constant('stall-response' as const),
      afterBytes: fc.integer({ min: 0, max: 200 }),
      ms: shortMs,
    }),
    fc.record({ on: any, do: fc.constant('swallow-response' as const), by: ending }),
    fc.record({
      on: impatient,
      do: fc.constant('swallow-response' as const),
      by: fc.constant('silence' as const),
    }),
    fc.record({ on: any, do: fc.constant('delay' as const), ms: shortMs }),
    fc.record({
      on: fc.tuple(any, few).map(([on, times]) => ({ ...on, times })),
      do: fc.constant('answer' as const),
      after: fc.constantFrom('head' as const, 'body' as const),
      status: temporary,
      headers: fc.constantFrom({}, { 'Retry-After': '2' }),
    }),
    fc.record({ on: patch, do: fc.constant('answer' as const), status: fc.constant(409) }),
    fc.record({ on: head, do: fc.constant('replay-answer' as const) }),
    fc.record({
      on: patch,
      do: fc.constant('take-part' as const),
      share: share.map((percent) => percent / 100),
    }),
    fc.record({
      on: any,
      do: fc.constant('duplicate' as const),
      how: fc.constantFrom('overlapping' as const, 'afterwards' as const),
      answer: fc.constantFrom('first' as const, 'second' as const),
    }),
    fc.record({
      on: patch,
      do: fc.constant('slow' as const),
      bytesPerSecond: fc.integer({ min: 1024 * KIB, max: 4096 * KIB }),
    }),
    fc.record({
      on: fc.constant({ method: 'PATCH' }),
      do: fc.constant('limit-body' as const),
      bytes: fc.integer({ min: LOWEST_BODY_LIMIT_BYTES, max: 256 * KIB }),
    }),
    fc.record({ on: any, do: fc.constant('restart' as const), loseBytes: bodyBytes(chunkBytes) }),
    fc.record({ on: any, do: fc.constant('outage' as const), ms: shortMs }),
  );
}
