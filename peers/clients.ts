import { join } from 'node:path';
import { fromPyPi, hasModule, inPython } from './fetch.ts';
import type { ClientPeer } from './peer.ts';

const here = (script: string) => join(import.meta.dirname, script);

/** Debian's package belongs to Debian's Python, which need not be the first in PATH. */
const pythons = ['/usr/bin/python3', 'python3'];
const pythonWithTuspy = () => pythons.find((file) => hasModule(file, 'tusclient'));

/** Clients of plain tus, in the versions that docs/peers.md speaks of. */
export const clients: readonly ClientPeer[] = [
  {
    id: 'tus-js-client',
    title: 'tus-js-client 4.3.1',
    from: 'npm, a development dependency',
    fetch: () => undefined,
    command: (_, file, url) => ({
      file: process.execPath,
      args: [here('clients/tus-js-client.mjs'), file, url],
    }),
    shown: 'node peers/clients/tus-js-client.mjs video.mp4 http://127.0.0.1:8080/files',
  },
  {
    id: 'tuspy',
    title: 'tuspy 1.0.0',
    from: 'Debian, python3-tuspy',
    fetch: () =>
      pythonWithTuspy() === undefined
        ? 'no Python here has tuspy (apt-get install python3-tuspy)'
        : undefined,
    command: (_, file, url) => ({
      file: pythonWithTuspy() ?? 'python3',
      args: [here('clients/tuspy-client.py'), file, url],
    }),
    shown: 'python3 peers/clients/tuspy-client.py video.mp4 http://127.0.0.1:8080/files',
  },
  {
    id: 'aiotus',
    title: 'aiotus 1.1.0',
    from: 'PyPI',
    fetch: (cache) => fromPyPi(cache, 'aiotus', ['aiotus==1.1.0']),
    command: (cache, file, url) => inPython(cache, 'clients/aiotus-client.py', [file, url]),
    shown: 'python peers/clients/aiotus-client.py video.mp4 http://127.0.0.1:8080/files',
    ruling:
      'the client is wrong: Location may be relative (RFC 9110, 10.2.2), and it cannot follow "/files/ID" (it says so after the 201, and sends no byte)',
  },
];
