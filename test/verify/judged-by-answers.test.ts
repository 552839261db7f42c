import { describe, expect, it } from 'vitest';
import { Violation } from '../../src/verify/check.ts';
import { creationLengthChecks } from '../../src/verify/checks/creation-lengths.ts';
import { judge } from '../../src/verify/judge.ts';
import type { Exchange } from '../../src/verify/recording.ts';
import { aCheck, anExchange, aRecording, aTarget, judged, verdictOf } from './made-up.ts';

describe('an upload that was deleted while a chunk arrived', () => {
  it.each([
    [404, 'pass'],
    [410, 'pass'],
    [423, 'warn'],
    [200, 'fail'],
    [500, 'fail'],
  ])('and answers HEAD with %i afterwards: %s', (status, verdict) => {
    const heads = [anExchange({ status: 404 }), anExchange({ status })];
    expect(verdictOf('termination.during-patch', { deletions: [anExchange({ status: 204 })], heads })).toBe(
      verdict,
    );
  });
});

describe('a second request behind a chunk that was refused', () => {
  const broken = (cause: 'closed' | 'timeout') => ({ broken: { cause, detail: cause } }) as Partial<Exchange>;
  const answered = (status: number) => ({ status });
  it.each([
    ['answered', 'keep-alive', answered(200), 'pass'],
    ['answered as a body would be', 'keep-alive', answered(400), 'fail'],
    ['answered as a body would be', 'close', answered(400), 'fail'],
    ['cut off', 'keep-alive', broken('closed'), 'pass'],
    ['not answered', 'keep-alive', broken('timeout'), 'fail'],
    // Flask's development server reads on until the client closes, and takes nothing of it for a request.
    ['not answered', 'close', broken('timeout'), 'pass'],
  ])('is %s, where the refusal says %s', (_, Connection, second, verdict) => {
    const refused = anExchange({ status: 409, headers: { Connection } });
    const seen = { trials: [{ refused, second: anExchange(second) }] };
    expect(verdictOf('core.patch.post-error-reuse', seen)).toBe(verdict);
  });
});

describe('a form without its closing delimiter', () => {
  const unknown = {
    after: { by: 'empty-patch', bytes: undefined, exchanges: [anExchange({ status: 400 })] },
    content: { expected: { sizeBytes: 10 } },
  };
  it.each([
    [204, 'fail'],
    [400, 'skip'],
  ])('that is answered with %i, where nobody can say what is stored: %s', (status, verdict) => {
    const open = { ...unknown, exchange: anExchange({ status }) };
    expect(verdictOf('pulse.multipart.truncated', { whileCut: unknown, open })).toBe(verdict);
  });
});

const right = 'a'.repeat(64);
const whole = (sha256: string) => ({
  finish: { complete: true, offset: 10, exchanges: [] },
  content: {
    by: 'finalize',
    expected: { sizeBytes: 10, sha256: right, payload: { kind: 'position', seed: 1, sizeBytes: 10 } },
    attempts: [],
    stored: { sizeBytes: 10, sha256 },
  },
});

describe('a malformed form that is answered with 500', () => {
  const failed = anExchange({ status: 500 });
  const at = (bytes: number) => ({ by: 'head', bytes, exchanges: [anExchange({ status: 200 })] });
  it.each([
    ['and nothing came of it', 0, right, 'warn'],
    ['and its bytes are counted', 11, right, 'fail'],
    ['and the file is another in the end', 0, 'b'.repeat(64), 'fail'],
  ])('%s', (_what, bytes, sha256, verdict) => {
    const after = at(bytes);
    const seen = { exchange: failed, after, ...whole(sha256) };
    expect(verdictOf('pulse.multipart.truncated', { whileCut: seen, open: seen })).toBe(verdict);
  });
  it.each([
    [0, anExchange({ status: 200 }), 'warn'],
    [5, anExchange({ status: 200 }), 'fail'],
    [0, anExchange({}), 'fail'],
  ])('by a server that then stands at %i', (bytes, alive, verdict) => {
    const seen = { patched: failed, after: at(bytes), alive };
    expect(verdictOf('pulse.multipart.no-boundary', seen)).toBe(verdict);
  });
});

