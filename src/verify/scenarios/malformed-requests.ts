import type { Probe } from '../probe/probe.ts';
import type { RequestOptions } from '../probe/request.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { type Trial, trialOf } from './trial.ts';

/** Requests that no client sends, with bodies so small that the refusal always gets through. */

const SIZE_BYTES = 20;
/** A server that has not made up its mind by then waits for bytes that never come. */
const PATIENCE_MS = 5000;
/**
 * A malformed chunk goes over a connection of its own: closed instead of an answer it would be sent again, as over an
 * idle one, and meet what it has left behind.
 */
const oddChunk: RequestOptions = { alone: true, timeoutMs: PATIENCE_MS };

/** What became of a request with something broken in it. */
export interface Odd {
  /** What is odd about it, in a few words. */
  readonly what: string;
  readonly exchange: Exchange;
}

/** A request that says its length twice, in two ways. */
export const twoFramings = scenario({
  id: 'two-framings',
  does: 'sends a PATCH with both Content-Length and Transfer-Encoding, and watches the connection',
  run: async (probe) => {
    const file = probe.payload(SIZE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const body = ['5\r\n', file.part(0, 5), '\r\n0\r\n\r\n'];
    const link = await probe.open();
    const options = probe.patchOptions(0, body, { headers: { 'Transfer-Encoding': 'chunked' } });
    const request = { ...options, method: 'PATCH', url: new URL(upload.url), timeoutMs: PATIENCE_MS };
    const exchange = await link.send(request);
    const peer = await link.peerEnd(1000);
    link.close();
    return { ...(await trialOf(probe, upload, 0, async () => exchange)), peer };
  },
});

export const contradictingLengths = scenario({
  id: 'contradicting-lengths',
  does: 'sends a PATCH with the two Content-Length values 5 and 6',
  run: async (probe) => {
    const file = probe.payload(SIZE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const headers = { 'Content-Length': ['5', '6'] };
    return trialOf(probe, upload, 0, () => probe.patch(upload, 0, file.part(0, 6), { ...oddChunk, headers }));
  },
});

export const senselessLengths = scenario({
  id: 'senseless-lengths',
  does: 'sends PATCHes with Content-Length -1, abc, and 5,5',
  run: async (probe) => {
    const file = probe.payload(SIZE_BYTES);
    const trials: (Trial & { readonly value: string })[] = [];
    for (const value of ['-1', 'abc', '5,5']) {
      const upload = await probe.create(file.sizeBytes);
      const options = { ...oddChunk, headers: { 'Content-Length': value } };
      const trial = await trialOf(probe, upload, 0, () => probe.patch(upload, 0, file.part(0, 5), options));
      trials.push({ ...trial, value });
    }
    return { trials };
  },
});

export const badChunkSize = scenario({
  id: 'bad-chunk-size',
  does: 'sends a chunked PATCH whose second chunk has the size "zz", then sends the rest and reads the content back',
  run: async (probe) => {
    const file = probe.payload(SIZE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const body = ['5\r\n', file.part(0, 5), '\r\nzz\r\n', file.part(5, 10), '\r\n0\r\n\r\n'];
    const headers = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' };
    const exchange = await probe.patch(upload, 0, body, { ...oddChunk, headers });
    const after = await probe.settle(upload);
    const finish = await probe.finish(upload, file);
    return { exchange, after, finish, content: await probe.content(upload, file) };
  },
});

export const hugeHead = scenario({
  id: 'huge-head',
  does: 'sends a HEAD with 64 KiB of headers',
  sendsBytes: 64 * 1024,
  run: async (probe) => {
    const upload = await probe.create(SIZE_BYTES);
    const lines = Object.fromEntries(
      Array.from({ length: 16 }, (_, index) => [`X-Filler-${index}`, 'x'.repeat(4080)]),
    );
    const exchange = await probe.head(upload, { headers: lines, timeoutMs: PATIENCE_MS });
    return { exchange, alive: await probe.alive() };
  },
});

/** Request-targets that lead nowhere. */
export const oddTargets = scenario({
  id: 'odd-targets',
  does: 'asks HEAD on a path of 9,000 characters, HEAD on paths with broken percent-encoding, and GET on one of them',
  run: async (probe) => {
    const upload = await probe.create(SIZE_BYTES);
    const ask = (segment: string) =>
      probe.head(upload, { target: siblingTarget(upload.url, segment), timeoutMs: PATIENCE_MS });
    const long = await ask('a'.repeat(9000));
    const percents: Odd[] = [];
    for (const segment of ['%zz', '%', '%00', '%ff']) {
      percents.push({ what: segment, exchange: await ask(segment) });
    }
    // The answer to HEAD has no body that could show what it should not.
    const target = siblingTarget(upload.url, '%zz');
    const gotten = await probe.request('GET', upload.url, { target, timeoutMs: PATIENCE_MS });
    return { long, percents, gotten };
  },
});

export const oddMethods = scenario({
  id: 'odd-methods',
  does: 'sends the methods BREW and TRACE, and a CONNECT to the server itself',
  run: async (probe) => {
    const upload = await probe.create(SIZE_BYTES);
    const { host } = new URL(probe.target.createUrl);
    const options: RequestOptions = { timeoutMs: PATIENCE_MS, headers: { 'X-Echo': ECHO } };
    const asked: Odd[] = [];
    const ask = async (method: string, url: string, target?: string) => {
      const exchange = await probe.request(method, url, { ...options, ...(target && { target }) });
      asked.push({ what: method, exchange });
    };
    await ask('BREW', upload.url);
    await ask('TRACE', probe.target.createUrl);
    await ask('CONNECT', probe.target.createUrl, host);
    return { asked, alive: await probe.alive() };
  },
});

/** What a TRACE that is obeyed gives back. */
export const ECHO = 'pulse-verify-echo';

/** The probes that have taken servers down, each with a look whether it is still there. */
export const abuse = scenario({
  id: 'abuse',
  does: 'sends bytes that are no HTTP, a broken chunk, and connections that are reset, and asks after each whether the server still answers',
  alone: true,
  run: async (probe) => {
    const file = probe.payload(SIZE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const rounds: Survival[] = [];
    for (const [what, act] of Object.entries(abuses)) {
      await act(probe, upload);
      rounds.push({ what, alive: await probe.alive() });
      await untilBack(probe);
    }
    return { rounds };
  },
});

export interface Survival {
  readonly what: string;
  readonly alive: Exchange;
}

const abuses: Readonly<Record<string, (probe: Probe, upload: Upload) => Promise<unknown>>> = {
  'a chunk size that is no number': (probe, upload) => {
    const headers = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' };
    return probe.patch(upload, 0, 'zz\r\n\r\n', { headers, timeoutMs: PATIENCE_MS });
  },
  'an unknown method': (probe, upload) => probe.request('BREW', upload.url, { timeoutMs: PATIENCE_MS }),
  // An upload of its own: another may still be locked by what came before, and a chunk that is refused is not read.
  'a reset inside a chunk': async (probe) =>
    probe.patch(await probe.create(SIZE_BYTES), 0, 'x'.repeat(SIZE_BYTES), {
      cut: { afterBytes: 5, by: 'reset' },
    }),
  'a reset inside a creation': (probe) =>
    probe.post(SIZE_BYTES, {
      headers: { 'Content-Type': 'application/offset+octet-stream' },
      body: 'x'.repeat(SIZE_BYTES),
      cut: { afterBytes: 5, by: 'reset' },
    }),
  'bytes that are no HTTP': (probe, upload) =>
    probe.request('\u0016\u0003\u0001', upload.url, { timeoutMs: PATIENCE_MS }),
};

/** A server that somebody starts again gets a moment, so that the next probe is judged by itself. */
async function untilBack(probe: Probe): Promise<void> {
  for (const pauseMs of [100, 200, 400, 800, 1500]) {
    const last = probe.exchanges.at(-1);
    if (last?.answer !== undefined) return;
    await probe.pause(pauseMs);
    await probe.alive();
  }
}

/** The request-target of an upload's neighbour, as written: nothing in it is encoded or normalised, a slash behind it kept. */
export function siblingTarget(uploadUrl: string, segment: string): string {
  return new URL(uploadUrl).pathname.replace(/[^/]*(\/?)$/, (_, slash) => `${segment}${slash}`);
}
