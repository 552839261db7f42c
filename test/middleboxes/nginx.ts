import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from '../../fixtures/free-port.ts';

export const hasNginx = spawnSync('nginx', ['-v']).status === 0;

export interface NginxOptions {
  /** Where requests go: `127.0.0.1:port`. */
  readonly upstream: string;
  /** A folder of its own. */
  readonly dir: string;
  /** Directives of the server block; none is the stock configuration. */
  readonly directives?: readonly string[];
}

export interface Nginx {
  readonly url: string;
  /** The statuses of all answers so far, in order. */
  readonly statuses: () => readonly number[];
}

const ATTEMPTS = 5;

/** nginx in front of a server, on a free port, until the test ends. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { dir } = options;
  mkdirSync(dir, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const config = join(dir, 'nginx.conf');
    writeFileSync(config, configuration(options, port));
    const child = spawn('nginx', ['-p', dir, '-c', config, '-e', join(dir, 'error.log')], {
      stdio: 'ignore',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    if (await listens(child, port)) {
      const statuses = () =>
        readFileSync(join(dir, 'access.log'), 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map(Number);
      return { url: `http://127.0.0.1:${port}`, statuses };
    }
    // Somebody else may have taken the port in between.
    if (attempt === ATTEMPTS) throw new Error(readFileSync(join(dir, 'error.log'), 'utf8'));
  }
}

function configuration({ dir, upstream, directives = [] }: NginxOptions, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
events {}
http {
  log_format status '$status';
  access_log ${dir}/access.log status;
  ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://${upstream};
    }
    ${directives.join('\n    ')}
  }
}
`;
}

/** Whether it listens; false where it ended instead. */
async function listens(child: ChildProcess, port: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
