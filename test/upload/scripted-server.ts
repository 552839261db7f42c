import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenApart, listenOn } from '../../fixtures/free-port.ts';

/** What one request meets instead of the server's ordinary behaviour. */
export type Step =
  | { readonly answer: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Takes this many body bytes, keeps them or not, and resets the connection. */
  | { readonly cutAfterBytes: number; readonly keep: boolean }
  /** Does what it should, and resets the connection instead of answering. */
  | { readonly loseAnswer: true }
  /** Takes only the first part of the body, and says so. */
  | { readonly acceptBytes: number }
  /** Does what it should, and says this instead of the right status. */
  | { readonly status: number }
  /** Does what it should, with these headers changed; `undefined` leaves one out. */
  | { readonly patchHeaders: Readonly<Record<string, string | undefined>> }
  /** Does what it should, with the names of its headers spelt in another way. */
  | { readonly respell: (name: string) => string }
  /** Does what it should, with fields of its JSON changed. */
  | { readonly patchJson: Readonly<Record<string, unknown>> }
  /** Writes what the test writes. */
  | { readonly write: (res: ServerResponse) => void }
  /** Never answers. */
  | { readonly stall: true }
  /** Whatever the test wants to do first; then the ordinary behaviour. */
  | { readonly first: () => void | Promise<void> };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface ScriptedServer {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Method and path of every request, in order. */
  readonly lines: () => readonly string[];
  /** Steps per method (FINALIZE for its POST), used up one by one. */
  readonly script: Record<string, Step[]>;
  readonly uploads: Map<string, { lengthBytes: number; data: Buffer; metadata: string }>;
  readonly finished: Map<string, Buffer>;
  /** Nobody is there any more: connections end, and new ones are refused until `appear`. */
  readonly vanish: () => Promise<void>;
  readonly appear: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ScriptedOptions {
  /** Below which the routes are found. */
  readonly prefix?: string;
  /** What the proxy in front strips: Location lacks it. */
  readonly stripped?: string;
  readonly headless?: boolean;
  /** Offers creation-with-upload, and names the offset that comes of it. */
  readonly takesData?: boolean;
  readonly location?: (id: string) => string;
}

/** A small server of the pulse protocol on a real socket, which does exactly what the script of a test says. */
export async function startScriptedServer(options: ScriptedOptions = {}): Promise<ScriptedServer> {
  const {
    prefix = '',
    headless = false,
    takesData = false,
    location = (id) => `${prefix}/uploads/${id}`,
  } = options;
  const seen: SeenRequest[] = [];
  const script: Record<string, Step[]> = {};
  const uploads: ScriptedServer['uploads'] = new Map();
  const finished: ScriptedServer['finished'] = new Map();

  const ordinary = (request: SeenRequest, body: Buffer): [number, Record<string, string>, string] => {
    const { method, path, headers } = request;
    const tus = { 'Tus-Resumable': '1.0.0' };
    if (method === 'GET' && path === `${prefix}/health`) return [200, {}, '{"status":"OK"}'];
    if (method === 'OPTIONS' && takesData)
      return [204, { 'Tus-Version': '1.0.0', 'Tus-Extension': 'creation,creation-with-upload' }, ''];
    if (method === 'POST' && path === `${prefix}/uploads`) {
      const id = randomUUID();
      const metadata = String(headers['upload-metadata'] ?? '');
      const data = takesData ? body : Buffer.alloc(0);
      uploads.set(id, { lengthBytes: Number(headers['upload-length']), data, metadata });
      const offset = takesData && { 'Upload-Offset': String(data.byteLength) };
      return [201, { ...tus, ...offset, Location: location(id) }, ''];
    }
    if (method === 'POST' && path === `${prefix}/uploads/finalize`) {
      const { uploadId } = JSON.parse(body.toString()) as { uploadId: string };
      const upload = uploads.get(uploadId);
      if (upload === undefined) return [404, tus, '{"error":"not found"}'];
      finished.set(uploadId, upload.data);
      const checksum = `sha256:${createHash('sha256').update(upload.data).digest('hex')}`;
      const json = { videoId: uploadId, status: 'complete', size: upload.data.byteLength, checksum };
      return [200, tus, JSON.stringify(json)];
    }
    const upload = path.startsWith(`${prefix}/uploads/`)
      ? uploads.get(path.split('/').filter(Boolean).at(-1) ?? '')
      : undefined;
    if (upload === undefined || (method === 'HEAD' && headless)) return [404, tus, ''];
    const state = () => ({
      ...tus,
      'Upload-Offset': String(upload.data.byteLength),
      'Upload-Length': String(upload.lengthBytes),
    });
    if (method === 'HEAD') return [200, state(), ''];
    if (Number(headers['upload-offset']) !== upload.data.byteLength) return [409, tus, ''];
    upload.data = Buffer.concat([upload.data, body]);
    return [204, state(), ''];
  };

  const server = createServer(async (req, res) => {
    const { method = '', url = '' } = req;
    const [path = '', query = ''] = url.split('?');
    const key = path.endsWith('/finalize') ? 'FINALIZE' : method;
    const step = script[key]?.shift();
    const limitBytes = step && 'cutAfterBytes' in step ? step.cutAfterBytes : Number.POSITIVE_INFINITY;
    const raw = await readBody(req, limitBytes);
    const body = payloadOf(req, raw);
    const request: SeenRequest = { method, path, query, headers: req.headers, body };
    seen.push(request);
    await act(step, request, body, res, ordinary);
  });
  server.requestTimeout = 0;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const port = await listenApart(server);
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    seen,
    lines: () => seen.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, '<id>')}`),
    script,
    uploads,
    finished,
    vanish: close,
    appear: () => listenOn(server, port),
    close,
  };
}

type Ordinary = (request: SeenRequest, body: Buffer) => [number, Record<string, string>, string];

async function act(
  step: Step | undefined,
  request: SeenRequest,
  body: Buffer,
  res: ServerResponse,
  ordinary: Ordinary,
): Promise<void> {
  if (step === undefined) return write(res, ...ordinary(request, body));
  if ('stall' in step) return;
  if ('write' in step) return step.write(res);
  if ('answer' in step) return write(res, step.answer, { ...step.headers }, step.body ?? '');
  if ('cutAfterBytes' in step) {
    if (step.keep) ordinary(request, body.subarray(0, step.cutAfterBytes));
    res.socket?.resetAndDestroy();
    return;
  }
  if ('acceptBytes' in step) return write(res, ...ordinary(request, body.subarray(0, step.acceptBytes)));
  if ('first' in step) await step.first();
  const [status, headers, text] = ordinary(request, body);
  if ('loseAnswer' in step) {
    res.socket?.resetAndDestroy();
    return;
  }
  const said = 'status' in step ? step.status : status;
  const json = 'patchJson' in step ? JSON.stringify({ ...JSON.parse(text), ...step.patchJson }) : text;
  const changed: Record<string, string> = { ...headers };
  for (const [name, value] of Object.entries('patchHeaders' in step ? step.patchHeaders : {})) {
    if (value === undefined) delete changed[name];
    else changed[name] = value;
  }
  const respell = 'respell' in step ? step.respell : (name: string) => name;
  const spelt = Object.entries(changed).map(([name, value]) => [respell(name), value] as const);
  write(res, said, Object.fromEntries(spelt), json);
}

function write(
  res: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  res.writeHead(status, headers);
  res.end(body);
}

async function readBody(req: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  try {
    // Stopping a loop over a request would destroy its connection before the test says so.
    for await (const part of req.iterator({ destroyOnReturn: false })) {
      parts.push(part as Buffer);
      sizeBytes += (part as Buffer).byteLength;
      if (sizeBytes >= limitBytes) break;
    }
  } catch {
    // the client went away
  }
  return Buffer.concat(parts);
}

/** The bytes of the part `chunk`, or the body as it is. */
function payloadOf(req: IncomingMessage, raw: Buffer): Buffer {
  const boundary = /boundary=(.+)$/.exec(req.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return raw;
  const start = raw.indexOf('\r\n\r\n') + 4;
  return raw.subarray(start, raw.lastIndexOf(`\r\n--${boundary}--`));
}
