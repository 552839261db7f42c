import { resolve } from 'node:path';
import { PulseError } from '../../errors.ts';
import { nearName } from '../../input/near-name.ts';
import { rejected } from '../../input/rejected.ts';
import { type ReportFormat, reportWriters } from '../../output/verify/reports/index.ts';

export interface ReportFile {
  readonly format: ReportFormat;
  readonly path: string;
}

/** Patterns for check ids: given several times, or separated by commas. */
export function parseGlobs(texts: readonly string[], source: string): readonly string[] {
  const globs = texts.flatMap((text) => text.split(',')).map((glob) => glob.trim());
  if (!globs.includes('')) return globs;
  throw new PulseError('usage', `${source} holds an empty pattern, expected one such as core.*`, {
    hint: 'is a variable of your script empty?',
  });
}

/** `junit=results.xml`, each file once. */
export function parseReportFiles(texts: readonly string[], source: string): readonly ReportFile[] {
  const files = texts.map((text) => parseReportFile(text, source));
  const twice = files.find(
    ({ path }, index) => files.findIndex((other) => resolve(other.path) === resolve(path)) !== index,
  );
  if (twice === undefined) return files;
  throw new PulseError(
    'usage',
    `${source} names ${twice.path} twice, expected another file for each report`,
    {
      hint: 'give one of them another name',
    },
  );
}

function parseReportFile(text: string, source: string): ReportFile {
  const formats = Object.keys(reportWriters);
  const [, word = '', path = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const example = `write for example ${source} json=results.json`;
  if (word === '' || path === '') {
    throw new PulseError('usage', `${source} is '${text}', expected <format>=<path>`, { hint: example });
  }
  if (!isReportFormat(word)) {
    const near = nearName(word, formats);
    throw new PulseError('usage', `${source} asks for '${word}', expected ${formats.join(', ')}`, {
      hint: near === undefined ? example : `did you mean ${near}?`,
    });
  }
  return { format: word, path };
}

function isReportFormat(word: string): word is ReportFormat {
  return Object.hasOwn(reportWriters, word);
}

const MOST = 64;

/** How many at a time, or how often: from 1 to 64. */
export function parseFew(text: string, source: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= MOST) return count;
  throw rejected(
    source,
    text,
    `a whole number from 1 to ${MOST}`,
    'leave it out: the default suits most servers',
  );
}
