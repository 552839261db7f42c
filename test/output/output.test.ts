import { describe, expect, test } from 'vitest';
import type { PulseEvent } from '../../src/events.ts';
import { createOutput, hasBoxDrawing, type OutputChoice } from '../../src/output/output.ts';
import type { Environment } from '../../src/output/paint.ts';
import {
  created,
  done,
  end,
  exchange,
  failed,
  progress,
  resumed,
  retry,
  sha256,
  sizeBytes,
  start,
  url,
  warning,
} from './events.ts';
import { type FakeStream, fakeStream } from './fake-stream.ts';

const usual: OutputChoice = { json: false, quiet: false, verbose: false, noColor: false, progress: 'auto' };
const startedMs = Date.parse('2026-01-31T12:00:00Z');

interface Screenful {
  readonly out: FakeStream;
  readonly err: FakeStream;
}

/** Shows these events, three seconds apart, and hands back what was written. */
async function shown(
  events: readonly PulseEvent[],
  choice: Partial<OutputChoice> = {},
  { out, err }: Screenful = { out: fakeStream(), err: fakeStream() },
  environment: Environment = {},
): Promise<Screenful> {
  let nowMs = startedMs;
  const now = () => new Date(nowMs);
  const output = await createOutput({ ...usual, ...choice }, { out, err, environment, now });
  for (const event of events) {
    output.report(event);
    nowMs += 3000;
  }
  output.close();
  return { out, err };
}

const terminals = (columns = 80): Screenful => ({ out: fakeStream(columns), err: fakeStream(columns) });
const story = [start, created, progress(0), progress(2_000_000), retry, progress(sizeBytes), done, end(0, 1)];
const block = [
  'video.mp4 uploaded in 2.0 s, 2.0 MiB/s',
  `  url     ${url}`,
  '  video   v-7',
  '  size    4,194,321 bytes (4.0 MiB)',
  `  sha256  ${sha256}`,
  '  proven  yes, the server holds exactly these bytes',
  '',
].join('\n');

describe('into pipes', () => {
  test('stdout gets the URL alone, stderr timed lines and the result', async () => {
    const { out, err } = await shown(story);
    expect(out.text()).toBe(`${url}\n`);
    expect(err.text()).toBe(
      [
        '2026-01-31T12:00:00Z video.mp4: 4.0 MiB to send to http://127.0.0.1:8080/',
        '2026-01-31T12:00:15Z video.mp4: 100 %, 4.0 MiB of 4.0 MiB, 1.0 MiB/s',
        block,
      ].join('\n'),
    );
  });

  test('there is at most one line of progress in ten seconds', async () => {
    const many = Array.from({ length: 21 }, (_, index) => progress(index * 1000));
    const { err } = await shown([start, ...many]);
    const times = [...err.text().matchAll(/T12:00:(\d\d)Z video.mp4: \d+ %/g)].map(([, seconds]) => seconds);
    expect(times).toEqual(['12', '24', '36', '48']);
  });

  test('nothing carries a control character', async () => {
    const { out, err } = await shown([...story, failed, warning, resumed], { verbose: true });
    expect(out.text() + err.text()).toMatch(/^[\n\x20-\x7e]*$/);
  });
});

