import { join } from 'node:path';
import { fromPyPi, inPython, made } from './fetch.ts';
import type { ServerPeer } from './peer.ts';

const tusd = 'v2.9.1';
const rustus = '0.5.10';
const here = (script: string) => join(import.meta.dirname, script);

/** Servers of plain tus, in the versions that docs/peers.md speaks of. A further one is a further value. */
export const servers: readonly ServerPeer[] = [
  {
    id: 'tus-node',
    title: '@tus/server 2.4.5 with @tus/file-store 2.1.1',
    from: 'npm, a development dependency; with a maximum of 1 GiB and a term of ten minutes',
    fetch: () => undefined,
    command: (_, port, dir) => ({
      file: process.execPath,
      args: [here('servers/tus-node.js'), String(port), dir],
    }),
    path: '/files',
    shown: 'node peers/servers/tus-node.js 8080 ./uploads',
  },
  {
    id: 'tusd',
    title: `tusd ${tusd}`,
    from: 'the Go module proxy',
    fetch: (cache) =>
      made(
        join(cache, `tusd-${tusd}`, 'tusd'),
        'go',
        ['install', `github.com/tus/tusd/v2/cmd/tusd@${tusd}`],
        {
          GOBIN: join(cache, `tusd-${tusd}`),
        },
      ),
    command: (cache, port, dir) => ({
      file: join(cache, `tusd-${tusd}`, 'tusd'),
      args: ['-host', '127.0.0.1', '-port', String(port), '-upload-dir', dir, '-base-path', '/files/'],
    }),
    path: '/files',
    shown: 'tusd -host 127.0.0.1 -port 8080 -upload-dir ./uploads -base-path /files/',
  },
  {
    id: 'rustus',
    title: `rustus ${rustus}`,
    from: 'crates.io',
    fetch: (cache) =>
      made(join(cache, `rustus-${rustus}`, 'bin', 'rustus'), 'cargo', [
        ...['install', 'rustus', '--version', rustus, '--locked', '--root', join(cache, `rustus-${rustus}`)],
      ]),
    command: (cache, port, dir) => ({
      file: join(cache, `rustus-${rustus}`, 'bin', 'rustus'),
      args: [
        ...['--host', '127.0.0.1', '--port', String(port), '--url', '/files', '--max-body-size', '67108864'],
        ...['--data-dir', dir, '--info-dir', dir],
      ],
    }),
    path: '/files',
    shown:
      'rustus --port 8080 --url /files --max-body-size 67108864 --data-dir ./uploads --info-dir ./uploads',
  },
  {
    id: 'tussi',
    title: 'tussi 3.1.0 on uvicorn',
    from: 'PyPI',
    fetch: (cache) => fromPyPi(cache, 'tussi, uvicorn', ['tussi==3.1.0', 'uvicorn==0.54.0']),
    command: (cache, port, dir) => inPython(cache, 'servers/tussi-server.py', [String(port), dir]),
    path: '/files',
    shown: 'python peers/servers/tussi-server.py 8080 ./uploads',
  },
];
