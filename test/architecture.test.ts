import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = resolve(dirname(fileURLToPath(import.meta.url)), '../src');

/** The rooms, and whom each may import from. Files beside the rooms are named like rooms. */
const edges: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  events: ['errors'],
  protocol: ['errors'],
  transport: ['protocol', 'errors'],
  system: [],
  server: ['system', 'protocol', 'errors'],
  upload: ['system', 'protocol', 'errors', 'events'],
  bulk: ['system', 'upload', 'protocol', 'errors', 'events'],
  verify: ['protocol', 'errors', 'events'],
  output: ['system', 'errors', 'events', 'protocol', 'verify'],
  input: ['output', 'bulk', 'protocol', 'errors'],
  cli: [
    'input',
    'output',
    'bulk',
    'upload',
    'verify',
    'server',
    'transport',
    'system',
    'protocol',
    'errors',
    'events',
  ],
  library: ['input', 'upload', 'transport', 'protocol', 'errors', 'events'],
  index: ['library', 'upload', 'errors', 'events'],
};

/** Which packages open or accept connections, and the rooms that may use them. */
const networkPackages = /^(undici|node:(http|https|http2|net|tls|dgram))$/;
const networkRooms = new Set(['transport', 'server']);

/** Where the tool meets whoever runs it. */
const faces = new Set(['cli', 'output', 'library']);

/** Words of one protocol have no place in the uploader: it asks what is there, never who it is. */
const protocolNames = /'(pulse|tus|pulse-v1)'/;

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(src, path), 'utf8');
    const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
    return { path: path.split(sep).join('/'), room: roomOf(path), text, imports };
  });

function roomOf(path: string): string {
  return (path.split(sep)[0] ?? '').replace(/\.ts$/, '');
}

function targetRoom(file: SourceFile, specifier: string): string {
  return roomOf(relative(src, resolve(src, dirname(file.path), specifier)));
}

/** Code without comments, so that prose may name what code may not. */
function code(file: SourceFile): string {
  return file.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}

/** The edges as CONTRIBUTING.md draws them: `one, other -> room, room   (why)`. */
function drawnEdges(): Readonly<Record<string, readonly string[]>> {
  const page = readFileSync(resolve(src, '../CONTRIBUTING.md'), 'utf8');
  const drawn: Record<string, string[]> = {};
  for (const [, from = '', to = ''] of page.matchAll(/^ {4}([a-z, ]+) -> ([a-z, ]+?)(?: {2,}.*)?$/gm)) {
    for (const room of from.split(', ')) drawn[room] = [...(drawn[room] ?? []), ...to.split(', ')].toSorted();
  }
  return drawn;
}

describe('the house', () => {
  it('is drawn in CONTRIBUTING.md as it stands here, but for what nearly every room imports', () => {
    const common = new Set(['protocol', 'errors', 'events']);
    const rooms = Object.entries(edges)
      .map(([room, to]) => [room, to.filter((each) => !common.has(each)).toSorted()] as const)
      .filter(([, to]) => to.length > 0);
    expect(drawnEdges()).toEqual(Object.fromEntries(rooms));
  });

  it('has only the rooms of the table', () => {
    expect([...new Set(files.map(({ room }) => room))].filter((room) => !(room in edges))).toEqual([]);
  });

  it('imports only downwards', () => {
    const forbidden = files.flatMap((file) =>
      file.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => targetRoom(file, specifier))
        .filter((room) => room !== file.room && !edges[file.room]?.includes(room))
        .map((room) => `${file.path} imports from ${room}`),
    );
    expect(forbidden).toEqual([]);
  });

  it('opens and accepts connections only in transport and server', () => {
    const forbidden = files
      .filter(({ room }) => !networkRooms.has(room))
      .flatMap(({ path, imports }) =>
        imports.filter((name) => networkPackages.test(name)).map((name) => `${path}: ${name}`),
      );
    expect(forbidden).toEqual([]);
  });

  it('touches the process and the console only in its faces', () => {
    const forbidden = files
      .filter(({ room }) => !faces.has(room))
      .filter((file) => /(?<![\w.])(process\.|console\.)/.test(code(file)))
      .map(({ path }) => path);
    expect(forbidden).toEqual([]);
  });

  it('asks for the process itself only where a lock must tell a live owner from a dead one', () => {
    const asking = files
      .filter(
        ({ room, imports }) => !faces.has(room) && room !== 'system' && imports.includes('node:process'),
      )
      .map(({ path }) => path);
    expect(asking.filter((path) => !/(^|\/)[\w-]*lock\.ts$/.test(path))).toEqual([]);
  });

  it('names no protocol in the uploader', () => {
    const naming = files
      .filter((file) => file.room === 'upload' && protocolNames.test(code(file)))
      .map(({ path }) => path);
    expect(naming).toEqual([]);
  });

  it('has no default exports and no file named after nothing', () => {
    expect(files.filter((file) => /^export default/m.test(file.text)).map(({ path }) => path)).toEqual([]);
    const vague = /(^|[/-])(utils?|helpers?|manager|handler)\.ts$/;
    expect(files.filter(({ path }) => vague.test(path)).map(({ path }) => path)).toEqual([]);
  });
});