describe('on a terminal', () => {
  test('a bar comes and goes, and the result stays, with its URL once', async () => {
    const { out, err } = await shown(story, {}, terminals(), { NO_COLOR: '1', LANG: 'C.UTF-8' });
    expect(out.text()).toBe('');
    expect(err.text()).toContain('━');
    expect(err.screen()).toBe(block);
  });

  test('a stdout that is piped gets the URL all the same', async () => {
    const { out } = await shown(story, {}, { out: fakeStream(), err: fakeStream(80) });
    expect(out.text()).toBe(`${url}\n`);
  });

  test('TERM=dumb gets plain lines', async () => {
    const { err } = await shown(story, {}, terminals(), { TERM: 'dumb' });
    expect(err.text()).toContain('2026-01-31T12:00:15Z video.mp4: 100 %');
    expect(err.text()).not.toContain('\x1b');
  });

  test('colours follow the terminal, NO_COLOR and --no-color', async () => {
    const colored = async (choice: Partial<OutputChoice>, environment: Environment) =>
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of colours
      /\x1b\[3\dm/.test((await shown([failed], choice, terminals(), environment)).err.text());
    expect(await colored({}, {})).toBe(true);
    expect(await colored({}, { NO_COLOR: '1' })).toBe(false);
    expect(await colored({ noColor: true }, { FORCE_COLOR: '1' })).toBe(false);
  });

  test('hostile names and messages reach it as readable text', async () => {
    const evil = { ...failed, file: 'a\x1b[2Jb.mp4', message: 'no\r\nerror: \x9b31mfake' } as PulseEvent;
    const { err } = await shown([evil], {}, terminals(), { NO_COLOR: '1' });
    expect(err.text()).toBe(
      'error: a\\u{1b}[2Jb.mp4: no\\r\\nerror: \\u{9b}31mfake\n next: run the same command again: it resumes\n',
    );
  });
});

describe('with --quiet', () => {
  test('stderr stays empty unless something fails, and stdout keeps the URL', async () => {
    const { out, err } = await shown([...story, warning], { quiet: true }, terminals());
    expect(err.text()).toBe('');
    expect(out.text()).toBe(`${url}\n`);
  });

  test('an error is told', async () => {
    const { err } = await shown([start, failed, end(4, 0, 1)], { quiet: true });
    expect(err.text()).toBe(
      'error: video.mp4: PATCH answered 503\n next: run the same command again: it resumes\n',
    );
  });
});

describe('with --progress none', () => {
  test('there is no progress, but the result and the warnings', async () => {
    const { err } = await shown([start, warning, ...story.slice(1)], { progress: 'none' });
    expect(err.text()).toBe(`warning: video.mp4: the status is not complete\n${block}`);
  });
});

describe('with --json', () => {
  test('every event is one compact line on stdout, type and time first, and stderr stays silent', async () => {
    const { out, err } = await shown(story, { json: true }, terminals());
    const lines = out.text().split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(story.map(({ type }) => type));
    expect(lines[1]).toBe(
      `{"type":"upload.created","time":"2026-01-31T12:00:03.000Z","file":"video.mp4","url":"${url}"}`,
    );
    expect(err.text()).toBe('');
  });

  test('exchanges are events with --verbose only', async () => {
    expect((await shown([exchange], { json: true })).out.text()).toBe('');
    expect((await shown([exchange], { json: true, verbose: true })).out.text()).toContain('"http.exchange"');
  });

  test('names keep their bytes, escaped as JSON', async () => {
    const odd = { ...created, file: 'a\n\x1b\u2028"b' } as PulseEvent;
    const { out } = await shown([odd], { json: true });
    expect(out.text()).toMatch(/^[ -~\u2028]*\n$/);
    expect(JSON.parse(out.text()).file).toBe('a\n\x1b\u2028"b');
  });

  test('people still read failures and warnings, and a bar where they ask for one', async () => {
    const { err } = await shown([warning, failed], { json: true });
    expect(err.text()).toBe(
      'warning: video.mp4: the status is not complete\nerror: video.mp4: PATCH answered 503\n next: run the same command again: it resumes\n',
    );
    const asked = await shown(story, { json: true, progress: 'bar' }, terminals(), { NO_COLOR: '1' });
    expect(asked.err.text()).toContain('video.mp4');
    expect(asked.out.text()).toContain('"upload.done"');
  });
});

test('after an interruption the way to resume stands last, below what was stopped', async () => {
  const err = fakeStream();
  const output = await createOutput(usual, {
    out: fakeStream(),
    err,
    environment: {},
    now: () => new Date(),
  });
  output.report({ ...failed, kind: 'interrupted', message: 'video.mp4 was interrupted' } as PulseEvent);
  output.printNext('pulse-upload video.mp4');
  expect(err.text()).toBe('stopped: video.mp4 was interrupted\n   next: pulse-upload video.mp4\n');
});

test.each<[Environment, boolean]>([
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, false],
  [{ LC_ALL: '', LANG: 'C.utf8' }, true],
  [{}, false],
  [{ WT_SESSION: '1' }, true],
])('the environment %o has box-drawing characters: %s', (environment, expected) => {
  expect(hasBoxDrawing(environment)).toBe(expected);
});
