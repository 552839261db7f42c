import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { kill } from 'node:process';
import { promisify } from 'node:util';

type Parentage = readonly [pid: number, parentPid: number];

/**
 * Ends a process and all that it started: a shell that is killed leaves what it waits for running. It is no group of
 * its own, for what is outside of the terminal's session cannot ask for a password there (ssh, sudo), nor be ended by
 * Ctrl-C. Where the system does not tell who started whom, only the process itself is ended.
 */
export async function endTree(pid: number): Promise<void> {
  if (platform() === 'win32') {
    await promisify(execFile)('taskkill', ['/pid', `${pid}`, '/t', '/f']).catch(() => undefined);
    return;
  }
  const all = await (platform() === 'linux' ? fromProc() : fromPs()).catch(() => []);
  // The parent first: a shell whose command ends goes on with the next one.
  for (const each of withDescendants(pid, all)) {
    try {
      kill(each, 'SIGTERM');
    } catch {
      // It has ended by itself.
    }
  }
}

function withDescendants(pid: number, all: readonly Parentage[]): readonly number[] {
  const children = all.filter(([, parentPid]) => parentPid === pid);
  return [pid, ...children.flatMap(([child]) => withDescendants(child, all))];
}

/** The fourth field of /proc/<pid>/stat, behind the name, which may hold anything. Images for containers often lack ps. */
async function fromProc(): Promise<readonly Parentage[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid): Promise<Parentage> => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return [Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])];
    }),
  );
}

async function fromPs(): Promise<readonly Parentage[]> {
  const { stdout } = await promisify(execFile)('/bin/ps', ['-A', '-o', 'pid=,ppid=']);
  return stdout.split('\n').map((line): Parentage => {
    const [pid = '', parentPid = ''] = line.trim().split(/\s+/);
    return [Number(pid), Number(parentPid)];
  });
}
