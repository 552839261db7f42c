import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server of one upload that hashes what comes and keeps nothing: for files that no test should write to disk. */
export async function startHashingSink(): Promise<string> {
  const hash = createHash('sha256');
  let offsetBytes = 0;
  const server = createServer(async (req, res) => {
    const offset = () => ({ 'Upload-Offset': String(offsetBytes), 'Tus-Resumable': '1.0.0' });
    if (req.method === 'PATCH') {
      if (req.headers['upload-offset'] !== String(offsetBytes)) return void res.writeHead(409).end();
      for await (const part of req) {
        hash.update(part);
        offsetBytes += (part as Buffer).byteLength;
      }
      return void res.writeHead(204, offset()).end();
    }
    if (req.method === 'HEAD') return void res.writeHead(200, offset()).end();
    if (req.url === '/uploads') return void res.writeHead(201, { Location: '/uploads/1' }).end();
    const checksum = `sha256:${hash.digest('hex')}`;
    res.end(JSON.stringify({ videoId: '1', status: 'complete', size: offsetBytes, checksum }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
