import type { PulseEvent } from '../events.ts';
import { harmless } from './text.ts';

type Done = Extract<PulseEvent, { readonly type: 'upload.done' }>;

/** The fields of a line for a finished file: those of `upload.done` (docs/events.md), and its time in seconds. */
const fields = {
  file: ({ file }) => file,
  url: ({ url }) => url,
  uploadId: ({ uploadId }) => uploadId,
  /** Empty where the protocol has no finalize. */
  videoId: ({ videoId }) => videoId ?? '',
  sizeBytes: ({ sizeBytes }) => String(sizeBytes),
  sha256: ({ sha256 }) => sha256,
  proven: ({ proven }) => String(proven),
  seconds: ({ elapsedMs }) => (elapsedMs / 1000).toFixed(3),
  sentBytes: ({ sentBytes }) => String(sentBytes),
  resumedFromBytes: ({ resumedFromBytes }) => String(resumedFromBytes),
  retries: ({ retries }) => String(retries),
} as const satisfies Readonly<Record<string, (done: Done) => string>>;

export const templateFields: readonly string[] = Object.keys(fields);

const escapes: Readonly<Record<string, string>> = { '\\t': '\t', '\\n': '\n', '\\\\': '\\' };

/** The text that a finished file stands for, without its line end. */
export type LineTemplate = (done: Done, onTerminal: boolean) => string;

/** What is wrong with a template. */
export interface BadTemplate {
  readonly unknown: string;
}

/** `{file} {sha256}` as a function; `\t`, `\n` and `\\` stand for what they stand for elsewhere. */
export function parseLineTemplate(text: string): LineTemplate | BadTemplate {
  const unknown = text
    .match(/\{[^{}]*\}?|\}/g)
    ?.find((part) => !isField(part.slice(1, -1)) || !part.endsWith('}'));
  if (unknown !== undefined) return { unknown };
  return (done, onTerminal) =>
    text.replace(/\\[tn\\]|\{([^{}]*)\}/g, (part, key: string | undefined) => {
      if (key === undefined || !isField(key)) return escapes[part] ?? part;
      const value = fields[key](done);
      // A terminal would obey control characters in a name; a program wants the name as it is.
      return onTerminal ? harmless(value) : value;
    });
}

function isField(key: string): key is keyof typeof fields {
  return Object.hasOwn(fields, key);
}
