import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { expect, test } from 'vitest';
import { commandText, splitCommandLine } from '../../src/cli/command-line.ts';
import { uploadOptions } from '../../src/cli/options/upload.ts';
import { shellQuote } from '../../src/cli/shell-quote.ts';
import { harmless } from '../../src/output/text.ts';

function again(argv: readonly string[], files?: readonly string[]): string {
  const { operands, given } = splitCommandLine(uploadOptions, argv);
  return commandText(uploadOptions, given, files ?? operands, (word) => shellQuote(word, 'linux'));
}

test('the command that resumes is the user’s own', () => {
  expect(again(['-s', 'http://host/a', 'my video.mp4', '--chunk-size=2MiB', '--json', '-H', 'X-A: 1'])).toBe(
    "pulse-upload 'my video.mp4' --server http://host/a --chunk-size 2MiB --header 'X-A: <value>' --json",
  );
});

test('it can name the files that are left', () => {
  expect(again(['a', 'b', '-s', 'http://host'], ['b'])).toBe('pulse-upload b --server http://host');
});

test.each([
  ['--token', 's3cret'],
  ['--token=s3cret', ''],
  ['-t', 's3cret'],
  ['-ts3cret', ''],
])('a token given as %s is left out', (...words) => {
  expect(again(['a', ...words.filter((word) => word !== '')])).toBe("pulse-upload a --token '<token>'");
});

test('the value of a header is left out, since it may be a secret', () => {
  expect(again(['a', '-H', 'Authorization: Bearer s3cret', '-H', 's3cret'])).toBe(
    "pulse-upload a --header 'Authorization: <value>' --header '<header>'",
  );
});

test('files that look like flags stay files', () => {
  expect(again(['--json', '--', '-odd.mp4'])).toBe('pulse-upload --json -- -odd.mp4');
});

test('read back, it means the same', () => {
  const argv = ['a', '--retries', '5', '--metadata', 'k=v w', '--metadata', 'l=m', '-v', '--no-finalize'];
  const { given } = splitCommandLine(uploadOptions, argv);
  const text = commandText(uploadOptions, given, ['a'], (word) => word.replaceAll(' ', '\0'));
  const words = text.split(' ').slice(1);
  expect(
    splitCommandLine(
      uploadOptions,
      words.map((word) => word.replaceAll('\0', ' ')),
    ).given,
  ).toEqual(given);
});

test('words are quoted for the shell of the system', () => {
  expect(shellQuote('plain-1.mp4', 'linux')).toBe('plain-1.mp4');
  expect(shellQuote('', 'linux')).toBe("''");
  expect(shellQuote("it's $HOME", 'darwin')).toBe("'it'\\''s $HOME'");
  expect(shellQuote('a b', 'win32')).toBe('"a b"');
  expect(shellQuote('a\\b', 'win32')).toBe('"a\\b"');
  // A backslash before the closing quote would make that a part of the word.
  expect(shellQuote('.\\videos\\', 'win32')).toBe('".\\videos\\\\"');
  expect(shellQuote('a\\"b', 'win32')).toBe('"a\\\\\\"b"');
  // PowerShell makes two words of the one, and reads the other as a variable.
  expect(shellQuote('a,b.mp4', 'win32')).toBe('"a,b.mp4"');
  expect(shellQuote('@link', 'win32')).toBe('"@link"');
  expect(shellQuote('@a,b', 'linux')).toBe('@a,b');
});

test
  .skipIf(process.platform === 'win32')
  .each(['odd/new\nline.mp4', "it's\n\\1 $HOME", '\x1b7\t\r\x7f1', 'a\u202eb\u2028é\u009b', "it's \\n"])(
  'a name that holds %j is quoted so that it is shown as it is, and bash reads it back',
  (name) => {
    const quoted = shellQuote(name, 'linux');
    expect(harmless(quoted)).toBe(quoted);
    expect(execFileSync('bash', ['-c', `printf %s ${quoted}`], { encoding: 'utf8' })).toBe(name);
  },
);
