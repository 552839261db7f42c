import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseTemplateOfLines } from '../../src/input/line-template.ts';
import { subject } from '../server/harness.ts';
import { bin, runBin, temporaryFolder } from './run-bin.ts';
import { errorOf } from './usage-errors.ts';

const done = {
  type: 'upload.done',
  file: 'a\x1b[2J.mp4',
  url: 'http://h/1',
  uploadId: '1',
  sizeBytes: 5,
  sha256: 'ab',
  proven: true,
  elapsedMs: 1234,
  sentBytes: 6,
  resumedFromBytes: 0,
  retries: 2,
} as const;

const line = (template: string, onTerminal = false) =>
  parseTemplateOfLines(template, '--output-template')(done, onTerminal);

describe('a template', () => {
  test('holds fields and escapes, and leaves the rest alone', () => {
    expect(line('{sha256}\\t{sizeBytes}\\n\\\\{url}|{videoId}|{proven} {seconds} $x \\q')).toBe(
      'ab\t5\n\\http://h/1||true 1.234 $x \\q',
    );
    expect(line('{uploadId} {sentBytes} {resumedFromBytes} {retries}')).toBe('1 6 0 2');
  });

  test('gives a name as it is to a program, and harmless to a terminal', () => {
    expect(line('{file}')).toBe(done.file);
    expect(line('{file}', true)).not.toContain('\x1b');
  });

  test.each([['{sha}'], ['{file'], ['file}'], ['{}'], ['{toString}'], ['{{file}}']])(
    '%s is a usage error',
    (text) => {
      const error = errorOf(() => line(text));
      expect(error.message).toContain(`--output-template is '${text}'`);
      expect(error.hint).toContain('{sha256}');
    },
  );
});

test('finished files have the line of the template on stdout, failed ones have none', async () => {
  const dir = await temporaryFolder();
  const server = await subject({ dir: join(dir, 'served') });
  await writeFile(join(dir, 'a.mp4'), 'aaa');
  await writeFile(join(dir, 'b.mp4'), 'bb');
  const run = (...args: readonly string[]) =>
    runBin([...args, '--server', server.url, '--output-template', '{sha256}  {file}'], {
      cwd: dir,
      env: { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') },
    });
  const sum = (text: string) => createHash('sha256').update(text).digest('hex');
  const one = await run('a.mp4');
  expect({ code: one.code, stdout: one.stdout }).toEqual({ code: 0, stdout: `${sum('aaa')}  a.mp4\n` });
  const many = await run('a.mp4', 'missing.mp4', 'b.mp4', '--jobs', '1');
  expect(many.code).toBe(3);
  expect(many.stdout).toBe(`${sum('aaa')}  a.mp4\n${sum('bb')}  b.mp4\n`);
  const fromEnvironment = await runBin(['a.mp4', '--server', server.url, '--output-template={sha256}'], {
    cwd: dir,
    env: { PULSE_UPLOAD_STATE_DIR: join(dir, 'state'), PULSE_UPLOAD_JSON: '1' },
  });
  expect(fromEnvironment.stdout).toBe(`${sum('aaa')}\n`);
  const unsent = await runBin(['a.mp4', '--output-template={sha256}'], {
    cwd: dir,
    env: { PULSE_UPLOAD_STATE_DIR: join(dir, 'state'), PULSE_UPLOAD_JSON: '1' },
  });
  expect(unsent).toMatchObject({ code: 2, stdout: '' });
  const both = await run('a.mp4', '--json');
  expect(both.code).toBe(2);
  expect(both.stderr).toContain('--json and --output-template exclude each other');
});

// On Windows and macOS a name cannot be any bytes.
test.runIf(process.platform === 'linux')(
  'a name that is not UTF-8 comes byte for byte, in a line and in the CSV of a ledger',
  async () => {
    const dir = await temporaryFolder();
    const server = await subject({ dir: join(dir, 'served') });
    const name = Buffer.from('caf\xe9.mp4', 'latin1');
    await writeFile(Buffer.concat([Buffer.from(`${dir}/`), name]), 'x');
    await writeFile(join(dir, 'list'), Buffer.concat([name, Buffer.from('\0')]));
    const program = `"${process.execPath}" "${bin}"`;
    const shell = spawn(
      'sh',
      [
        '-c',
        `${program} --files-from0 list -s ${server.url} --ledger l.jsonl --output-template '{sha256}  {file}' -q >sums &&
          ${program} ledger l.jsonl --csv >csv && sha256sum --check --status sums`,
      ],
      { cwd: dir, env: { ...process.env, PULSE_UPLOAD_STATE_DIR: join(dir, 'state') }, stdio: 'inherit' },
    );
    expect(await once(shell, 'close')).toEqual([0, null]);
    const sum = createHash('sha256').update('x').digest('hex');
    expect((await readFile(join(dir, 'sums'))).toString('latin1')).toBe(`${sum}  caf\xe9.mp4\n`);
    expect((await readFile(join(dir, 'csv'))).includes(Buffer.concat([Buffer.from('/'), name]))).toBe(true);
  },
);