describe('metadata of twenty keys that HEAD does not give back', () => {
  const described = (echo?: string) => ({
    metadata: 'a YQ==',
    posted: anExchange({ status: 201 }),
    headed: anExchange({ status: 200, headers: echo === undefined ? {} : { 'Upload-Metadata': echo } }),
  });
  it.each([
    ['where it gives back the ordinary', 'a YQ==', 'warn'],
    ['as it gives back none', undefined, 'skip'],
  ])('%s', (_where, echo, verdict) => {
    const seen = { ordinary: described(echo), many: described() };
    expect(verdictOf('metadata.many-keys', seen)).toBe(verdict);
  });
});

it('chunks at the same time, behind which the upload stays locked, leave a lock behind and no blend', () => {
  const { content } = whole(right);
  const locked = {
    ...content,
    stored: undefined,
    unknown: 'finalize answered 423',
    exchange: anExchange({ status: 423 }),
  };
  const taken = anExchange({ status: 204, headers: { 'Upload-Offset': '10' } });
  const rounds = [
    {
      answers: [taken],
      after: { by: 'head', bytes: 10, exchanges: [] },
      finish: { complete: true, exchanges: [] },
      content: locked,
      candidates: [right],
    },
  ];
  expect(judged('data.concurrent.same-offset', { rounds })).toMatchObject({
    verdict: 'fail',
    violation: { actual: 'finalize answered 423', matters: expect.stringContaining('still holds the lock') },
  });
});

describe('a finalize with what is no text', () => {
  it.each([
    ['filename []', 200, 'warn'],
    ['filename []', 500, 'fail'],
    ['filename 5', 200, 'pass'],
    ['uploadId ["x"]', 200, 'fail'],
    ['uploadId ["x"]', 404, 'pass'],
  ])('as %s, answered with %i: %s', (look, status, verdict) => {
    const answers = { 'filename {}': anExchange({ status: 400 }), [look]: anExchange({ status }) };
    const seen = { answers, alive: anExchange({ status: 200 }) };
    expect(verdictOf('pulse.finalize.bad-types', seen)).toBe(verdict);
  });
});

describe('the third attempt at a chunk', () => {
  const ends = {
    right: whole(right),
    wrong: whole('b'.repeat(64)),
    unfinished: { ...whole(right), finish: { complete: false, exchanges: [] } },
  };
  it.each([
    [204, 'right', 'pass'],
    [409, 'right', 'note'],
    [423, 'right', 'note'],
    [503, 'right', 'note'],
    [503, 'unfinished', 'fail'],
    [409, 'wrong', 'fail'],
    [500, 'right', 'fail'],
  ] as const)('that is answered with %i, where the file in the end is %s: %s', (status, end, verdict) => {
    const seen = { broken: [], third: anExchange({ status }), ...ends[end] };
    expect(verdictOf('pulse.patch.retry-3x1s', seen)).toBe(verdict);
  });
});

describe('a chunk over which the connection was reset', () => {
  const MiB = 1024 * 1024;
  const chunk = (changes: Parameters<typeof anExchange>[0], sizeBytes: number) => {
    const payload = { kind: 'position', seed: 1, sizeBytes: MiB } as const;
    const parts = [{ payload, from: 0, to: sizeBytes, atBytes: 0 }];
    return anExchange(changes, { method: 'PATCH', body: { sizeBytes, sha256: '', parts } });
  };
  const reset = { broken: { cause: 'reset', detail: 'the connection was reset without an answer' } } as const;
  it.each([
    [MiB, 413, 'pass'],
    [MiB, 204, 'fail'],
    [1000, 413, 'fail'],
  ])('with %i bytes, where another one came to %i: %s', (sizeBytes, status, verdict) => {
    const exchanges = [chunk({ status }, MiB / 2)];
    const file = { ...whole(right), finish: { complete: true, offset: 10, exchanges } };
    const seen = { patches: [chunk(reset, sizeBytes)], ...file };
    expect(verdictOf('data.chunk.exact-1mib', seen, { ...aTarget, protocol: 'tus' })).toBe(verdict);
  });
});

describe('an upload whose connection broke', () => {
  it.each([
    ['empty-patch', right, 'pass'],
    ['empty-patch', 'b'.repeat(64), 'fail'],
    ['head', right, 'fail'],
  ])(
    'and whose offset is unknown by %s is judged by its bytes, where HEAD is missing',
    (by, sha256, verdict) => {
      const after = { by, bytes: undefined, exchanges: [anExchange({ status: 400 })] };
      const cuts = [{ beforeBytes: 4, cut: anExchange({}), sentBytes: 2, after }];
      expect(verdictOf('data.disconnect.fin', { cuts, ...whole(sha256) })).toBe(verdict);
    },
  );

  it.each([
    [423, 'pass'],
    [404, 'warn'],
    [500, 'fail'],
  ])('by a restart may be locked for a while: the first HEAD answers %i', (status, verdict) => {
    const after = {
      by: 'head',
      bytes: 6,
      exchanges: [anExchange({ status: 200, headers: { 'Upload-Offset': '6' } })],
    };
    const seen = { acknowledged: 6, asked: anExchange({ status }), after, ...whole(right) };
    expect(verdictOf('data.restart.between-chunks', seen)).toBe(verdict);
  });
});

