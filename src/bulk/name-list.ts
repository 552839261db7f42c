import { pathText } from '../upload/source/path-text.ts';
import { byteRecords, NEWLINE, NUL } from './byte-records.ts';
import type { Named } from './items.ts';

/** Longer than any path that a system takes. */
const MAX_NAME_BYTES = 64 * 1024;

/** A file that holds names, or a stream of them. */
export interface NameList {
  /** As the user named it; `-` is standard input. */
  readonly label: string;
  readonly read: () => AsyncIterable<Uint8Array>;
  readonly separator: 'newline' | 'nul';
}

/** The names of a list, byte for byte: no comments, no quoting. Empty lines are nothing; CR before LF belongs to the line break. */
export async function* namesIn(list: NameList): AsyncGenerator<Named> {
  const separator = list.separator === 'nul' ? NUL : NEWLINE;
  const records = byteRecords(list.read(), separator, {
    label: list.label,
    maxBytes: MAX_NAME_BYTES,
    hint: '--files-from reads one name a line, --files-from0 names that end in NUL',
  });
  for await (const { bytes } of records) {
    const name = list.separator === 'newline' && bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
    if (name.length === 0) continue;
    const file = pathText(name);
    yield { file, relative: file };
  }
}
