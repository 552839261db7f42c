import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { noPaint } from '../../../src/output/paint.ts';
import { checksPage } from '../../../src/output/verify/checks-page.ts';
import { explanation } from '../../../src/output/verify/explain.ts';
import { listLines } from '../../../src/output/verify/list.ts';
import { suiteDigest } from '../../../src/output/verify/suite-digest.ts';
import type { VerifyView } from '../../../src/output/verify/view.ts';
import type { Check, Section } from '../../../src/verify/check.ts';
import { scenario, wholeRun } from '../../../src/verify/scenario.ts';
import { suite } from '../../../src/verify/suite.ts';
import { spec } from './made-up.ts';

const plainView: VerifyView = { paint: noPaint, verbose: false };

const basicFlow = scenario({
  id: 'basic-flow',
  does: 'uploads 10 bytes',
  needs: ['head'],
  run: async () => undefined,
});
const check: Check = {
  id: 'core.head.status',
  level: { pulse: 'SHOULD', tus: 'MUST' },
  impact: 'resume',
  spec,
  says: 'HEAD succeeds with 200 | 204.',
  passes: '200 or <204>',
  fails: 'anything else',
  matters: 'a client cannot go on',
  needs: ['token', 'head'],
  reads: basicFlow,
  judge: () => undefined,
};
const tusOnly: Check = { ...check, id: 'core.options', level: { tus: 'MAY' }, reads: wholeRun(basicFlow) };
const section: Section = {
  number: 2,
  title: 'Core: HEAD',
  checks: [check, tusOnly],
  untestable: { 'core.head.cache': 'only a cache | sees it' },
};

describe('the list of checks', () => {
  test('is one line each: id, level in each protocol, requirement', () => {
    expect(listLines([check, tusOnly], plainView)).toEqual([
      'core.head.status  SHOULD  MUST    -         HEAD succeeds with 200 | 204.',
      'core.options      -       MAY     -         HEAD succeeds with 200 | 204.',
    ]);
  });

  test('is cut at the width of a terminal, which says what the columns are', () => {
    const long = { ...check, says: 'HEAD succeeds with one of the two status codes 200 and 204.' };
    expect(listLines([long], { paint: noPaint, verbose: false, columns: 100 })).toEqual([
      'check             pulse   tus     pulse-v1',
      'core.head.status  SHOULD  MUST    -         HEAD succeeds with one of the two status codes 200 and…',
    ]);
  });

  test('shows the requirement below the id on a narrow terminal', () => {
    expect(listLines([check], { paint: noPaint, verbose: false, columns: 60 })).toEqual([
      'check             pulse   tus     pulse-v1',
      'core.head.status  SHOULD  MUST    -',
      '    HEAD succeeds with 200 | 204.',
    ]);
  });
});

describe('the explanation of a check', () => {
  const provenBy = [
    { defect: 'head-404', flags: ['--token-file', '<path>'] },
    ...['head-405', 'head-500'].map((defect) => ({ defect, flags: [] })),
  ];

  test('says everything there is to know without a server', () => {
    expect(explanation(check, provenBy, plainView).join('\n')).toBe(
      [
        'core.head.status',
        '  HEAD succeeds with 200 | 204.',
        '',
        '  written   tus 1.0.0, PATCH',
        '            https://tus.io/protocols/resumable-upload#patch',
        '  level     SHOULD (pulse), MUST (tus), - (pulse-v1)',
        '  means     cannot resume',
        '  sends     uploads 10 bytes (scenario basic-flow)',
        '  needs     head, token',
        '  passes    200 or <204>',
        '  fails     anything else',
        '  matters   a client cannot go on',
        '  proven by pulse-upload serve --defect head-404 --token-file <path> (or head-405, head-500)',
        '  try       pulse-upload verify <url> --only core.head.status --token-file <path>',
      ].join('\n'),
    );
  });

  test('names in its command what the user has to allow or give', () => {
    const lastLine = (id: string) => {
      const found = suite.flatMap(({ checks }) => checks).find((each) => each.id === id);
      return found && explanation(found, [], plainView).at(-1);
    };
    const tried = 'try       pulse-upload verify <url> --only';
    expect(lastLine('v1.link.unreserved')).toBe(`  ${tried} v1.link.unreserved --link <link> --intrusive`);
    expect(lastLine('data.restart.between-chunks')).toBe(
      `  ${tried} data.restart.between-chunks --restart-cmd <cmd>`,
    );
    expect(lastLine('expiration.gone')).toMatch(/ --max-wait <time>$/);
  });

  test('leaves out needs and defects where there are none', () => {
    const { needs: _, ...free } = check;
    const text = explanation({ ...free, reads: wholeRun(basicFlow) }, [], plainView).join('\n');
    expect(text).not.toMatch(/needs|proven by/);
    expect(text).toContain('sends     looks at every exchange of the run (scenario whole-run)');
  });
});

describe('the page of checks', () => {
  test('has a row for every check and every untestable requirement, and nothing in it breaks the table', () => {
    const page = checksPage([section]);
    expect(page).toContain('What `pulse-upload verify <url>` asks a server: 2 checks.');
    expect(page).toContain(
      '| `core.head.status` | SHOULD | MUST | HEAD succeeds with 200 \\| 204. ' +
        '([tus 1.0.0, PATCH](https://tus.io/protocols/resumable-upload#patch)) | 200 or \\<204\\> | cannot resume |',
    );
    expect(page).toContain('| `core.options` | - | MAY |');
    expect(page).toContain('| `core.head.cache` | only a cache \\| sees it |');
  });

  test('has one heading and one table for a section of which several files hold a part', () => {
    const part: Section = {
      number: 2,
      title: section.title,
      checks: [{ ...check, level: { 'pulse-v1': 'MUST' } }],
      untestable: {},
    };
    const page = checksPage([section, part]);
    expect(page.match(/^## .*$/gm)).toEqual(['## 2. Core: HEAD']);
    expect(page.match(/^\| check \|.*$/gm)).toHaveLength(1);
    expect(page).toContain('| `core.head.status` | - | - | MUST |');
  });

  test('is current', () => {
    const hint = 'docs/checks.md is not current: run node --import tsx scripts/write-checks-page.ts';
    expect(readFileSync('docs/checks.md', 'utf8') === checksPage(suite), hint).toBe(true);
  });
});

describe('the digest of the suite', () => {
  test('changes with what is asked, not with what is said about it', () => {
    const digest = suiteDigest([section]);
    expect(digest).toMatch(/^[0-9a-f]{12}$/);
    const other = (made: Partial<Check>) =>
      suiteDigest([{ ...section, checks: [{ ...check, ...made }, tusOnly] }]);
    expect(other({ matters: 'nothing' })).toBe(digest);
    expect(other({ says: 'HEAD fails.' })).not.toBe(digest);
    expect(other({ level: { pulse: 'MUST', tus: 'MUST' } })).not.toBe(digest);
    expect(suiteDigest([{ ...section, checks: [check] }])).not.toBe(digest);
  });
});
