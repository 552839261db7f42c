import type { ReportedResult, VerifyReport } from '../../../src/output/verify/report.ts';
import type { HeaderLines } from '../../../src/protocol/connection.ts';
import type { BodyRecord, Exchange, SentRecord } from '../../../src/verify/recording.ts';
import { counted } from '../../../src/verify/verdict.ts';

/** Exchanges and reports that no server made: the input of every renderer's golden test. */

export const server = 'http://127.0.0.1:8080';
export const uploadUrl = `${server}/uploads/1dc0e5fd-f6a8-42a9-bc24-e582b484dbbd`;
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
export const noBody: BodyRecord = { sizeBytes: 0, sha256: emptySha256 };

/** A body that is a run of bytes of a test file. */
export function fileBody(
  from: number,
  to: number,
  { seed = 7, opening }: { seed?: number; opening?: 'mp4' } = {},
): BodyRecord {
  const payload = {
    kind: 'position',
    seed,
    sizeBytes: 3_145_728,
    ...(opening && { opening }),
  } as const;
  return { sizeBytes: to - from, sha256: emptySha256, parts: [{ payload, from, to, atBytes: 0 }] };
}

export function textBody(text: string): BodyRecord {
  return { sizeBytes: Buffer.byteLength(text), sha256: emptySha256, text };
}

interface Made {
  readonly method: string;
  readonly url: string;
  readonly headers?: HeaderLines;
  readonly body?: BodyRecord;
  readonly cut?: SentRecord['cut'];
  readonly writtenBytes?: number;
  readonly answer?: readonly [number, string, HeaderLines?, string?];
  readonly broken?: string;
}

/** A right request and its answer; `made` says what differs. Each takes 2 ms, 10 ms after the one before. */
export function exchange(n: number, made: Made): Exchange {
  const { method, url, body = noBody, cut, broken } = made;
  const { pathname, search, host } = new URL(url);
  const length: HeaderLines =
    body.sizeBytes > 0 || method === 'POST' ? [['Content-Length', String(body.sizeBytes)]] : [];
  const [status, reason, headers = [], text] = made.answer ?? [];
  return {
    n,
    connection: 1,
    url,
    sent: {
      method,
      target: pathname + search,
      headers: [
        ['Host', host],
        ['User-Agent', 'pulse-upload-verify'],
        ...length,
        ['Tus-Resumable', '1.0.0'],
        ...(made.headers ?? []),
      ],
      body,
      writtenBytes: made.writtenBytes ?? body.sizeBytes,
      ...(cut && { cut }),
    },
    startedMs: n * 10,
    sentMs: n * 10 + 1,
    endedMs: n * 10 + 2,
    ...(status !== undefined && {
      answer: {
        status,
        reason: reason ?? '',
        headers: [['Tus-Resumable', '1.0.0'], ...headers],
        version: '1.1' as const,
        framing: 'length' as const,
        interim: [],
        body: text === undefined ? noBody : textBody(text),
      },
    }),
    ...(broken !== undefined && { broken: { cause: 'reset' as const, detail: broken } }),
  };
}

export const chunkType = ['Content-Type', 'application/offset+octet-stream'] as const;

export const created = exchange(1, {
  method: 'POST',
  url: `${server}/uploads`,
  headers: [['Upload-Length', '10']],
  answer: [201, 'Created', [['Location', '/uploads/1dc0e5fd-f6a8-42a9-bc24-e582b484dbbd']]],
});
export const cutChunk = exchange(2, {
  method: 'PATCH',
  url: uploadUrl,
  headers: [['Upload-Offset', '0'], chunkType],
  body: fileBody(0, 1_048_576),
  cut: 'reset',
  writtenBytes: 400_000,
});
/** Half-closed in the middle of its body, which Node's parser answers so. */
export const cutAndRefused = exchange(2, {
  method: 'PATCH',
  url: uploadUrl,
  headers: [['Upload-Offset', '0'], chunkType],
  body: fileBody(0, 1_048_576),
  cut: 'fin',
  writtenBytes: 400_000,
  answer: [400, 'Bad Request', []],
});
export const head = exchange(3, {
  method: 'HEAD',
  url: uploadUrl,
  answer: [200, 'OK', [['Upload-Offset', '400000']]],
});
export const chunk = exchange(4, {
  method: 'PATCH',
  url: uploadUrl,
  headers: [['Upload-Offset', '400000'], chunkType],
  body: fileBody(400_000, 1_048_576),
  answer: [204, 'No Content', [['Upload-Offset', '1048576']]],
});
export const finalized = exchange(5, {
  method: 'POST',
  url: `${server}/uploads/finalize`,
  headers: [['Content-Type', 'application/json']],
  body: textBody(
    '{"uploadId":"1dc0e5fd-f6a8-42a9-bc24-e582b484dbbd","filename":"pulse-verify-a1b2c3-cut-1.bin"}',
  ),
  answer: [200, 'OK', [], '{"videoId":"v-7","status":"complete","size":1448576}'],
});

