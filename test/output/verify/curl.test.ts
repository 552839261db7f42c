import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { curlCommand } from '../../../src/output/verify/curl.ts';
import { curlSteps } from '../../../src/output/verify/curl-steps.ts';
import type { BodyRecord, Exchange } from '../../../src/verify/recording.ts';
import {
  chunk,
  chunkType,
  created,
  cutAndRefused,
  cutChunk,
  exchange,
  fileBody,
  finalized,
  head,
  noBody,
  server,
  textBody,
  uploadUrl,
} from './made-up.ts';

const isPosix = process.platform !== 'win32';

/** Runs a line in sh, and hands back whether it ended well. */
async function shell(line: string): Promise<{ code: number | null; stdout: string }> {
  const child = spawn('sh', ['-c', line], { stdio: ['ignore', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  const [code] = await once(child, 'close');
  return { code: code as number | null, stdout };
}

interface Got {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
}

const got: Got[] = [];
const listener = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const { method, url = '', rawHeaders } = request;
    const headers = rawHeaders.flatMap((name, at) =>
      at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : [],
    );
    got.push({ line: `${method} ${url}`, headers, body: Buffer.concat(parts).toString('latin1') });
    response.writeHead(201, { LOCATION: `/uploads/id-${got.length}` }).end('{}');
  });
});
let base = '';

