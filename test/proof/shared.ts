import { type Defect, defects } from '../../src/server/defects.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks } from '../../src/verify/verify.ts';

/** What plain tus and pulse are judged by holds for protocol v1 too: the same mistakes, made by a v1 server. */

/** The checks that are part of protocol v1. */
export const underV1: ReadonlySet<string> = new Set(
  allChecks(suite)
    .filter(({ level }) => level['pulse-v1'] !== undefined)
    .map(({ id }) => id),
);

/** Every defect of another protocol that breaks a check of v1, as a mistake of a v1 server. */
export const sharedDefects: readonly Defect[] = defects
  .filter(({ serve }) => serve?.protocol !== 'pulse-v1')
  .map((defect) => ({
    ...defect,
    serve: { ...defect.serve, protocol: 'pulse-v1' as const },
    breaks: defect.breaks.filter((id) => underV1.has(id)),
  }))
  .filter(({ breaks }) => breaks.length > 0);

/** Why a mistake cannot be made, or cannot be seen, in a v1 server as it is written. */
const reasons: readonly (readonly [reason: string, ids: readonly string[]])[] = [
  [
    'it is a mistake of finalize or of the digest that finalize answers, and v1 has none',
    [
      'complete-one-byte-early',
      'concat-part-finalized',
      'empty-never-complete',
      'empty-upload-never-complete',
      'fills-up-to-1-mib',
      'finalize-incomplete',
      'finalize-reads-into-memory',
      'finalize-shortens-others',
      'single-byte-is-empty',
      'wants-empty-chunk',
    ],
  ],
  [
    'it damages the bytes of an upload that a v1 server has by then moved to its artifacts',
    ['chunk-length-16-bit', 'overrun-damages'],
  ],
  ['v1 serves nothing before it is there, and the tester waits for it', ['done-before-flush']],
  [
    'it knows the uploads that it is about by their having no metadata, which v1 refuses',
    [
      'answers-one-behind',
      'concat-metadata-inherited',
      'concat-never-joined',
      'created-but-not-ready',
      'empty-upload-refused',
      'upload-of-the-app-takes-forms-only',
    ],
  ],
  [
    'v1 reads the metadata of every creation, and refuses what cannot be read',
    ['metadata-empty-keys', 'metadata-keys-twice', 'metadata-reads-anything'],
  ],
  [
    'it is about GET of an upload URL, which v1 does not have',
    ['concat-patch-stored', 'download-of-unfinished-fails', 'pages-are-served-inline'],
  ],
  [
    'the ids of v1 come from the client',
    ['creation-alike-gets-first-upload', 'ids-are-counted', 'stored-under-metadata'],
  ],
  ['a v1 server states a maximum, and refuses a length of that many digits for it', ['length-rounded']],
  ['every video of v1 begins like one, and not like a gzip', ['unpacks-gzip']],
  [
    'its creation or chunk is one that only pulse is asked with',
    ['creation-without-version', 'mebibyte-without-version'],
  ],
];

/** Defect id to the reason why it is not shown under v1. */
export const notUnderV1: ReadonlyMap<string, string> = new Map(
  reasons.flatMap(([reason, ids]) => ids.map((id) => [id, reason] as const)),
);

/** The checks of v1 that are seen to fail on a v1 server. */
export const provenUnderV1: ReadonlySet<string> = new Set(
  [
    ...defects.filter(({ serve }) => serve?.protocol === 'pulse-v1'),
    ...sharedDefects.filter(({ id }) => !notUnderV1.has(id)),
  ]
    .flatMap(({ breaks }) => breaks)
    .filter((id) => underV1.has(id)),
);