export const spec = {
  url: 'https://tus.io/protocols/resumable-upload#patch',
  section: 'tus 1.0.0, PATCH',
} as const;

export function result(
  made: Partial<ReportedResult> & Pick<ReportedResult, 'id' | 'verdict'>,
): ReportedResult {
  return {
    level: 'MUST',
    impact: 'interoperability',
    says: 'The answer to a request like this one is as the protocol wants it.',
    spec,
    scenario: 'basic-flow',
    evidence: [],
    elapsedMs: 12,
    ...made,
  };
}

export const lost = result({
  id: 'data.disconnect.mid-chunk',
  verdict: 'fail',
  level: 'safety',
  impact: 'data',
  says: 'After a connection broke inside a chunk, asking HEAD and resuming gives the original file.',
  scenario: 'cut-in-mid-chunk',
  does: 'closes the connection 400,000 bytes into a chunk, resumes from where the server says, and reads the file back',
  violation: {
    expected: '1,048,576 bytes',
    actual: '1,448,576 bytes: bytes 0 to 399,999 are there twice',
    matters: 'the video on the server is damaged, and every status looked right',
  },
  evidence: [created, cutChunk, head, chunk, finalized],
});
export const wrongStatus = result({
  id: 'core.patch.204',
  verdict: 'fail',
  violation: { expected: 'status 204', actual: '200 OK', matters: 'strict clients refuse the answer' },
  evidence: [chunk],
  curl: ['curl -i -X PATCH -H \'Upload-Offset: 0\' "$UPLOAD"'],
});
const advised = result({
  id: 'core.options.tus-version',
  verdict: 'warn',
  level: 'SHOULD',
  violation: { expected: 'Tus-Version', actual: 'no Tus-Version', matters: 'clients do not recognise it' },
});

/** One of everything that a check can come to. */
export const everyVerdict: readonly ReportedResult[] = [
  result({ id: 'core.head.status', verdict: 'pass', impact: 'resume' }),
  advised,
  wrongStatus,
  lost,
  result({
    id: 'core.head.monotonic',
    verdict: 'warn',
    level: 'SHOULD',
    impact: 'resume',
    expectedFailure: 'known since spring, ticket 12',
    violation: { expected: 'no smaller offset', actual: '3 after 5', matters: 'clients give up' },
  }),
  result({
    id: 'core.version.missing',
    verdict: 'note',
    level: 'MAY',
    impact: 'advice',
    remark: 'answered 400 rather than 412',
  }),
  result({ id: 'http.flood', verdict: 'skip', impact: 'security', remark: 'only with --intrusive' }),
  result({ id: 'auth.none', verdict: 'skip', impact: 'security', remark: 'needs --token' }),
  result({ id: 'auth.other', verdict: 'skip', impact: 'security', remark: 'needs --token' }),
  result({ id: 'pulse.finalize.200', verdict: 'blocked', remark: 'the last chunk was refused: 500 Oops' }),
  result({ id: 'pulse.finalize.size', verdict: 'blocked', remark: 'the last chunk was refused: 500 Oops' }),
  result({
    id: 'data.canary',
    verdict: 'error',
    impact: 'data',
    remark: 'x is not a function (at y.ts:1:2)',
  }),
];

export function report(made: Partial<VerifyReport> = {}): VerifyReport {
  const results = made.results ?? everyVerdict;
  const expected = new Set(results.flatMap(({ id, expectedFailure }) => (expectedFailure ? [id] : [])));
  return {
    format: 'pulse-upload-verify-report',
    formatVersion: 1,
    tool: { name: 'pulse-upload', version: '1.2.3', suite: '0123456789ab' },
    target: {
      server,
      protocol: 'pulse',
      assumptions: ['pulse, because /health answered OK', 'no extensions advertised'],
      contentComparedBy: 'finalize',
    },
    command: `pulse-upload verify ${server} --seed 7`,
    seed: 7,
    runId: 'a1b2c3',
    strict: false,
    started: '2026-01-31T12:00:00.000Z',
    elapsedMs: 4210,
    requests: 1204,
    sentBytes: 12_900_000,
    counts: counted(results, expected),
    exitCode: 1,
    leftovers: { created: 88, removed: 80 },
    staleExpectations: [],
    ...made,
    results,
  };
}
