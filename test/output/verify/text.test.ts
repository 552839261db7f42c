import { describe, expect, test } from 'vitest';
import { createPaint, noPaint } from '../../../src/output/paint.ts';
import { displayWidth } from '../../../src/output/text.ts';
import { headerLines } from '../../../src/output/verify/header.ts';
import type { ReportedResult, VerifyReport } from '../../../src/output/verify/report.ts';
import { quietReportLines, reportLines } from '../../../src/output/verify/text.ts';
import type { VerifyView } from '../../../src/output/verify/view.ts';
import type { Exchange } from '../../../src/verify/recording.ts';
import {
  chunk,
  created,
  cutChunk,
  everyVerdict,
  finalized,
  head,
  lost,
  report,
  result,
  server,
  wrongStatus,
} from './made-up.ts';

const pipe: VerifyView = { paint: noPaint, verbose: false };
const terminal = (columns: number, verbose = false): VerifyView => ({ paint: noPaint, verbose, columns });

function shown(made: Partial<VerifyReport> = {}, view: VerifyView = terminal(80)): string {
  return `${reportLines(report(made), view).join('\n')}\n`;
}

function lastLine(made: Partial<VerifyReport>): string {
  return reportLines(report(made), pipe).at(-1) ?? '';
}

const golden = (name: string) => `golden/${name}.golden.txt`;
const passes = (count: number) =>
  Array.from({ length: count }, (_, index) => result({ id: `core.${index}`, verdict: 'pass' }));
const blocked = (count: number, remark: string) =>
  Array.from({ length: count }, (_, index) => result({ id: `b.${index}`, verdict: 'blocked', remark }));

const skipped = (...remarks: readonly string[]) =>
  remarks.map((remark, index) => result({ id: `s.${index}`, verdict: 'skip', remark }));

describe('a run with one of every verdict', () => {
  test('at 80 columns', async () => {
    await expect(shown()).toMatchFileSnapshot(golden('80-columns'));
  });

  test('at 120 columns is not wider than people read', async () => {
    await expect(shown({}, terminal(120))).toMatchFileSnapshot(golden('120-columns'));
  });

  test('at 40 columns', async () => {
    await expect(shown({}, terminal(40))).toMatchFileSnapshot(golden('40-columns'));
  });

  test('into a pipe is not wrapped', async () => {
    await expect(shown({}, pipe)).toMatchFileSnapshot(golden('pipe'));
  });

  test('with --verbose shows passes, notes, skips and whole exchanges', async () => {
    await expect(shown({}, terminal(100, true))).toMatchFileSnapshot(golden('verbose'));
  });

  test('with --quiet is the ids of what is wrong, and the verdict', () => {
    expect(quietReportLines(report(), pipe)).toEqual([
      'warn  core.options.tus-version  MUST'.replace('MUST', 'SHOULD'),
      'fail  core.patch.204  MUST',
      'fail  data.disconnect.mid-chunk  safety',
      'blocked  pulse.finalize.200  MUST',
      'blocked  pulse.finalize.size  MUST',
      'error  data.canary  MUST',
      expect.stringMatching(/^not conformant: 2 requirements broken; 1 check ended by a mistake/),
    ]);
  });

  test('shows the end of a long story, and says how much came before', () => {
    const evidence = [created, ...[2, 3, 4].map((n) => ({ ...chunk, n })), head, chunk, finalized];
    const lines = reportLines(report({ results: [{ ...lost, evidence }] }), pipe);
    const start = lines.findIndex((line) => line.startsWith('  sent'));
    expect(lines[start]).toBe('  sent      2 requests before these (-v shows them)');
    expect(lines.slice(start + 1, start + 6).map((line) => line.trim().split(' ')[0])).toEqual([
      ...['PATCH', 'PATCH', 'HEAD', 'PATCH', 'POST'],
    ]);
  });

  test('says of a request that it was answered after others which began later', () => {
    const stalled = { ...cutChunk, sent: { ...chunk.sent }, answer: chunk.answer, endedMs: 45 } as Exchange;
    const lines = (evidence: readonly Exchange[]) =>
      reportLines(report({ results: [{ ...lost, evidence }] }), pipe).filter((line) =>
        line.includes('had ended'),
      );
    expect(lines([created, stalled, chunk, finalized])).toEqual([
      expect.stringMatching(/PATCH .* -> 204 No Content \(.*\), after the next one had ended$/),
    ]);
    expect(lines([created, { ...stalled, endedMs: 55 }, chunk, finalized])[0]).toMatch(
      /, after the next 2 had ended$/,
    );
    expect(lines([created, { ...stalled, endedMs: 22 }, chunk, finalized])).toEqual([]);
  });

  test('speaks of lost data before anything else, and of failures before warnings', () => {
    const text = shown();
    const order = [
      'DATA LOST',
      lost.id,
      'INTEROPERABILITY',
      'core.patch.204',
      'core.options.tus-version',
      'COULD NOT',
    ];
    const places = order.map((word) => text.indexOf(word));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
  });

  test('paints verdicts and nothing that is to be copied', async () => {
    const painted = reportLines(report(), { ...terminal(80), paint: await createPaint(true) }).join('\n');
    expect(painted).toContain('\x1b[1m\x1b[31mfail\x1b[39m\x1b[22m');
    expect(painted).toContain(` --seed 7 --only ${lost.id}\n`);
  });
});

