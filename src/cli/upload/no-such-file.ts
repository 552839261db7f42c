import { existsSync } from 'node:fs';
import { PulseError } from '../../errors.ts';
import { nearName } from '../../input/near-name.ts';
import { withoutSecrets } from '../../input/server-url.ts';
import { commands } from '../commands.ts';

const LIST = 'pulse-upload list shows what is unfinished';

/** Words of other programs, and what to write here. */
const otherWords = new Map([
  ['help', 'write pulse-upload help, or pulse-upload help verify'],
  ['version', 'write pulse-upload version, without more'],
  ['ls', LIST],
  ['status', LIST],
  ['resume', `the command that began an upload goes on with it; ${LIST}`],
]);

const names = [...Object.keys(commands), 'help', 'version'];

/** A word for a command, also a mistyped one, would otherwise be reported as a missing file. */
export function refuseCommandWord(operand: string | undefined): void {
  if (operand === undefined || existsSync(operand)) return;
  const name = nearName(operand, names);
  const hint =
    otherWords.get(operand) ??
    (name && `did you mean ${name}? The command comes first: pulse-upload ${name} …`);
  if (hint === undefined) return;
  throw new PulseError(
    'usage',
    `'${operand}' is not a file here, expected a file or, as the first word, a command`,
    { hint },
  );
}

/** Where no server is given: one that stands among the files, and a single word that may have been meant as a command. */
export function refuseServerlessWords(operands: readonly string[]): void {
  const url = operands.find((operand) => /^https?:\/\//i.test(operand) && !existsSync(operand));
  if (url !== undefined) {
    const shown = withoutSecrets(url);
    throw new PulseError('usage', `'${shown}' is a URL where a file is expected`, {
      hint: `give it as --server ${shown}`,
    });
  }
  const [word = '', ...others] = operands;
  if (others.length > 0 || !/^[a-z]+$/i.test(word) || existsSync(word)) return;
  throw new PulseError('usage', `'${word}' is no command, and no file here`, {
    hint: 'pulse-upload --help lists the commands; a file needs --server <url> as well',
  });
}