beforeAll(async () => {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  base = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
afterAll(() => {
  listener.close();
});

/** The same exchange with the server of this test. */
function here(made: Parameters<typeof exchange>[1]): Exchange {
  return exchange(1, { ...made, url: made.url.replace(server, base) });
}

/** The box that begins an MP4 file. */
const videoStart = '\0\0\0\x10ftypisom\0\0\x02\0';

/** What every curl sends besides what it was told. */
const ownHeaders = /^(Host|User-Agent|Accept):/i;

describe.skipIf(!isPosix)('a curl command, run by sh', () => {
  test.each<[string, Parameters<typeof exchange>[1], string]>([
    ['GET', { method: 'GET', url: `${server}/health` }, ''],
    ['HEAD', { method: 'HEAD', url: uploadUrl }, ''],
    ['OPTIONS', { method: 'OPTIONS', url: `${server}/uploads` }, ''],
    ['DELETE', { method: 'DELETE', url: uploadUrl }, ''],
    [
      'POST without a body',
      { method: 'POST', url: `${server}/uploads`, headers: [['Upload-Length', '10']] },
      '',
    ],
    [
      'PATCH of file bytes, as so many of one letter',
      {
        method: 'PATCH',
        url: uploadUrl,
        headers: [['Upload-Offset', '0'], chunkType],
        body: fileBody(3, 3000),
      },
      'h'.repeat(2997),
    ],
    ...(
      [
        [0, 3000, `${videoStart}${'h'.repeat(2984)}`],
        [0, 16, videoStart],
        [4, 10, 'ftypis'],
        [16, 20, 'hhhh'],
      ] as const
    ).map(([from, to, body]): [string, Parameters<typeof exchange>[1], string] => [
      `PATCH of the bytes ${from} to ${to} of a video`,
      { method: 'PATCH', url: uploadUrl, headers: [chunkType], body: fileBody(from, to, { opening: 'mp4' }) },
      body,
    ]),
    [
      'PATCH without Content-Type',
      { method: 'PATCH', url: uploadUrl, headers: [['Upload-Offset', '0']], body: fileBody(0, 5) },
      'h'.repeat(5),
    ],
    [
      'PATCH of another file, as another letter',
      { method: 'PATCH', url: uploadUrl, headers: [chunkType], body: fileBody(0, 5, { seed: 8 }) },
      'iiiii',
    ],
    [
      'bytes whose look matters, as they are',
      {
        method: 'PATCH',
        url: uploadUrl,
        headers: [chunkType],
        body: {
          ...noBody,
          sizeBytes: 6,
          parts: [
            { payload: { kind: 'literal', base64: 'PGh0bWw+', sizeBytes: 6 }, from: 0, to: 6, atBytes: 0 },
          ],
        },
      },
      '<html>',
    ],
    [
      'binary bytes',
      {
        method: 'PATCH',
        url: uploadUrl,
        headers: [chunkType],
        body: { ...noBody, sizeBytes: 4, base64: Buffer.from([0, 255, 10, 13]).toString('base64') },
      },
      '\x00\xff\n\r',
    ],
    [
      'JSON with every kind of quote',
      {
        method: 'POST',
        url: `${server}/uploads/finalize`,
        body: textBody(`{"a":"it's $HOME \`x\` \\\\ %s"}`),
      },
      `{"a":"it's $HOME \`x\` \\\\ %s"}`,
    ],
    [
      'a header twice, one without a value, and one with quotes',
      {
        method: 'HEAD',
        url: `${uploadUrl}?a=1&b=2`,
        headers: [
          ['Upload-Offset', '0'],
          ['Upload-Offset', '5'],
          ['Upload-Metadata', ''],
          ['X-Odd', `"it's"`],
        ],
      },
      '',
    ],
  ])('sends %s as it was recorded', async (_, made, body) => {
    const wanted = here(made);
    const before = got.length;
    const { code } = await shell(`${curlCommand(wanted)} -s`);
    expect(code).toBe(0);
    const [last] = got.slice(before);
    expect(last?.line).toBe(`${wanted.sent.method} ${wanted.sent.target}`);
    expect(last?.body).toBe(body);
    const headers = wanted.sent.headers.map(([name, value]) => `${name}: ${value}`);
    const own = (lines: readonly string[] = []) => lines.filter((line) => !ownHeaders.test(line)).toSorted();
    expect(own(last?.headers)).toEqual(own(headers));
  });
});

describe.skipIf(!isPosix)('a token', () => {
  test('is taken from a variable of the shell, in headers and in JSON', async () => {
    const made = here({
      method: 'POST',
      url: `${server}/uploads/finalize`,
      headers: [
        ['X-Upload-Token', "<owner's token>"],
        ['X-Other', "Bearer <stranger's token>"],
      ],
      body: { ...textBody(`{"uploadToken":"<owner's token>"}`), sizeBytes: 40 },
    });
    const before = got.length;
    const line = curlCommand({ ...made, sent: { ...made.sent, writtenBytes: 40 } });
    expect((await shell(`TOKEN='a "b' SECOND_TOKEN=c; ${line} -s`)).code).toBe(0);
    expect(got[before]?.headers).toEqual(
      expect.arrayContaining(['X-Upload-Token: a "b', 'X-Other: Bearer c']),
    );
    expect(got[before]?.body).toBe('{"uploadToken":"a "b"}');
  });
});

describe('there is no curl command for', () => {
  const patch = { method: 'PATCH', url: uploadUrl, headers: [chunkType] } as const;
  const long: BodyRecord = { ...textBody('short'), sizeBytes: 5000 };
  const withHeaders = (found: Exchange, headers: Exchange['sent']['headers']): Exchange => ({
    ...found,
    sent: { ...found.sent, headers },
  });
  const post = exchange(1, { method: 'POST', url: `${server}/uploads` });

  test.each<[string, Exchange]>([
    ['a request that was cut', cutChunk],
    [
      'a body of which a part was held back',
      exchange(1, { ...patch, body: fileBody(0, 9), writtenBytes: 4 }),
    ],
    ['a body that is not all there', exchange(1, { ...patch, body: long })],
    ['a method in small letters', exchange(1, { ...patch, method: 'patch' })],
    ['another target than that of the URL', { ...head, sent: { ...head.sent, target: '/uploads/../x' } }],
    ['chunks', exchange(1, { ...patch, headers: [['Transfer-Encoding', 'chunked']] })],
    [
      'a length that is not true',
      withHeaders(post, [
        ['Host', 'a'],
        ['Content-Length', '7'],
      ]),
    ],
    [
      'two lengths',
      withHeaders(post, [
        ['Host', 'a'],
        ['Content-Length', '0'],
        ['Content-Length', '0'],
      ]),
    ],
    ['no Host', withHeaders(head, [['Tus-Resumable', '1.0.0']])],
    ['a name that is none', exchange(1, { ...patch, headers: [['Upload Offset', '0']] })],
    ['what would fill the screen', exchange(1, { ...patch, headers: [['X-Filler', 'x'.repeat(2000)]] })],
    ['a value with a line break', exchange(1, { ...patch, headers: [['X', 'a\r\nY: b']] })],
  ])('%s', (_, found) => {
    expect(curlCommand(found)).toBeUndefined();
  });
});

describe('the steps to a finding', () => {
  const more = exchange(6, { method: 'PATCH', url: uploadUrl, headers: [chunkType], body: fileBody(0, 2) });

  test('of a request that is about no upload are that request', () => {
    const health = exchange(7, { method: 'GET', url: `${server}/health` });
    expect(curlSteps([created, chunk, health], health)).toEqual([curlCommand(health)]);
  });

  test('are the creation, what changed the upload, and the request itself', () => {
    const [create, ...rest] = curlSteps([created, head, chunk, more], more);
    expect(create).toMatch(/^UPLOAD=http:\/\/127\.0\.0\.1:8080\$\(curl -si -X POST .*\/uploads \| tr /);
    expect(rest).toEqual([
      expect.stringMatching(/^head -c 648576 \/dev\/zero \| tr '\\0' h \| curl -i -X PATCH .* "\$UPLOAD"$/),
      expect.stringMatching(/^head -c 2 \/dev\/zero \| tr '\\0' h \| curl -i -X PATCH .* "\$UPLOAD"$/),
    ]);
  });

  test('repeat what was refused, and leave out what carried nothing', () => {
    const refused = { ...chunk, n: 2, startedMs: 20, endedMs: 22, answer: { ...chunk.answer, status: 409 } };
    const empty = exchange(3, { method: 'PATCH', url: uploadUrl, headers: [chunkType] });
    expect(curlSteps([created, refused as Exchange, empty, more], more)).toHaveLength(3);
  });

  test('are none where one of them was cut, even if the server answered that', () => {
    expect(curlSteps([created, cutChunk, head, chunk, finalized], finalized)).toEqual([]);
    expect(curlSteps([created, cutAndRefused, head, chunk, finalized], finalized)).toEqual([]);
  });

  test('are none where requests overlapped', () => {
    const alongside = { ...head, n: 5, startedMs: more.startedMs, endedMs: more.endedMs ?? 0 };
    expect(curlSteps([created, alongside, more], more)).toEqual([]);
  });

  test('are none where nobody would paste so many', () => {
    const chunks = [2, 3, 4, 5, 6].map((n) =>
      exchange(n, { method: 'PATCH', url: uploadUrl, headers: [chunkType], body: fileBody(n, n + 1) }),
    );
    expect(curlSteps([created, ...chunks], exchange(7, { method: 'HEAD', url: uploadUrl }))).toEqual([]);
  });

  test.skipIf(!isPosix)(
    'work in sh: a fresh upload takes the place of the recorded one, in URL and JSON',
    async () => {
      const local = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(server, base)) as T;
      const before = got.length;
      const steps = curlSteps(local([created, chunk, finalized]), local(finalized));
      expect(steps).toHaveLength(3);
      expect((await shell(steps.join('\n'))).code).toBe(0);
      const fresh = `id-${before + 1}`;
      expect(got.slice(before).map(({ line }) => line)).toEqual([
        'POST /uploads',
        `PATCH /uploads/${fresh}`,
        'POST /uploads/finalize',
      ]);
      expect(got.at(-1)?.body).toBe(`{"uploadId":"${fresh}","filename":"pulse-verify-a1b2c3-cut-1.bin"}`);
    },
  );
});