describe('a server with more findings than a screen holds', () => {
  const lostAs = (id: string, matters: string) =>
    result({ ...lost, id, violation: { expected: 'a', actual: 'b', matters } });
  const findings = [
    lostAs('data.once', 'a video without its end is taken for whole'),
    lostAs('data.twice-1', 'the video is damaged'),
    lostAs('data.twice-2', 'the video is damaged'),
    ...[1, 2, 3].map((n) => result({ ...wrongStatus, id: `core.n${n}` })),
  ];
  const lastLines = (results: readonly ReportedResult[]) => reportLines(report({ results }), pipe).slice(-5);

  test('ends with what the worst of them come to, and the first of the most frequent to begin with', () => {
    expect(lastLines(findings)).toEqual([
      '  matters   2 findings: the video is damaged',
      '            1 finding: a video without its end is taken for whole',
      '            3 other findings above',
      `  begin     pulse-upload verify ${server} --seed 7 --only data.twice-1`,
      expect.stringMatching(/^not conformant: /),
    ]);
  });

  test('with fewer needs no such help', () => {
    expect(lastLines(findings.slice(1)).join()).not.toMatch(/ matters | begin /);
  });
});

describe('a good server', () => {
  const good: Partial<VerifyReport> = {
    exitCode: 0,
    results: [
      ...passes(290),
      ...everyVerdict.filter(({ verdict }) => verdict === 'skip' || verdict === 'note'),
    ],
    leftovers: { created: 88, removed: 88 },
  };
  const start = {
    type: 'verify.start',
    target: server,
    protocol: 'pulse',
    assumptions: [
      'pulse, because /health answered OK',
      'extensions: creation, creation-with-upload, termination',
      'multipart chunks are taken',
      "content is compared by finalize's checksum",
    ],
    checks: 294,
    seed: 7,
    runId: 'a1b2c3',
  } as const;

  test.each([
    [{ created: 8, removed: 8 }, '8 uploads created and removed again; up to 2 more may be there as '],
    [
      { created: 8, removed: 7 },
      '8 uploads created, 1 left there; Upload-Metadata names them pulse-verify-a1b2c3-…; up to 2 more may ',
    ],
    [{ created: 0, removed: 0 }, 'no upload was created; up to 2 more may be there as '],
  ])('is not said to be as it was where a creation was not heard of: %o', (known, words) => {
    const leftovers = { ...known, unheard: 2 };
    const lines = reportLines(report({ ...good, leftovers }), terminal(200));
    expect(lines.join('\n').replace(/\s+/g, ' ')).toContain(words);
  });

  test('fits a screen, header and prompt included', async () => {
    const lines = [...headerLines(start, '1.2.3', terminal(80)), ...reportLines(report(good), terminal(80))];
    expect(lines.length).toBeLessThan(24);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(golden('good-server'));
  });

  test('is not worth a word with --quiet', () => {
    expect(quietReportLines(report(good), pipe)).toEqual([]);
    const staleExpectations = [{ id: 'core.head.200', reason: 'issue 12' }];
    expect(quietReportLines(report({ ...good, exitCode: 1, staleExpectations }), pipe)[0]).toBe(
      'stale core.head.200: take it out of the expect-failures file',
    );
  });
});

describe('the last line', () => {
  test.each<[string, Partial<VerifyReport>, string]>([
    ['a clean run', { exitCode: 0, results: passes(2) }, 'conformant: nothing that was tried is broken'],
    [
      'warnings only',
      { exitCode: 0, results: [...passes(1), result({ id: 'w', verdict: 'warn' })] },
      'conformant: no requirement broken, 1 warning',
    ],
    [
      'warnings under --strict',
      { exitCode: 1, strict: true, results: [...passes(1), result({ id: 'w', verdict: 'warn' })] },
      'not conformant: 1 recommendation broken (--strict)',
    ],
    [
      'expected failures only',
      {
        exitCode: 0,
        results: [...passes(1), result({ id: 'f', verdict: 'fail', expectedFailure: 'known' })],
      },
      'conformant: nothing broken but what was expected',
    ],
    [
      'a stale entry',
      { exitCode: 1, results: passes(1), staleExpectations: [{ id: 'core.0', reason: 'was broken' }] },
      'not conformant: 1 stale expected failure',
    ],
    [
      'checks that could not run for one reason',
      { exitCode: 9, results: [...passes(1), ...blocked(2, 'creation was refused')] },
      'incomplete: nothing that was tried is broken; 2 checks could not run, because creation was refused',
    ],
    [
      'nothing at all that ran',
      { exitCode: 9, results: blocked(3, 'creation was refused') },
      'incomplete: no requirement could be tried; 3 checks could not run, because creation was refused',
    ],
    [
      'nothing but checks that want a flag',
      { exitCode: 9, results: skipped('only with --intrusive') },
      'incomplete: no requirement could be tried (only with --intrusive)',
    ],
    [
      'nothing but checks that were skipped for several reasons',
      { exitCode: 9, results: skipped('needs --link', 'only with --intrusive', 'needs --link') },
      'incomplete: no requirement could be tried (mostly: needs --link)',
    ],
    [
      'a mistake of ours',
      { exitCode: 70, results: [...passes(1), result({ id: 'e', verdict: 'error', remark: 'oops' })] },
      'no verdict: nothing that was tried is broken; 1 check ended by a mistake of pulse-upload',
    ],
    [
      'a signal',
      { exitCode: 130, endedEarly: 'interrupted', results: [...passes(1), ...blocked(3, 'interrupted')] },
      'interrupted: nothing that was tried is broken; 3 checks could not run',
    ],
  ])('after %s', (_, made, line) => {
    expect(lastLine(made)).toBe(line);
  });

  test('says when nothing could be read back', () => {
    const { contentComparedBy: _, ...target } = report().target;
    expect(lastLine({ exitCode: 0, results: passes(1), target })).toBe(
      'conformant: nothing that was tried is broken; content not verified',
    );
  });
});

