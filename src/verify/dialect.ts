import { createHash } from 'node:crypto';
import { TUS_VERSION } from '../protocol/headers.ts';
import { below } from '../protocol/urls.ts';
import { headerMembers, headerOf, jsonOf } from './answers.ts';
import type { ProtocolId } from './check.ts';
import type { Exchange } from './recording.ts';
import type { Target } from './target.ts';

/** What each protocol does its own way, for whoever sends requests. */
export interface Dialect {
  readonly places: (server: URL) => Pick<Target, 'createUrl' | 'aliveUrl' | 'finalizeUrl' | 'artifactsUrl'>;
  /** The URL that the user has to name, in words. */
  readonly wants: string;
  /** How the alive URL is asked. */
  readonly aliveMethod: 'GET' | 'OPTIONS';
  readonly credential: (token: string) => readonly [string, string];
  /** The ending of the files that the tester makes. */
  readonly ending: string;
  /** False where what the server offers is told elsewhere, and OPTIONS may be refused. */
  readonly needsOptions?: false;
  /** Without its metadata a creation is refused. */
  readonly needsMetadata?: true;
  /** Clients choose the size of their chunks: no server has to take a chunk of 1 MiB. */
  readonly choosesChunks?: true;
  /** A creation names the upload that it creates: the same one once more means the same upload. */
  readonly creationNamesUpload?: true;
  /** Metadata of a new upload; `anchor` is the artifact that the credential is bound to. */
  readonly metadata: (filename: string, anchor?: string) => Readonly<Record<string, string>>;
  /** Where the bytes of a finished upload can be read, if anywhere. */
  readonly contentUrl: (
    target: Target,
    upload: { readonly url: string; readonly filename: string },
  ) => string;
  /** How files begin, where servers look at them. */
  readonly opening?: 'mp4';
  /** Asked to recognise the protocol, and the sign in the answer, in words. */
  readonly recognise: {
    readonly method: 'GET' | 'OPTIONS';
    readonly url: (server: URL) => URL;
    readonly sign: (answered: Exchange) => string | undefined;
    /** What stands behind the server's URL where uploads are created. */
    readonly creation?: string;
  };
}

const bearer = (token: string) => ['Authorization', `Bearer ${token}`] as const;

export const dialects: Readonly<Record<ProtocolId, Dialect>> = {
  'pulse-v1': {
    places: (server) => ({
      createUrl: below(server, 'upload').href,
      aliveUrl: below(server, 'capabilities').href,
      artifactsUrl: below(server, 'artifacts').href,
    }),
    wants: 'the URL below which /capabilities and /upload are found',
    aliveMethod: 'GET',
    credential: bearer,
    ending: '.mp4',
    opening: 'mp4',
    needsMetadata: true,
    creationNamesUpload: true,
    needsOptions: false,
    metadata: (filename, anchor) => ({
      artifactId: artifactIdOf(filename),
      filename,
      ...(anchor !== undefined && { relatedTo: anchor }),
    }),
    contentUrl: ({ artifactsUrl }, { filename }) => `${artifactsUrl}/${artifactIdOf(filename)}`,
    recognise: {
      method: 'GET',
      url: (server) => below(server, 'capabilities'),
      sign: (answered) => {
        const version = answered.answer?.status === 200 ? jsonOf(answered)?.protocolVersion : undefined;
        return Number.isInteger(version) ? `/capabilities answered protocolVersion ${version}` : undefined;
      },
      creation: 'upload',
    },
  },
  pulse: {
    places: (server) => ({
      createUrl: below(server, 'uploads').href,
      finalizeUrl: below(server, 'uploads/finalize').href,
      aliveUrl: below(server, 'health').href,
    }),
    wants: 'the URL below which /uploads is found',
    aliveMethod: 'GET',
    credential: (token) => ['X-Upload-Token', token],
    ending: '.mp4',
    opening: 'mp4',
    metadata: (filename) => ({ filename, filetype: 'video/mp4' }),
    contentUrl: (_target, { url }) => url,
    recognise: {
      method: 'GET',
      url: (server) => below(server, 'health'),
      sign: (answered) =>
        answered.answer?.status === 200 && jsonOf(answered)?.status === 'OK'
          ? '/health answered OK'
          : undefined,
      creation: 'uploads',
    },
  },
  tus: {
    places: (server) => ({ createUrl: server.href, aliveUrl: server.href }),
    wants: 'the URL that creates uploads',
    aliveMethod: 'OPTIONS',
    credential: bearer,
    ending: '.bin',
    choosesChunks: true,
    metadata: (filename) => ({ filename }),
    contentUrl: (_target, { url }) => url,
    recognise: {
      method: 'OPTIONS',
      url: (server) => server,
      sign: (answered) =>
        headerMembers(answered, 'Tus-Version').includes(TUS_VERSION)
          ? `OPTIONS answered Tus-Version ${headerOf(answered, 'Tus-Version')}`
          : undefined,
    },
  },
};

/** A UUID made of the file's name, which says which run and scenario it belongs to: no two uploads share one. */
export function artifactIdOf(filename: string): string {
  const hex = createHash('sha256').update(filename).digest('hex');
  const [a, b, c, d, e] = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(13, 16),
    hex.slice(17, 20),
    hex.slice(20, 32),
  ];
  return `${a}-${b}-4${c}-8${d}-${e}`;
}
