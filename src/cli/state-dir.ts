import { homedir } from 'node:os';
import process from 'node:process';
import { stateDirOf } from '../input/state-dir.ts';

/** The state folder of this user. */
export function stateDir(): string {
  return stateDirOf(process.env, process.platform, homedir());
}
