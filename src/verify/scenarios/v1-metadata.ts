import { encodeMetadata, parseMetadata } from '../../protocol/headers.ts';
import { isSuccess } from '../answers.ts';
import type { Payload } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { endingsOf, listedIn } from './v1-listed.ts';

/** Creations whose metadata are as the protocol wants them, as it forbids them, and as it says nothing about. */

export type Pairs = Readonly<Record<string, string>>;

/** One creation, and what was peculiar about it. */
export interface Tried {
  readonly what: string;
  readonly posted: Exchange;
}

const text = (value: Uint8Array | undefined) => Buffer.from(value ?? '').toString('utf8');

/** The metadata that every creation has: a new UUID, and the name of a video. */
export function ordinary(probe: Probe): { readonly artifactId: string; readonly filename: string } {
  const { artifactId, filename } = parseMetadata(probe.metadata() ?? '') ?? {};
  return { artifactId: text(artifactId), filename: text(filename) };
}

const withEnding = (filename: string, ending: string) => filename.replace(/\.mp4$/, '') + ending;

/** Each scenario declares a size of its own, so that a mistake can be made with its uploads alone. */
export const create = (probe: Probe, sizeBytes: number, pairs: Pairs): Promise<Exchange> => {
  // A token that is bound to an artifact is good for what is related to that.
  const anchor = probe.artifacts.owner;
  const covered = anchor === undefined ? pairs : { relatedTo: anchor, ...pairs };
  return probe.post(sizeBytes, { headers: { 'Upload-Metadata': encodeMetadata(covered) } });
};

/** Metadata that must be refused, by the requirement that says so. */
const forbidden: Readonly<
  Record<string, readonly (readonly [what: string, made: (own: ReturnType<typeof ordinary>) => Pairs])[]>
> = {
  noId: [['metadata without artifactId', ({ filename }) => ({ filename })]],
  badId: [
    ['artifactId x', (own) => ({ ...own, artifactId: 'x' })],
    // Whoever takes it for a path must hit nothing that is there: names of the run, never a real one.
    ['artifactId ../<UUID>', (own) => ({ ...own, artifactId: `../${own.artifactId}` })],
    ['a UUID and one character more', (own) => ({ ...own, artifactId: `${own.artifactId}0` })],
    ['an empty artifactId', (own) => ({ ...own, artifactId: '' })],
  ],
  noName: [['metadata without filename', ({ artifactId }) => ({ artifactId })]],
  badEnding: [
    ['a video named .exe', (own) => ({ ...own, filename: withEnding(own.filename, '.exe') })],
    ['a video named .mp4.exe', (own) => ({ ...own, filename: withEnding(own.filename, '.mp4.exe') })],
    ['a video without an ending', (own) => ({ ...own, filename: withEnding(own.filename, '') })],
    ['a video named .mp4/', (own) => ({ ...own, filename: withEnding(own.filename, '.mp4/') })],
  ],
};

const FORBIDDEN_BYTES = 41;

export const forbiddenMetadata = scenario({
  id: 'v1-forbidden-metadata',
  does: 'creates uploads without metadata, without or with malformed ids, without or with other file names, and captions that are named as a video',
  run: async (probe) => {
    const seen: Record<string, readonly Tried[]> = {
      nothing: [
        {
          what: 'no Upload-Metadata',
          posted: await probe.post(FORBIDDEN_BYTES, { headers: { 'Upload-Metadata': undefined } }),
        },
      ],
    };
    for (const [name, cases] of Object.entries(forbidden)) {
      const tried = [];
      for (const [what, made] of cases)
        tried.push({ what, posted: await create(probe, FORBIDDEN_BYTES, made(ordinary(probe))) });
      seen[name] = tried;
    }
    const capabilities = await probe.request('GET', probe.target.aliveUrl);
    if (!listedIn(capabilities).includes('captions')) return seen;
    const misnamed = await create(probe, FORBIDDEN_BYTES, { ...ordinary(probe), kind: 'captions' });
    return {
      ...seen,
      badEnding: [...(seen.badEnding ?? []), { what: 'captions named .mp4', posted: misnamed }],
    };
  },
});

const ALIAS_BYTES = 42;
const NO_KIND_BYTES = 43;
const RELATED_BYTES = 44;
const UNKNOWN_KEY_BYTES = 45;

