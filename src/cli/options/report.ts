import { oneOf } from '../../input/choice.ts';
import { parseText } from '../../input/text.ts';
import { type ReportFormat, reportWriters } from '../../output/verify/reports/index.ts';
import { commonOptions, stackAndColor } from './common.ts';
import type { OptionTable, Values } from './option-table.ts';

const formats = Object.keys(reportWriters) as [ReportFormat, ...ReportFormat[]];

/** The options of `pulse-upload report`, in the order of the help. */
export const reportOptions = {
  to: {
    kind: 'value',
    flags: '--to <format>',
    says: formats.join(', '),
    fallback: 'markdown',
    parse: oneOf(...formats),
  },
  output: {
    kind: 'value',
    flags: '-o, --output <path>',
    says: 'write there instead of stdout',
    parse: parseText,
  },
  judge: {
    kind: 'flag',
    flags: '--judge',
    says: 'the file holds recordings (verify --record): judge them again',
    commandLineOnly: true,
  },
  verbose: stackAndColor.verbose,
  ...commonOptions,
} as const satisfies OptionTable;

export type ReportValues = Values<typeof reportOptions>;