describe('why checks were skipped', () => {
  test('is said of the most frequent reasons, and of what a flag would let run', () => {
    const reasons = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((reason, index) =>
      Array.from({ length: 9 - index }, () => reason),
    );
    const results = skipped(...reasons, 'only with --intrusive', 'only with --slow', 'only with --slow');
    expect(shown({ results }, pipe)).toContain(
      'skipped   a (9); b (8); c (7); d (6); only with --slow (2); only with --intrusive (1); other reasons (9)',
    );
    expect(shown({ results }, terminal(200, true))).not.toContain('other reasons');
  });
});

describe('what kept checks from running', () => {
  test('comes first where it kept most of them, and names a few', () => {
    const text = shown({ results: [...everyVerdict, ...blocked(40, 'POST answered 500')] });
    expect(text).toMatch(
      /^COULD NOT BE TRIED\n\n {2}40 checks: POST answered 500\n {4}b\.0, b\.1, b\.2, b\.3, b\.4, 35 more\n/,
    );
  });

  test('comes first where it kept most of those that apply, however many were skipped', () => {
    const skipped = passes(60).map((result) => ({ ...result, verdict: 'skip' as const }));
    const text = shown({ results: [...everyVerdict, ...skipped, ...blocked(40, 'POST answered 500')] });
    expect(text).toMatch(/^COULD NOT BE TRIED\n/);
  });

  test('is shown whole by -v, once for each reason, and otherwise it is said that -v does so', () => {
    const why = [...blocked(2, 'POST answered 500'), ...blocked(1, 'HEAD answered 500')];
    const results = why.map((each) => ({
      ...each,
      evidence: [created, cutChunk, chunk, chunk, chunk, head],
    }));
    const verbose = shown({ exitCode: 9, results }, terminal(100, true));
    expect(verbose.match(/HEAD \/uploads\/1dc0e5fd/g)).toHaveLength(2);
    expect(verbose).toMatch(/1 request before these \(--record keeps them\)\n {2}sent {6}/);
    const short = shown({ exitCode: 9, results });
    expect(short).not.toContain('/uploads/1dc0e5fd');
    expect(short).toContain('  more      -v shows whole exchanges; ');
    const nothingSent = { exitCode: 9, results: why };
    expect(shown(nothingSent)).not.toContain('  more ');
  });

  test('is not listed for whoever stopped the run', () => {
    const text = shown({ exitCode: 130, endedEarly: 'interrupted', results: blocked(9, 'interrupted') });
    expect(text).not.toContain('COULD NOT BE TRIED');
    expect(text).toContain('  ended     early: interrupted\n');
  });
});

describe('text from a server', () => {
  const hostile = '\x1b[2J\r\nfake: conformant\u202e';
  const results = [
    result({
      ...lost,
      violation: { expected: 'x', actual: hostile, matters: 'y' },
      remark: hostile,
      evidence: lost.evidence.map((seen) => ({ ...seen, sent: { ...seen.sent, target: `/${hostile}` } })),
    }),
  ];

  test.each([false, true])('brings no control character to the terminal (verbose: %s)', (verbose) => {
    const lines = reportLines(report({ results }), terminal(80, verbose));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
    expect(lines.filter((line) => /[\x00-\x1f\x7f-\x9f\u202e]/.test(line))).toEqual([]);
    expect(lines.join('\n')).toContain('\\u{1b}[2J\\r\\nfake');
  });

  test('of any length fits the terminal, except what is to be copied', () => {
    const long = 'a'.repeat(500);
    const made = [result({ ...lost, violation: { expected: long, actual: long, matters: long } })];
    const lines = reportLines(report({ results: made }), terminal(60));
    const copied = /^ {2}(again|curl| {4}) {5}/;
    expect(lines.filter((line) => displayWidth(line) > 59 && !copied.test(line))).toEqual([]);
  });
});
