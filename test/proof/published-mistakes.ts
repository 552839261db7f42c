/**
 * What went wrong in published tus servers (their issue trackers and fixes), and the defects that rebuild it. A row
 * without a defect says why there is none.
 */
export type PublishedMistake = {
  readonly id: string;
  /** The report, or the fix. */
  readonly source: string;
} & ({ readonly defects: readonly string[] } | { readonly whyNot: string });

const github = (path: string) => `https://github.com/${path}`;

export const publishedMistakes: readonly PublishedMistake[] = [
  {
    id: 'double-append',
    source: github('giometrix/Xtensible.TusDotNet.Azure/issues/12'),
    defects: ['double-append', 'repeated-chunk-appended'],
  },
  {
    id: 'offset-by-declared-size',
    source: github('dirkmoors/drf-tus/issues/1'),
    defects: ['offset-by-declared-size', 'patch-one-too-many'],
  },
  {
    id: 'buffer-then-commit',
    source: github('tus/tus-resumable-upload-protocol/issues/140'),
    defects: ['buffer-then-commit'],
  },
  {
    id: 'promised-then-deleted',
    source: github('seaweedfs/seaweedfs/issues/10876'),
    defects: ['promised-then-deleted'],
  },
  { id: 'racing-same-offset', source: github('seaweedfs/seaweedfs/issues/10945'), defects: ['no-lock'] },
  {
    id: 'ack-not-durable',
    source: github('tus/tusd/issues/376'),
    defects: ['file-ends-at-3-mib', 'tail-not-durable'],
  },
  {
    id: 'no-offset-check',
    source: github('ankitpokhrel/tus-php/issues/43'),
    defects: [
      'chunk-ahead-appended',
      'early-chunk-taken',
      'chunk-behind-appended',
      'offset-parse-int',
      'offset-missing-is-0',
      'offset-negative-is-0',
    ],
  },
  {
    id: 'name-is-storage-key',
    source: github('ankitpokhrel/tus-php/issues/125'),
    defects: ['name-overwrites', 'crowd-mixed-up'],
  },
  {
    id: 'done-before-flush',
    source: github('tus/tus-node-server/issues/79'),
    defects: ['done-before-flush'],
  },
  { id: 'replica-split', source: github('lablup/backend.ai/issues/11767'), defects: ['replicas-disagree'] },
  {
    id: 'torn-metadata',
    source: github('tomdesair/tus-java-server/issues/34'),
    defects: ['sessions-in-memory'],
  },
  {
    id: 'abort-kills-server',
    source: github('mieweb/pulsevault/issues/50'),
    defects: ['aborted-chunk-ends-process'],
  },
  {
    id: 'inactivity-cancels-commit',
    source: github('seaweedfs/seaweedfs/issues/8786'),
    defects: ['total-time-limit'],
  },
  {
    id: 'freeze-under-parallel',
    source: github('s3rius/rustus/commit/380c35b'),
    defects: ['health-waits-for-chunk'],
  },
  {
    id: 'lock-leak-on-abort',
    source: github('tus/tus-node-server/commit/42c6267'),
    defects: ['lock-left-behind', 'lock-kept-in-second-chunk'],
  },
  { id: 'stale-stop-file', source: github('tus/tusd/issues/1372'), defects: ['marker-left-behind'] },
  {
    id: 'lock-as-409',
    source: github('tus/tus-js-client/issues/507'),
    whyNot:
      'a 409 to a chunk for a busy upload is right too: the text names no status, and its client asks HEAD again',
  },
  {
    id: 'reads-take-the-write-lock',
    source: github('tus/tusd/issues/208'),
    whyNot: 'GET is no part of tus 1.0, and no requirement speaks of two downloads at once',
  },
  {
    id: 'head-never-returns-while-patching',
    source: github('tomdesair/tus-java-server/issues/80'),
    defects: ['head-waits-for-writer'],
  },
  {
    id: 'head-no-offset-when-done',
    source: github('tus/tus-node-server/issues/207'),
    defects: ['head-silent-when-complete'],
  },
  {
    id: 'head-length-as-offset',
    source: github('tus/tus-node-server/issues/21'),
    defects: ['head-length-as-offset', 'new-upload-at-its-end'],
  },
  {
    id: 'head-no-length',
    source: github('okumy/aiohttp-tus/issues/5'),
    defects: ['head-without-length', 'pulse-head-without-length'],
  },
  {
    id: 'head-cacheable',
    source: github('tus/tusd/commit/0c04ba22'),
    defects: ['head-no-cache-only', 'head-one-behind'],
  },
  {
    id: 'head-routed-to-get',
    source: github('Cap-go/hono-r2-tus-uploader/issues/11'),
    defects: ['head-is-a-download'],
  },
  { id: 'metadata-forgotten', source: github('tus/tusd/issues/116'), defects: ['metadata-forgotten'] },
  { id: 'query-in-id', source: github('tus/tus-jquery-client/issues/11'), defects: ['query-500'] },
  { id: 'transient-as-404', source: github('seaweedfs/seaweedfs/issues/11153'), defects: ['trouble-is-404'] },
  {
    id: 'unknown-id-status',
    source: github('supabase/storage/issues/417'),
    defects: ['unknown-head-500', 'unknown-patch-409', 'unknown-head-offset-zero', 'pulse-unknown-head-400'],
  },
  {
    id: 'location-wrong-origin',
    source: github('tus/tus-node-server/issues/469'),
    defects: ['location-elsewhere', 'location-without-tls', 'location-of-nothing', 'creation-lost-location'],
  },
  {
    id: 'zero-byte',
    source: github('tusdotnet/tusdotnet/issues/119'),
    defects: [
      'empty-upload-refused',
      'empty-file-refused',
      'empty-upload-without-offset',
      'empty-never-complete',
      'empty-upload-never-complete',
    ],
  },
  {
    id: 'empty-metadata-value',
    source: github('dirkmoors/drf-tus/issues/26'),
    defects: ['metadata-needs-values', 'metadata-drops-empty-values', 'metadata-empty-header-fails'],
  },
  {
    id: 'non-ascii-metadata',
    source: github('tus/tus-node-server/issues/687'),
    defects: ['metadata-becomes-headers', 'metadata-is-ascii', 'name-ascii-only'],
  },
  {
    id: 'bad-metadata-accepted',
    source: github('tus/tus-resumable-upload-protocol/issues/124'),
    defects: ['metadata-keys-twice', 'metadata-reads-anything', 'metadata-empty-keys'],
  },
  {
    id: 'int32-size',
    source: github('tusdotnet/tusdotnet/issues/50'),
    defects: ['length-in-32-bits', 'offset-32-bit'],
  },
  {
    id: '32-bit-panic',
    source: github('tus/tusd/issues/1047'),
    whyNot:
      'a server that drops every chunk passes nothing that sends one: a defect of so many names would show nothing about any of them',
  },
  {
    id: 'length-not-validated',
    source: github('tus/tusd/issues/1386'),
    defects: [
      'length-missing-is-zero',
      'length-by-its-beginning',
      'senseless-length-is-zero',
      'length-known-and-deferred',
    ],
  },
  { id: 'max-size-bypass', source: github('tus/tusd/issues/1032'), defects: ['maximum-not-enforced'] },
  {
    id: 'overrun-length',
    source: github('tus/tusd/commit/049b7514'),
    defects: ['length-ignored', 'chunked-length-ignored', 'overlong-upload-finalized'],
  },
  {
    id: 'deferred-tail-lost',
    source: github('tus/tusd/issues/396'),
    defects: ['deferred-tail-lost'],
  },
  {
    id: 'cwu-incomplete',
    source: github('s3rius/rustus/issues/93'),
    defects: ['creation-never-whole'],
  },
  {
    id: 'retry-duplicates-create',
    source: github('tus/tusd/issues/1365'),
    whyNot:
      'a creation whose answer was lost leaves an upload behind that nothing lists: it cannot be seen from outside',
  },
  {
    id: 'options-no-version',
    source: github('tus/tus-node-server/issues/674'),
    defects: ['options-without-versions'],
  },
  {
    id: 'options-412',
    source: github('ankitpokhrel/tus-php/issues/288'),
    defects: ['options-checks-version'],
  },
  {
    id: 'preflight-404',
    source: github('janko/tus-ruby-server/issues/2'),
    defects: ['options-on-upload-500'],
  },
  {
    id: 'cors-not-exposed',
    source: github('tus/tus-node-server/issues/38'),
    defects: ['exposed-on-post-only', 'cors-without-expose'],
  },
  {
    id: 'content-type-strictness',
    source: github('tus/tusd/issues/1253'),
    defects: ['charset-500', 'text-taken', 'untyped-taken'],
  },
  {
    id: 'needs-content-length',
    source: github('tus/tus-resumable-upload-protocol/issues/135'),
    defects: ['needs-content-length', 'creation-needs-content-length'],
  },
  {
    id: 'method-override-ignored',
    source: github('edihasaj/tuspyserver/issues/65'),
    defects: ['override-unknown-here', 'override-creates'],
  },
  {
    id: 'resumable-version',
    source: github('tus/tus-node-server/issues/114'),
    defects: [
      'version-missing-on-success',
      'version-missing-on-errors',
      'wrong-version-processed',
      '412-without-versions',
    ],
  },
  {
    id: 'late-rejection',
    source: github('janko/tus-ruby-server/issues/8'),
    defects: ['refuses-behind-body', 'token-behind-body'],
  },
  { id: 'patch-200', source: github('tus/tus-py-client/issues/44'), defects: ['patch-200', 'mebibyte-200'] },
  {
    id: 'advertises-what-it-lacks',
    source: github('opencloud-eu/opencloud/issues/2926'),
    defects: ['trailer-without-checksum', 'override-delete-does-nothing'],
  },
  { id: 'bad-checksum-204', source: github('owncloud/ocis/issues/1755'), defects: ['checksum-not-compared'] },
  {
    id: 'checksum-after-abort',
    source: github('tusdotnet/tusdotnet/issues/63'),
    defects: ['checksum-cut-counted-twice'],
  },
  {
    id: 'mismatch-keeps-data',
    source: 'https://tus.io/protocols/resumable-upload',
    defects: ['checksum-refused-but-kept', 'checksum-broken-last-chunk-kept'],
  },
  {
    id: 'concat-final-rules',
    source: github('tusdotnet/tusdotnet/issues/238'),
    defects: ['concat-length-believed', 'concat-never-joined', 'concat-length-wrong'],
  },
  {
    id: 'concat-retry-dupes',
    source: github('tus/tusd/issues/1365'),
    whyNot:
      'a second final upload of the same parts is right by the text; that it does no harm is shown by concat-reuse-500',
  },
  {
    id: 'concat-max-size',
    source: github('tus/tus-resumable-upload-protocol/issues/57'),
    defects: ['concat-beyond-maximum'],
  },
  {
    id: 'expiry-kills-active',
    source: github('tusdotnet/tusdotnet/issues/160'),
    whyNot:
      'a deadline may be fixed by the text, so an upload that is taken away while it is written to breaks no requirement',
  },
  {
    id: 'delete-leftovers',
    source: github('tus/tusd/issues/1214'),
    defects: ['deleted-answers-head', 'deleted-twice-500', 'deleted-still-served'],
  },
  {
    id: 'id-traversal',
    source: github('tomdesair/tus-java-server/issues/89'),
    defects: [
      'ids-are-paths',
      'ids-end-at-nul',
      'name-leads-out',
      'name-joined-to-folder',
      'name-absolute',
      'id-is-a-path',
    ],
  },
  {
    id: 'concat-traversal',
    source: github('edihasaj/tuspyserver/issues/93'),
    whyNot:
      'a server that reads any file would show one of its own machine: no probe is aimed at such a path',
  },
  { id: 'error-leak', source: github('mieweb/pulsevault/issues/43'), defects: ['errors-show-stack'] },
  {
    id: 'empty-final-patch',
    source: github('tus/tus-java-client/issues/69'),
    defects: ['empty-patch-at-the-end-500', 'empty-patch-500'],
  },
  {
    id: 'double-finish',
    source: github('tus/tusd/issues/1270'),
    whyNot:
      'what a server calls when an upload is complete cannot be seen from outside; that finalize makes no second video is shown by finalize-renames',
  },
  {
    id: 'memory-growth',
    source: github('tusdotnet/tusdotnet/issues/75'),
    whyNot:
      'memory cannot be seen from outside; that a large file is finalized at all is shown by finalize-reads-into-memory',
  },
  { id: 'part-count-limit', source: github('tus/tusd/issues/1247'), defects: ['fiftieth-chunk-refused'] },
  { id: 'body-limit', source: github('tus/tusd/issues/353'), defects: ['body-limit-4-mib'] },
];