describe('a broken chunk that is repeated at once', () => {
  const other = 'b'.repeat(64);
  it.each([
    ['what was sent', 204, right, 'pass'],
    ['what was sent', 503, right, 'pass'],
    ['what was sent', 423, right, 'warn'],
    ['what was sent', 500, right, 'fail'],
    ['something else', 503, other, 'fail'],
  ])('where %s is stored in the end, and the answer was %i', (_what, status, sha256, verdict) => {
    const seen = { repeated: anExchange({ status }), ...whole(sha256) };
    expect(verdictOf('data.disconnect.no-head-retry', seen)).toBe(verdict);
  });
});

describe('a disk that has no room for a declared size', () => {
  it.each([
    ['4294967297', 507, 'note'],
    ['4294967297', 413, 'note'],
    ['4294967297', 500, 'fail'],
    ['1048576', 507, 'fail'],
  ])('of %s bytes, answered with %i: %s', (length, status, verdict) => {
    const declared = [{ length, posted: anExchange({ status }) }];
    expect(verdictOf('creation.post.length-echo', { declared })).toBe(verdict);
  });

  it.each([
    [507, 'note'],
    [413, 'fail'],
  ])('of exactly Tus-Max-Size, answered with %i: %s', (status, verdict) => {
    const declared = { length: '4294967297', posted: anExchange({ status }) };
    expect(verdictOf('creation.post.max-size.boundary', { declared })).toBe(verdict);
  });

  it.each([
    [507, 507, 'note'],
    [507, 413, 'note'],
    [201, 413, 'pass'],
    [413, 413, 'fail'],
    [507, 201, 'fail'],
    [201, 500, 'fail'],
  ])('of exactly maxUploadSize, answered with %i, and of a byte more, with %i: %s', (at, behind, verdict) => {
    const [atMost, above] = [at, behind].map((status) => anExchange({ status }));
    expect(
      verdictOf('v1.caps.max-upload-size-true', { atMost, above }, { ...aTarget, protocol: 'pulse-v1' }),
    ).toBe(verdict);
  });
});

describe('the upload that nobody touches, and that the server forgets', () => {
  const visit = (after: string, head?: number) => ({
    after,
    alive: anExchange({ status: 200 }),
    ...(head !== undefined && {
      head: anExchange({ status: head, headers: head === 200 ? { 'Upload-Offset': '4' } : {} }),
    }),
  });
  const lost = { complete: false, exchanges: [anExchange({ status: 404 })], trouble: 'gone' };

  it.each([
    ['after our own restart', [visit('Core', 200), visit('restart-between-chunks', 404)], 'skip'],
    ['as 410 after the other one', [visit('restart-during-patch', 410)], 'skip'],
    ['before any restart', [visit('Core', 404), visit('restart-between-chunks', 404)], 'fail'],
    ['with another answer', [visit('restart-between-chunks', 500)], 'fail'],
    ['after a restart that it survived', [visit('restart-between-chunks', 200)], 'fail'],
    ['without HEAD, where there was a restart', [visit('restart-between-chunks')], 'skip'],
    ['without HEAD, where there was none', [visit('Core')], 'fail'],
  ])('%s', (_, visits, verdict) => {
    const seen = { acknowledged: 4, visits, ...whole(right), finish: lost };
    expect(verdictOf('data.canary', seen)).toBe(verdict);
  });
});

