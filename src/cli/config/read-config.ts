import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import process from 'node:process';
import { PulseError } from '../../errors.ts';
import { type CommandName, commands } from '../commands.ts';
import { bulkOptions } from '../options/bulk.ts';
import type { Config, OptionTable } from '../options/option-table.ts';
import { uploadOptions } from '../options/upload.ts';
import { configPaths } from './config-path.ts';
import { parseConfig } from './settings-file.ts';

/** The config file as text; undefined where there is none. */
interface Found {
  readonly path: string;
  readonly text: string;
}

/** What the config file says about a command; empty where there is none. Throws `usage` or `input`. */
export function readConfig(name: CommandName, table: OptionTable): Config {
  const found = findConfig();
  if (found === undefined) return new Map();
  return parseConfig(found.text, found.path, {
    upload: { ...uploadOptions, ...bulkOptions },
    ...(name !== 'upload' && { section: { name, table } }),
    sections: Object.keys(commands).filter((command) => command !== 'upload'),
  });
}

function findConfig(): Found | undefined {
  const { env, platform } = process;
  for (const path of configPaths(env, platform, homedir())) {
    try {
      return { path, text: readFileSync(path, 'utf8') };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
      if (isAbsent && !env.PULSE_UPLOAD_CONFIG) continue;
      const fact = isAbsent ? 'does not exist' : `cannot be read: ${code}`;
      throw new PulseError('input', `the config file ${path} ${fact}`, {
        hint: env.PULSE_UPLOAD_CONFIG ? 'PULSE_UPLOAD_CONFIG names it' : 'make it readable, or move it away',
        cause: error,
      });
    }
  }
  return undefined;
}
