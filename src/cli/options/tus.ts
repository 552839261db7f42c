import { oneOf } from '../../input/choice.ts';
import { parseParallel } from '../../input/count.ts';
import type { OptionTable } from './option-table.ts';

/** What only servers of tus can do, where they offer it: in the order of `--help-tus`, and in no other help. */
export const tusOptions = {
  checksum: {
    kind: 'value',
    flags: '--checksum <name>',
    says: 'of each chunk: none, or a name like sha1',
    means: 'of each chunk, where tus servers compare it: auto for the strongest, none, or a name',
    fallback: 'auto',
    parse: oneOf('auto', 'none', 'sha256', 'sha512', 'sha1', 'md5', 'crc32'),
  },
  parallel: {
    kind: 'value',
    flags: '--parallel <n>',
    says: 'send a file in this many parallel parts',
    means: 'send each file in this many parallel parts, which the server then joins',
    parse: parseParallel,
  },
  abortOnFailure: {
    kind: 'flag',
    flags: '--abort-on-failure',
    says: 'remove what fails for good from the server',
    means: 'remove an unfinished upload from the server when it fails and running it again cannot help',
  },
} as const satisfies OptionTable;
