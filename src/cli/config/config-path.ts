import { posix, win32 } from 'node:path';
import type { Environment } from '../options/option-table.ts';

const CONFIG_NAME = 'pulse-upload.config.json';

/**
 * Where a config file is looked for, the first that exists is the only one: the one that PULSE_UPLOAD_CONFIG names, or
 * the working folder's, or the user's (XDG).
 */
export function configPaths(
  environment: Environment,
  platform: NodeJS.Platform,
  home: string,
): readonly string[] {
  const named = environment.PULSE_UPLOAD_CONFIG;
  if (named) return [named];
  return [CONFIG_NAME, userConfig(environment, platform, home)];
}

function userConfig(environment: Environment, platform: NodeJS.Platform, home: string): string {
  if (platform === 'win32') {
    const base = environment.APPDATA || win32.join(home, 'AppData', 'Roaming');
    return win32.join(base, 'pulse-upload', 'config.json');
  }
  const config = environment.XDG_CONFIG_HOME;
  // The XDG base directory specification has relative paths ignored.
  const base = config && posix.isAbsolute(config) ? config : posix.join(home, '.config');
  return posix.join(base, 'pulse-upload', 'config.json');
}
