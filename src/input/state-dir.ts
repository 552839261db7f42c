import { posix, win32 } from 'node:path';

/** Where unfinished uploads are remembered: our own variable, else where the system keeps such state (XDG). */
export function stateDirOf(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string {
  const named = environment.PULSE_UPLOAD_STATE_DIR;
  if (named) return named;
  if (platform === 'win32') {
    return win32.join(environment.LOCALAPPDATA || win32.join(home, 'AppData', 'Local'), 'pulse-upload');
  }
  const state = environment.XDG_STATE_HOME;
  // The XDG base directory specification has relative paths ignored.
  const base = state && posix.isAbsolute(state) ? state : posix.join(home, '.local', 'state');
  return posix.join(base, 'pulse-upload');
}