describe('a server that limits requests', () => {
  const putOff = (status: number, headers = {}) => ({
    ...anExchange({ status, headers }, { method: 'POST' }),
    endedMs: 1,
  });
  const creation = (without: object, others: readonly object[] = []) => {
    const check = creationLengthChecks.find(({ id }) => id === 'creation.post.no-length');
    const exchanges = [without, ...others] as never;
    const outcome = { kind: 'seen', seen: { without } } as const;
    return check && judge(check, aRecording({ exchanges, outcome }), aTarget);
  };

  it.each([
    [429, {}, 'blocked', { remark: expect.stringContaining('--jobs 1') }],
    [503, { 'Retry-After': '60' }, 'blocked', { remark: expect.stringContaining('--jobs 1') }],
    [503, {}, 'fail', {}],
  ])(
    'has shown nothing with %i and %j, though a refusal was wanted: %s',
    (status, headers, verdict, more) => {
      expect(creation(putOff(status, headers))).toMatchObject({ verdict, ...more });
    },
  );

  it.each([429, 503])('may put off with %i what it takes when it is asked the same again', (status) => {
    const check = aCheck();
    const at = (startedMs: number) => ({ n: startedMs, startedMs, endedMs: startedMs + 1 });
    const first = { ...anExchange({ status, headers: { 'Retry-After': '60' } }), ...at(1) };
    const verdict = (...after: readonly Exchange[]) =>
      judge(check, aRecording({ exchanges: [first, ...after] }), aTarget).verdict;
    const otherwise = anExchange({ status: 204 }, { headers: [['Upload-Offset', '4']] });
    expect(verdict({ ...anExchange({ status: 200 }), ...at(3) })).toBe('pass');
    expect(verdict({ ...first, ...at(3) })).toBe('blocked');
    expect(verdict({ ...otherwise, ...at(3) })).toBe('blocked');
  });

  it.each([
    ['alive, which it says with 503 as well', { url: aTarget.aliveUrl }, { method: 'GET' }, [], 503, 'pass'],
    ['alive, and puts that off with 429', { url: aTarget.aliveUrl }, { method: 'GET' }, [], 429, 'blocked'],
    ['for a chunk', {}, { method: 'PATCH' }, [], 503, 'blocked'],
    [
      'for a chunk behind one that broke off, where 503 is a lock',
      {},
      { method: 'PATCH' },
      [undefined],
      503,
      'pass',
    ],
    ['for a chunk behind one that was taken', {}, { method: 'PATCH' }, [204], 503, 'blocked'],
  ] as const)('may be asked %s', (_, place, sent, before, status, verdict) => {
    const at = (n: number) => ({ n, startedMs: 2 * n, endedMs: 2 * n + 1, ...place });
    const earlier = before.map((said, index) => ({
      ...anExchange(said === undefined ? {} : { status: said }, { method: 'PATCH' }),
      ...at(index + 1),
    }));
    const last = { ...anExchange({ status, headers: { 'Retry-After': '60' } }, sent), ...at(9) };
    const recording = aRecording({ exchanges: [...earlier, last] });
    expect(judge(aCheck(), recording, aTarget).verdict).toBe(verdict);
  });

  it.each([
    ['beside a chunk, where 503 is a lock', 'DELETE', 2, 'pass'],
    ['beside a chunk, where 503 is a lock', 'HEAD', 2, 'pass'],
    ['behind a chunk that was taken', 'DELETE', 7, 'blocked'],
  ])('may be asked for an upload %s: %s', (_where, method, startedMs, verdict) => {
    const chunk = { ...anExchange({ status: 204 }, { method: 'PATCH' }), n: 1, startedMs: 1, endedMs: 5 };
    const other = { ...anExchange({ status: 204 }, { method }), n: 2, startedMs, endedMs: startedMs + 1 };
    const putOff = anExchange({ status: 503, headers: { 'Retry-After': '1' } });
    const exchanges = [chunk, other, { ...putOff, n: 3, startedMs: 9, endedMs: 10 }];
    expect(judge(aCheck(), aRecording({ exchanges }), aTarget).verdict).toBe(verdict);
  });

  it.each([
    ['asked in vain, while another is answered', 503, 5, [200], 'fail'],
    ['asked in vain with 429, while another is answered', 429, 5, [200], 'blocked'],
    ['asked in vain, while others are put off, too', 503, 5, [503, 200], 'blocked'],
    ['asked in vain, while nobody else asks', 503, 5, [], 'blocked'],
    ['not asked as often as it wishes, while another is answered', 503, 4, [200], 'blocked'],
  ] as const)('is told from a lock that is never released: %s', (_, status, times, others, verdict) => {
    const headers = { 'Retry-After': '1' };
    const at = (n: number) => ({ n, startedMs: 2 * n, endedMs: 2 * n + 1 });
    const chunk = { ...anExchange({ status: 409 }, { method: 'PATCH' }), ...at(1) };
    const asked = Array.from({ length: times }, (_each, index) => ({
      ...anExchange({ status, headers }),
      ...at(index + 2),
      ...(index < times - 1 && { repeated: true as const }),
    }));
    const elsewhere = others.map((said, index) => ({
      ...anExchange({ status: said, headers }, { method: 'POST' }),
      ...at(times + index + 2),
      url: aTarget.createUrl,
    }));
    const check = aCheck({
      judge: () => {
        throw new Violation({ actual: 'no offset', evidence: asked });
      },
    });
    const exchanges = [chunk, ...asked, ...elsewhere];
    expect(judge(check, aRecording({ exchanges }), aTarget).verdict).toBe(verdict);
  });

  it('limits each upload, and lets in who comes when it says: what follows is judged', () => {
    const headers = { 'Retry-After': '1' };
    const at = (n: number) => ({ n, startedMs: 2 * n, endedMs: 2 * n + 1 });
    const limited = Array.from({ length: 4 }, (_each, index) => ({
      ...anExchange({ status: 503, headers }),
      ...at(index + 1),
      repeated: true as const,
    }));
    const elsewhere = {
      ...anExchange({ status: 201 }, { method: 'POST' }),
      ...at(6),
      url: aTarget.createUrl,
    };
    const chunk = anExchange({ status: 503, headers }, { method: 'PATCH' });
    const exchanges = [
      ...limited,
      { ...anExchange({ status: 200 }), ...at(5) },
      elsewhere,
      { ...chunk, ...at(7) },
    ];
    expect(judge(aCheck(), aRecording({ exchanges }), aTarget).verdict).toBe('blocked');
  });

  it.each([
    ['put off with 503, and taken later', [503, 201], 'note'],
    ['put off with 503, and never taken', [503, 503], 'blocked'],
    ['put off with 503, with a 500 among the malformed ones', [503, 201, 500], 'fail'],
    ['put off with 503, and never taken, with a 500 among the malformed ones', [503, 503, 500], 'fail'],
    ['taken at once', [201], 'fail'],
  ])('may answer malformed requests with 503, where others were %s', (_, statuses, verdict) => {
    const headers = { 'Retry-After': '1' };
    const of = (scenario: string, status: number, n: number) => ({
      ...anExchange({ status, ...(status === 503 && { headers }) }),
      scenario,
      n,
    });
    const [first = 0, ...more] = statuses;
    const ordinary = [
      { ...of('canary', first, 1), ...(first === 503 && { repeated: true }) },
      ...more.slice(0, 1).map((status) => of('canary', status, 2)),
    ];
    const malformed = [503, ...more.slice(1)].map((status, index) => of('odd-methods', status, index + 1));
    expect(verdictOf('http.no-5xx', { exchanges: [...ordinary, ...malformed] })).toBe(verdict);
  });

  it('is not excused from a 503 that names no time to come back at', () => {
    const headers = { 'Retry-After': '1' };
    const putOff = { ...anExchange({ status: 503, headers }), scenario: 'canary', n: 1, repeated: true };
    const taken = { ...anExchange({ status: 201 }), scenario: 'canary', n: 2 };
    const failed = { ...anExchange({ status: 503 }), scenario: 'odd-methods', n: 1 };
    expect(verdictOf('http.no-5xx', { exchanges: [putOff, taken, failed] })).toBe('fail');
  });

  it.each([
    ['well-formed', '7', 'behind a malformed chunk', ['abc', 400], 'pass'],
    ['malformed', '5,5', 'behind a malformed chunk', ['abc', 400], 'fail'],
    ['well-formed', '7', 'behind a well-formed one', ['7', 204], 'fail'],
  ] as const)('may say 503 without a time to a %s chunk (%s) %s: %j', (_, length, _where, first, verdict) => {
    const chunk = (contentLength: string, status: number, n: number) => ({
      ...anExchange(
        { status },
        {
          method: 'PATCH',
          headers: [['Content-Length', contentLength]],
          body: { sizeBytes: 7, sha256: '' },
        },
      ),
      scenario: 'senseless-lengths',
      n,
    });
    const exchanges = [chunk(first[0], first[1], 1), chunk(length, 503, 2)];
    expect(verdictOf('http.no-5xx', { exchanges })).toBe(verdict);
  });

  it('is not excused, by what it put off of a crowd, from what the others show', () => {
    const check = aCheck({
      judge: ({ loss, shows }: { loss?: true; shows: Exchange }) => {
        throw new Violation({ actual: 'wrong', evidence: [shows], ...(loss && { isLoss: loss }) });
      },
    } as never);
    const crowd = [
      { ...anExchange({ status: 429 }), n: 1, startedMs: 0, endedMs: 2 },
      { ...anExchange({ status: 201 }), n: 2, startedMs: 1, endedMs: 3 },
    ];
    const alone = [{ ...anExchange({ status: 429 }), n: 1, startedMs: 0, endedMs: 1 }];
    const verdict = (exchanges: readonly Exchange[], seen: object) =>
      judge(check, aRecording({ exchanges, outcome: { kind: 'seen', seen } }), aTarget).verdict;
    expect(verdict(crowd, { shows: crowd[1] })).toBe('fail');
    expect(verdict(crowd, { shows: crowd[0] })).toBe('blocked');
    expect(verdict(alone, { shows: crowd[1] })).toBe('blocked');
    expect(verdict(alone, { shows: crowd[1], loss: true })).toBe('fail');
  });

  it('may put off some of a crowd, for the check to judge', () => {
    const beside = { ...anExchange({ status: 201 }), n: 2, startedMs: 0.5, endedMs: 2 };
    expect(creation(putOff(429), [beside])).toMatchObject({ verdict: 'note' });
  });
});

