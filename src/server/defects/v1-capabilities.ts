import type { Behaviour } from '../parts.ts';
import { answering, both, method, status, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'pulse-v1' } as const;

type Json = Record<string, unknown>;

/** The capabilities with something changed; undefined takes a field away. */
function capabilities(change: (json: Json, asked: number) => Json): () => Behaviour {
  return () => {
    let asked = 0;
    return answering(isCapabilities, (reply) => {
      asked += 1;
      return { ...reply, body: JSON.stringify(change(JSON.parse(String(reply.body)), asked)) };
    });
  };
}

const isCapabilities = both(method('GET'), status(200), ({ exchange }) =>
  exchange.request.path.endsWith('/capabilities'),
);

/** `[id, what it says, what notices, the changed fields]` */
const wrongFields: readonly (readonly [string, string, readonly string[], Json])[] = [
  [
    'v1-version-as-text',
    'States protocolVersion as text.',
    ['v1.caps.protocol-version'],
    { protocolVersion: '1' },
  ],
  [
    'v1-range-without-end',
    'States no maxSupportedVersion.',
    ['v1.caps.min-max', 'v1.caps.range-contains', 'v1.caps.supports-1'],
    { maxSupportedVersion: undefined },
  ],
  [
    'v1-version-beyond-its-range',
    'Calls itself version 1 and supports 2 to 3.',
    ['v1.caps.range-contains', 'v1.caps.supports-1'],
    { minSupportedVersion: 2, maxSupportedVersion: 3 },
  ],
  ['v1-unit-beat', 'Names an upload unit of old.', ['v1.caps.upload-unit'], { uploadUnit: 'beat' }],
  ['v1-no-kinds', 'Lists no kinds.', ['v1.caps.kinds'], { kinds: [] }],
  [
    'v1-endings-without-dot',
    'Lists endings without a dot.',
    ['v1.caps.allowed-extensions'],
    { allowedExtensions: { video: ['mp4'], project: ['zip'], captions: ['vtt'], thumbnail: ['jpg'] } },
  ],
  [
    'v1-no-maximum',
    'States null for a limit that it does not have.',
    ['v1.caps.max-upload-size'],
    { maxUploadSize: null },
  ],
  [
    'v1-maximum-untrue',
    'States a smaller maximum than it keeps to.',
    ['v1.caps.max-upload-size-true'],
    { maxUploadSize: 1000 },
  ],
  [
    'v1-algorithms-as-text',
    'Lists the digests as one text.',
    ['v1.caps.checksum'],
    { checksum: { algorithms: 'sha256 md5' } },
  ],
  [
    'v1-without-md5',
    'Verifies digests, but not the one that the app sends.',
    ['v1.caps.checksum-md5'],
    { checksum: { algorithms: ['sha256'] } },
  ],
  [
    'v1-secret-told',
    'Tells everyone the key of its storage.',
    ['v1.caps.no-secret'],
    { storage: { secretKey: 'abc' } },
  ],
];

export const v1CapabilitiesDefects: readonly Defect[] = [
  {
    id: 'v1-capabilities-guarded',
    says: 'Wants a credential before it says what it can do.',
    breaks: ['v1.caps.200', 'v1.caps.public', 'v1.caps.json-object', 'v1.link.server'],
    blocks: [
      'v1.header.protocol-version',
      'v1.header.protocol-version.unknown-route',
      'v1.header.protocol-version.capabilities',
    ],
    serve,
    behaviour: () =>
      answering(
        (facts) => isCapabilities(facts) && asksForAll(facts.exchange.request.headers),
        (reply) => ({ ...reply, status: 401, headers: { 'Content-Type': 'text/plain' }, body: 'no' }),
      ),
  },
  {
    id: 'v1-senseless-token-refused',
    says: 'Refuses to tell its capabilities to whoever sends a token that it does not know.',
    breaks: ['v1.caps.public'],
    serve,
    behaviour: () =>
      answering(
        (facts) => isCapabilities(facts) && facts.exchange.request.headers.authorization !== undefined,
        (reply) => ({ ...reply, status: 403 }),
      ),
  },
  ...wrongFields.map(
    ([id, says, breaks, fields]): Defect => ({
      id,
      says,
      breaks,
      serve,
      behaviour: capabilities((json) => ({ ...json, ...fields })),
    }),
  ),
  {
    id: 'v1-capabilities-drift',
    says: 'Says something else every time.',
    breaks: ['v1.caps.stable'],
    serve,
    behaviour: capabilities((json, asked) => ({ ...json, asked })),
  },
  {
    id: 'v1-refusals-without-version',
    says: 'Leaves Protocol-Version out where it refuses.',
    breaks: ['v1.header.protocol-version', 'v1.header.protocol-version.unknown-route'],
    serve,
    behaviour: () =>
      answering(status(400, 499), (reply) => withHeaders(reply, { 'Protocol-Version': undefined })),
  },
  {
    id: 'v1-capabilities-other-version',
    says: 'Sends another Protocol-Version with its capabilities than they state.',
    breaks: ['v1.header.protocol-version.capabilities'],
    serve,
    behaviour: () => answering(isCapabilities, (reply) => withHeaders(reply, { 'Protocol-Version': '2' })),
  },
];

function asksForAll(headers: Readonly<Record<string, string>>): boolean {
  return headers['user-agent'] === 'pulse-upload-verify';
}
