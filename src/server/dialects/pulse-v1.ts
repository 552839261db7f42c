import { createHash } from 'node:crypto';
import { artifactOf } from '../artifact.ts';
import type { Dialect } from '../dialect.ts';
import { type Reply, refusal } from '../http/exchange.ts';
import type { Parts } from '../parts.ts';
import { capabilities } from '../requests/capabilities.ts';
import { settledFirst } from '../requests/complete.ts';
import { artifactIdIn, serveArtifact, withdrawArtifact } from '../requests/serve-artifact.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import type { Subject } from '../tokens/token.ts';
import { words } from '../words.ts';

const TiB = 1024 ** 4;

/** The Pulse Upload Protocol, version 1: artifacts with ids that the client brings along. */
export const pulseV1: Dialect = {
  clientPath: '',
  maxSizeBytes: TiB,
  resource: (path) => {
    if (path === '/capabilities') return { verbs: { GET: capabilities, HEAD: capabilities }, isOpen: true };
    return artifactIdIn(path) !== undefined
      ? { verbs: { GET: serveArtifact, HEAD: serveArtifact, DELETE: withdrawArtifact } }
      : undefined;
  },
  uploadVerbs: {},
  // Protocol v1, 3.
  link: (server, artifactId, token) =>
    `pulsecam://?${new URLSearchParams({ v: '1', artifactId, server, ...(token !== undefined && { token }) })}`,
  judgeCreation: async ({ headers }, { uploads }) => {
    const artifact = artifactOf(headers['upload-metadata']);
    if ('status' in artifact) return artifact;
    const isTaken = (await uploads.find(artifact.id)) !== undefined;
    return isTaken ? refusal(409, 'an artifact of this id exists already') : undefined;
  },
  idFor: ({ headers }) => {
    const artifact = artifactOf(headers['upload-metadata']);
    return 'id' in artifact ? artifact.id : undefined;
  },
  subject: async ({ path, headers }, uploadId, { uploads }) => {
    const isCreation = uploadId === undefined && path.startsWith(words['pulse-v1'].creationPath);
    if (isCreation) return aboutOf(headers['upload-metadata']);
    const id = uploadId ?? artifactIdIn(path);
    // What is about no artifact, as the page, is about all of them.
    if (id === undefined) return {};
    const upload = await uploads.find(id);
    return { ...aboutOf(upload?.info.metadata), artifactId: id };
  },
  meet: settledFirst,
  settle,
  dress: (reply) => ({
    ...reply,
    headers: { 'Protocol-Version': '1', ...reply.headers },
    ...(reply.status >= 400 && typeof reply.body === 'string' && { body: asError(reply.body) }),
  }),
};

/** What the metadata says of an artifact. Where it says nothing, the creation is refused for that. */
function aboutOf(metadata: string | undefined): Subject | undefined {
  const artifact = artifactOf(metadata);
  if ('status' in artifact) return undefined;
  const { id, relatedTo } = artifact;
  return { artifactId: id, ...(relatedTo !== undefined && { relatedTo }) };
}

/** Nothing is served before its checksum was compared; what differs is removed (protocol v1, 6.3). */
async function settle(upload: LiveUpload, parts: Parts): Promise<Reply | undefined> {
  const artifact = artifactOf(upload.info.metadata);
  if ('status' in artifact) return artifact;
  const { id, extension, checksum } = artifact;
  if (checksum !== undefined && (await digestOf(upload, checksum.algorithm, parts)) !== checksum.hex) {
    await parts.uploads.remove(upload);
    return refusal(
      422,
      `the file does not have the ${checksum.algorithm} that its metadata names; it was removed`,
    );
  }
  const wanted = { name: `${id}${extension}`, sizeBytes: upload.offsetBytes };
  upload.finished = await parts.store.finish(id, wanted);
  return undefined;
}

async function digestOf(upload: LiveUpload, algorithm: string, { store }: Parts): Promise<string> {
  const hash = createHash(algorithm);
  for await (const bytes of store.read(upload)) hash.update(bytes);
  return hash.digest('hex');
}

/** Protocol v1, 5.3. */
function asError(body: string): string {
  return JSON.stringify({ ok: false, ...JSON.parse(body) });
}