describe('the digest of a creation, after a cut', () => {
  const wrong = { last: anExchange({ status: 422 }) };
  it.each([
    [422, 'pass'],
    [204, 'fail'],
    [400, 'fail'],
    [409, 'blocked'],
    [423, 'blocked'],
    [503, 'blocked'],
    [undefined, 'blocked'],
  ])('that is answered with %s: %s', (status, verdict) => {
    const resumed = status !== undefined && { resumed: anExchange({ status }, { method: 'PATCH' }) };
    const seen = { names: ['sha256'], wrong, ...resumed };
    const target = { ...aTarget, protocol: 'pulse-v1' } as const;
    expect(verdictOf('v1.checksum.after-resume', seen, target)).toBe(verdict);
  });
});

describe('a file that is too short to be a video', () => {
  const finish = { complete: false, exchanges: [], trouble: 'PATCH at 0 answered 422' };
  const headed = (status: number) => ({
    posted: anExchange({ status: 201 }),
    headed: anExchange({ status }),
  });
  const single = (status: number) => ({
    created: anExchange({ status: 201 }),
    patches: [anExchange({ status })],
    finish,
    content: { by: 'none' },
  });
  it.each([
    ['data.chunk.single-byte-file', single(422), 'pulse-v1', 'skip'],
    ['data.chunk.single-byte-file', single(422), 'pulse', 'skip'],
    ['data.chunk.single-byte-file', single(422), 'tus', 'fail'],
    ['data.chunk.single-byte-file', single(400), 'pulse-v1', 'fail'],
    ['data.zero-length', { created: anExchange({ status: 422 }) }, 'pulse-v1', 'skip'],
    ['data.zero-length', { created: anExchange({ status: 400 }) }, 'pulse-v1', 'fail'],
    ['data.zero-length', { created: anExchange({ status: 422 }) }, 'pulse', 'fail'],
    ['creation.post.zero-length', { posted: anExchange({ status: 422 }) }, 'pulse-v1', 'skip'],
    ['creation.post.zero-length', { posted: anExchange({ status: 400 }) }, 'pulse-v1', 'fail'],
    ['creation.post.zero-length', { posted: anExchange({ status: 422 }) }, 'tus', 'fail'],
    ['creation.post.zero-length-complete', headed(422), 'pulse-v1', 'skip'],
    ['creation.post.zero-length-complete', headed(422), 'tus', 'fail'],
  ] as const)('(%s, %#) is no finding where 422 says so: %s %s', (id, seen, protocol, verdict) => {
    expect(verdictOf(id, seen, { ...aTarget, protocol })).toBe(verdict);
  });
});

describe('a HEAD that is too much', () => {
  it.each([
    [501, 'pass'],
    [404, 'pass'],
    [500, 'fail'],
    [502, 'fail'],
  ])('says nothing of a crash where it is answered %i: %s', (status, verdict) => {
    const exchange = anExchange({ status });
    const verdicts = [
      verdictOf('http.large-headers', { exchange, alive: anExchange({ status: 200 }) }),
      verdictOf('http.long-url', { long: exchange }),
      verdictOf('http.bad-percent', { percents: [{ exchange }] }),
    ];
    expect(verdicts).toEqual([verdict, verdict, verdict]);
  });
});