export const ordinaryMetadata = scenario({
  id: 'v1-ordinary-metadata',
  does: 'creates uploads with either alias of artifactId, without a kind, related to what is not there yet, and with a key of its own',
  run: async (probe) => {
    const { filename, artifactId } = ordinary(probe);
    const project = ordinary(probe);
    const capabilities = await probe.request('GET', probe.target.aliveUrl);
    return {
      aliases: [
        {
          what: 'videoid',
          posted: await create(probe, ALIAS_BYTES, { videoid: artifactId, filename }),
        },
        {
          what: 'projectid',
          posted: await create(probe, ALIAS_BYTES, {
            projectid: project.artifactId,
            filename: project.filename,
          }),
        },
      ],
      noKind: await create(probe, NO_KIND_BYTES, ordinary(probe)),
      related: await create(probe, RELATED_BYTES, {
        ...captionsOrVideo(probe, capabilities),
        relatedTo: probe.artifacts.owner ?? ordinary(probe).artifactId,
      }),
      ownKey: await create(probe, UNKNOWN_KEY_BYTES, { ...ordinary(probe), 'x-foo': 'bar' }),
    };
  },
});

/** What belongs to a video, where the server takes it. */
function captionsOrVideo(probe: Probe, capabilities: Exchange): Pairs {
  const own = ordinary(probe);
  if (!listedIn(capabilities).includes('captions')) return own;
  const [ending = '.vtt'] = endingsOf(capabilities, 'captions');
  return { ...own, filename: withEnding(own.filename, ending), kind: 'captions' };
}

/** An ending of each kind that the protocol knows, for servers that list kinds without endings. */
const usualEndings: Readonly<Record<string, string>> = {
  video: '.mp4',
  project: '.pulse',
  captions: '.vtt',
  thumbnail: '.jpg',
};

const LISTED_BYTES = 46;

export const listedKinds = scenario({
  id: 'v1-listed-kinds',
  does: 'creates an upload of every kind with every ending that the capabilities list',
  run: async (probe) => {
    const capabilities = await probe.request('GET', probe.target.aliveUrl);
    const seen = [];
    for (const kind of listedIn(capabilities)) {
      const named = endingsOf(capabilities, kind);
      const usual = usualEndings[kind];
      for (const ending of named.length > 0 || usual === undefined ? named : [usual]) {
        const own = ordinary(probe);
        const filename = withEnding(own.filename, ending);
        const posted = await create(probe, LISTED_BYTES, { ...own, filename, kind });
        seen.push({
          what: `${kind} ${ending}`,
          kind,
          isNamed: named.length > 0,
          isUsual: usual !== undefined,
          posted,
        });
      }
    }
    return { seen };
  },
});

const EITHER_BYTES = 47;

export const unspecifiedMetadata = scenario({
  id: 'v1-unspecified-metadata',
  does: 'creates uploads with an ending in capitals, names that are paths, an unknown kind, a malformed relatedTo, and malformed or unknown checksums',
  run: async (probe) => {
    const file = probe.payload(EITHER_BYTES);
    const tried = async (
      what: string,
      made: (own: ReturnType<typeof ordinary>) => Pairs,
    ): Promise<Tried> => ({
      what,
      posted: await create(probe, EITHER_BYTES, made(ordinary(probe))),
    });
    const named = (what: string, made: (filename: string) => string) =>
      tried(what, (own) => ({ ...own, filename: made(own.filename) }));
    const checksums = [];
    for (const checksum of ['sha256', 'sha256:zz', 'crc32:00']) {
      const { what, posted } = await tried(`checksum ${checksum}`, (own) => ({ ...own, checksum }));
      checksums.push({ what, posted, ...(await sentTo(probe, posted, file)) });
    }
    return {
      capitals: await named('the ending .MP4', (filename) => withEnding(filename, '.MP4')),
      paths: [
        await named('a file name with ../../', (filename) => `../../${filename}`),
        await named('a file name with a NUL', (filename) => withEnding(filename, '\0.mp4')),
        await named('a file name of 4,000 characters', () => `${'n'.repeat(3996)}.mp4`),
      ],
      unknownKind: await tried('kind zzz', (own) => ({ ...own, kind: 'zzz' })),
      badRelation: await tried('relatedTo zz', (own) => ({ ...own, relatedTo: 'zz' })),
      checksums,
    };
  },
});

/** All its bytes in one chunk, where it was created. */
async function sentTo(probe: Probe, posted: Exchange, file: Payload) {
  if (!isSuccess(posted)) return {};
  const upload = probe.uploadOf(posted, file.sizeBytes);
  return { patched: await probe.patch(upload, 0, file.part(0, file.sizeBytes)) };
}
