import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { hostname, platform } from 'node:os';
import { pid as ownPid } from 'node:process';
import { promisify } from 'node:util';

/** `dead` where it has ended and only waits for its parent; `started` is absent where the system does not tell it. */
export type Seen = 'dead' | { readonly started?: string };

/** What the system tells of a process that has this pid; the same start time, in its words, is the same process. */
export async function lookUp(pid: number): Promise<Seen> {
  if (platform() === 'linux') return fromProc(pid);
  return platform() === 'win32' ? {} : fromPs(pid);
}

/** What names a process to others on its machine: a pid is given out again, but not at the same time. */
export interface Self {
  readonly pid: number;
  readonly host: string;
  /** Absent where the system does not tell it. */
  readonly started?: string;
}

export async function thisProcess(): Promise<Self> {
  const seen = await lookUp(ownPid);
  const started = seen === 'dead' ? undefined : seen.started;
  return { pid: ownPid, host: hostname(), ...(started !== undefined && { started }) };
}

/** State and start time (fields 3 and 22 of /proc/<pid>/stat), with the boot that the time counts from. */
async function fromProc(pid: number): Promise<Seen> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A process that was killed keeps its pid until its parent asks for it, which some containers never do.
    if (fields[0] === 'Z' || fields[0] === 'X') return 'dead';
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    return fields[19] === undefined ? {} : { started: `${boot}:${fields[19]}` };
  } catch {
    return {};
  }
}

/** macOS and the BSDs: `ps` tells state and start time, here in one language and one time zone. */
export async function fromPs(pid: number): Promise<Seen> {
  const options = { env: { LC_ALL: 'C', TZ: 'UTC' }, timeout: 5_000 };
  try {
    const { stdout } = await promisify(execFile)('/bin/ps', ['-o', 'stat=,lstart=', '-p', `${pid}`], options);
    const [state = '', ...started] = stdout.trim().split(/\s+/);
    if (state.startsWith('Z')) return 'dead';
    return started.length === 0 ? {} : { started: started.join(' ') };
  } catch {
    return {};
  }
}
