import { describe, expect, test } from 'vitest';
import type { Environment } from '../../../src/output/paint.ts';
import { createVerifyOutput, type VerifyOutputChoice } from '../../../src/output/verify/verify-output.ts';
import { type FakeStream, fakeStream } from '../fake-stream.ts';
import { checkEnd, scenarioEnd, scenarioStart, start } from './events.ts';
import { everyVerdict, report } from './made-up.ts';

const usual: VerifyOutputChoice = { json: false, quiet: false, verbose: false, noColor: false, written: [] };
const time = '2026-01-31T12:00:00.000Z';

async function shown(
  choice: Partial<VerifyOutputChoice> = {},
  { out, err }: { out: FakeStream; err: FakeStream } = { out: fakeStream(), err: fakeStream() },
  environment: Environment = {},
) {
  const output = await createVerifyOutput(
    { ...usual, ...choice },
    { out, err, environment, now: () => new Date(time), version: '1.2.3' },
  );
  output.report(start);
  output.report(scenarioStart('basic-flow'));
  output.report(checkEnd('core.head.status', 'pass'));
  output.report(checkEnd('core.patch.204', 'fail'));
  output.report(scenarioEnd('basic-flow'));
  output.finish(report({ results: everyVerdict }));
  output.close();
  return { out: out.text(), err: err.text() };
}

const events = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('into pipes', () => {
  test('the whole story is on stdout, the verdict last, and nothing on stderr', async () => {
    const { out, err } = await shown();
    expect(err).toBe('');
    expect(out).toMatch(
      /^pulse-upload verify 1\.2\.3: http:\/\/127\.0\.0\.1:8080\n {2}assumed {3}pulse, because/,
    );
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/^not conformant: /);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
    expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  test('the files that were written are named below what was sent, one a line', async () => {
    const { out } = await shown({ written: ['a.html', 'b\x1b.xml'] });
    expect(out).toMatch(/\n {2}sent .*\n(?: {2}stale .*\n)* {2}files {5}a\.html\n {12}b\S+\.xml\n/);
    expect((await shown()).out).not.toMatch(/^ {2}files/m);
  });

  test('--quiet leaves out the header', async () => {
    expect((await shown({ quiet: true })).out).toMatch(/^warn {2}core\.options\.tus-version/);
  });
});

describe('--json', () => {
  test('writes each event as one line with type and time, the end last', async () => {
    const { out, err } = await shown({ json: true });
    expect(err).toBe('');
    const lines = events(out);
    expect(lines.map(({ type }) => type)).toEqual([
      'verify.start',
      'scenario.start',
      'check.end',
      'check.end',
      'scenario.end',
      'run.end',
    ]);
    expect(lines.every((line) => line.time === time)).toBe(true);
    expect(lines.at(-1)).toMatchObject({ exitCode: 1, elapsedMs: 4210, fail: 2, expected: 1, skip: 3 });
  });

  test('leaves out the exchanges of what passed, unless everything is asked for', async () => {
    const exchanges = async (choice: Partial<VerifyOutputChoice>) =>
      events((await shown({ json: true, ...choice })).out)
        .filter(({ type }) => type === 'check.end')
        .map((event) => event.exchanges.length);
    expect(await exchanges({})).toEqual([0, 1]);
    expect(await exchanges({ verbose: true })).toEqual([1, 1]);
  });

  test('ends with zeros where a signal came before the first check', async () => {
    const out = fakeStream();
    const output = await createVerifyOutput(
      { ...usual, json: true },
      { out, err: fakeStream(), environment: {}, now: () => new Date(time), version: '1.2.3' },
    );
    output.stopped(143);
    expect(events(out.text())).toEqual([
      expect.objectContaining({ type: 'run.end', exitCode: 143, pass: 0, fail: 0 }),
    ]);
  });
});

describe('on a terminal', () => {
  const terminals = () => ({ out: fakeStream(80), err: fakeStream(80) });

  test('colours are there, unless they are refused', async () => {
    expect((await shown({}, terminals())).out).toContain('\x1b[');
    expect((await shown({ noColor: true }, terminals())).out).not.toContain('\x1b[');
    expect((await shown({}, terminals(), { NO_COLOR: '1' })).out).not.toContain('\x1b[');
  });

  test('lines fit its width', async () => {
    const { out } = await shown({ noColor: true }, terminals());
    const prose = out.split('\n').filter((line) => /^ {2}(assumed|expected|came|matters|counts)/.test(line));
    expect(prose.length).toBeGreaterThan(5);
    expect(Math.max(...prose.map((line) => line.length))).toBeLessThan(80);
  });

  test('a run that was stopped says so', async () => {
    const { out, err } = terminals();
    const output = await createVerifyOutput(
      { ...usual, noColor: true },
      { out, err, environment: {}, now: () => new Date(time), version: '1.2.3' },
    );
    output.stopped(130);
    expect(err.text()).toBe('stopped: before the first check\n');
    expect(out.text()).toBe('');
  });
});
