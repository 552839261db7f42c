import { expect, test } from 'vitest';
import { stateDirOf } from '../../src/input/state-dir.ts';

test.each<[string, Record<string, string>, NodeJS.Platform, string]>([
  ['its own variable first', { PULSE_UPLOAD_STATE_DIR: '/s', XDG_STATE_HOME: '/x' }, 'linux', '/s'],
  ['XDG_STATE_HOME next', { XDG_STATE_HOME: '/x' }, 'linux', '/x/pulse-upload'],
  [
    'a relative XDG_STATE_HOME is ignored',
    { XDG_STATE_HOME: 'x' },
    'linux',
    '/home/me/.local/state/pulse-upload',
  ],
  [
    'empty variables are ignored',
    { PULSE_UPLOAD_STATE_DIR: '', XDG_STATE_HOME: '' },
    'linux',
    '/home/me/.local/state/pulse-upload',
  ],
  ['macOS like Linux', {}, 'darwin', '/home/me/.local/state/pulse-upload'],
])('state lives in the home: %s', (_, environment, platform, path) => {
  expect(stateDirOf(environment, platform, '/home/me')).toBe(path);
});

test('on Windows state lives in the local application data', () => {
  const local = { LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' };
  expect(stateDirOf(local, 'win32', 'C:\\Users\\me')).toBe('C:\\Users\\me\\AppData\\Local\\pulse-upload');
  expect(stateDirOf({}, 'win32', 'C:\\Users\\me')).toBe('C:\\Users\\me\\AppData\\Local\\pulse-upload');
});
