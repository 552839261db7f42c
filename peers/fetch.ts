import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Runs a command that makes `made`, unless that is there already; the reason where it cannot. */
export function made(
  made: string,
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): string | undefined {
  if (existsSync(made)) return undefined;
  console.error(`fetching: ${file} ${args.join(' ')}`);
  const env = { ...process.env, ...environment };
  const { error, status, stderr } = spawnSync(file, args, { env, encoding: 'utf8' });
  if (error !== undefined) return `${file} is not installed here`;
  if (status === 0 && existsSync(made)) return undefined;
  return `${file} ended with ${status}: ${stderr.trim().split('\n').at(-1)}`;
}

const python = (cache: string) => join(cache, 'python', 'bin', 'python');

/** Packages of PyPI in an environment of their own. */
export function fromPyPi(cache: string, probe: string, requirements: readonly string[]): string | undefined {
  return (
    made(python(cache), 'python3', ['-m', 'venv', join(cache, 'python')]) ??
    (hasModule(python(cache), probe)
      ? undefined
      : failure(python(cache), ['-m', 'pip', 'install', '--quiet', ...requirements]))
  );
}

export function inPython(cache: string, script: string, args: readonly string[]) {
  return { file: python(cache), args: [join(import.meta.dirname, script), ...args] };
}

/** Whether this Python finds the module. */
export function hasModule(file: string, name: string): boolean {
  return spawnSync(file, ['-c', `import ${name}`]).status === 0;
}

function failure(file: string, args: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (error === undefined && status === 0) return undefined;
  return `${file} ended with ${status}: ${stderr?.trim().split('\n').at(-1) ?? error?.message}`;
}
