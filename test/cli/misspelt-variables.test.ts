import { describe, expect, test } from 'vitest';
import { withoutEffect } from '../../src/cli/misspelt-variables.ts';
import { runBin, temporaryFolder } from './run-bin.ts';

const known = {
  variables: ['PULSE_UPLOAD_SERVER', 'PULSE_UPLOAD_TOKEN', 'PULSE_UPLOAD_STATE_DIR', 'PULSE_UPLOAD_KEY'],
  flagsAlone: new Map([['PULSE_UPLOAD_ONLY', '--only']]),
};

describe('a variable that nearly is one of ours', () => {
  test.each([
    ['PULSE_UPLOAD_SERVR', 'PULSE_UPLOAD_SERVER'],
    ['PULSE_UPLOAD_TOKNE', 'PULSE_UPLOAD_TOKEN'],
    ['PULSE_UPLOAD_STATEDIR', 'PULSE_UPLOAD_STATE_DIR'],
    ['pulse_upload_server', 'PULSE_UPLOAD_SERVER'],
  ])('%s is said to be none, its value is not shown', (name, meant) => {
    expect(withoutEffect({ [name]: 's3cret' }, known, 'linux')).toEqual([
      `the variable ${name} is not known and has no effect; did you mean ${meant}?`,
    ]);
  });

  test('is not what is ours, what is empty, and what a script may keep for itself', () => {
    const environment = {
      PULSE_UPLOAD_SERVER: 'x',
      PULSE_UPLOAD_SERVR: '',
      PULSE_UPLOAD_MY_VERSION: '3',
      PULSE_UPLOAD_DAY: 'x',
      SERVR: 'x',
    };
    expect(withoutEffect(environment, known, 'linux')).toEqual([]);
    expect(withoutEffect({ Pulse_Upload_Server: 'x' }, known, 'win32')).toEqual([]);
  });

  test('is warned about once, on stderr, by every command, and not where only errors are asked for', async () => {
    const env = {
      PULSE_UPLOAD_SERVR: 'http://s3cret.example.org',
      PULSE_UPLOAD_CONFIGG: 'x',
      PULSE_UPLOAD_STATE_DIR: await temporaryFolder(),
    };
    const run = (...args: readonly string[]) => runBin(args, { env });
    const upload = await run('nothing.mp4');
    expect(upload.code).toBe(2);
    expect(upload.stderr.match(/^warning: .*$/gm)).toEqual([
      'warning: the variable PULSE_UPLOAD_SERVR is not known and has no effect; did you mean PULSE_UPLOAD_SERVER?',
      'warning: the variable PULSE_UPLOAD_CONFIGG is not known and has no effect; did you mean PULSE_UPLOAD_CONFIG?',
    ]);
    expect(upload.stderr).not.toContain('s3cret');
    const list = await run('list', '--json');
    expect(list).toMatchObject({ code: 0, stdout: '' });
    expect(list.stderr).toContain('warning: the variable PULSE_UPLOAD_SERVR');
    expect((await run('nothing.mp4', '--quiet')).stderr).not.toContain('warning');
    expect((await run('--version')).stderr).toBe('');
  });

  test('or is named as a flag that has no variable, is warned of', async () => {
    const env = {
      PULSE_UPLOAD_REPORT: 'junit=s3cret.xml',
      PULSE_UPLOAD_RESTART_CMD: 'x',
      PULSE_UPLOAD_SKIP: '',
      // Scripts say with it which one they install.
      PULSE_UPLOAD_VERSION: '0.1.0',
      // Of uploads it is one.
      PULSE_UPLOAD_READ_BACK: '1',
      PULSE_UPLOAD_SERVR: 'x',
    };
    const { code, stderr } = await runBin(['verify', '--list', '--only', 'core.head.status'], { env });
    expect(code).toBe(0);
    expect(stderr).toBe(
      [
        'warning: the variable PULSE_UPLOAD_REPORT has no effect: this can only be set with the flag --report\n',
        'warning: the variable PULSE_UPLOAD_RESTART_CMD has no effect: this can only be set with the flag --restart-cmd\n',
        'warning: the variable PULSE_UPLOAD_SERVR is not known and has no effect; did you mean PULSE_UPLOAD_SERVER?\n',
      ].join(''),
    );
  });
});
