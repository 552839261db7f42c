import { parseMetadata } from '../../protocol/headers.ts';
import type { Extension } from '../extension.ts';
import { creationDeferLength } from '../extensions/creation-defer-length.ts';
import { allExtensions, standardExtensions } from '../extensions.ts';
import { type Reply, type RequestHead, refusal } from '../http/exchange.ts';
import { creationPaths } from '../http/routes.ts';
import type { Behaviour } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { roomBytes } from '../store/upload.ts';
import {
  answering,
  both,
  filtering,
  headerOf,
  method,
  refusing,
  status,
  withHeaders,
  writing,
} from './changes.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'tus' } as const;
const limited = { ...serve, maxSizeBytes: 16 * 1024 * 1024 };
const right = creationDeferLength();

/** Every extension, the deferral made otherwise. */
function withDeferral(change: Partial<Extension> = {}): Behaviour {
  return {
    extensions: allExtensions.map((each) => (each.name === right.name ? { ...right, ...change } : each)),
  };
}

/** Takes what a PATCH says without judging it where the condition holds. */
function declaring(
  isMeant: (said: string, request: RequestHead, upload: LiveUpload) => boolean,
  instead: (said: string) => number | undefined = Number,
): () => Behaviour {
  return () =>
    withDeferral({
      judgePatch: async (request, upload, parts) => {
        const said = request.headers['upload-length'];
        if (said === undefined || !isMeant(said, request, upload)) {
          return right.judgePatch?.(request, upload, parts);
        }
        const lengthBytes = instead(said);
        if (lengthBytes !== undefined) await parts.uploads.update(upload, { lengthBytes });
        return undefined;
      },
    });
}

const nothing = () => undefined;
const isDeferring = ({ method: name, headers }: RequestHead) =>
  name === 'POST' && headers['upload-length'] === undefined && headers['upload-defer-length'] !== undefined;
/** A deferred creation that no other check builds on: by the name of its file, which tells the scenario. */
const isTried = (request: RequestHead) =>
  isDeferring(request) && nameIn(request.headers['upload-metadata']).includes('tried-deferral');

export const deferLengthDefects: readonly Defect[] = [
  {
    id: 'deferral-listed-and-refused',
    says: 'Lists creation-defer-length, and answers 501 to some deferred creations.',
    breaks: ['defer.advertised', 'defer.post.201'],
    serve,
    behaviour: () => ({
      ...withDeferral(),
      ...refusing(({ request }) => (isTried(request) ? refusal(501, 'not implemented') : undefined)),
    }),
  },
  {
    id: 'deferral-pretended',
    says: 'Knows nothing of deferred sizes, and creates an upload all the same.',
    breaks: ['defer.advertised', 'defer.post.unsupported'],
    serve,
    behaviour: () => ({
      extensions: standardExtensions.map((each) =>
        each.name === 'creation' ? { ...each, allowsNoLength: isDeferring } : each,
      ),
    }),
  },
  {
    id: 'deferral-200',
    says: 'Answers 200 to a deferred creation.',
    breaks: ['defer.post.201'],
    serve,
    behaviour: () => ({
      ...withDeferral(),
      ...answering(
        both(({ exchange }) => isDeferring(exchange.request), status(201)),
        (reply) => ({ ...reply, status: 200 }),
      ),
    }),
  },
  {
    id: 'deferral-of-any-value',
    says: 'Takes any value of Upload-Defer-Length for a deferral.',
    breaks: ['defer.post.invalid-value.400'],
    serve,
    behaviour: () => withDeferral({ allowsNoLength: isDeferring, judgeCreation: async () => undefined }),
  },
  {
    id: 'deferral-unsaid',
    says: 'Does not say on HEAD that the size comes later.',
    breaks: ['defer.head.flag'],
    serve,
    behaviour: () => withDeferral({ tell: () => ({}) }),
  },
  {
    id: 'deferred-size-made-up',
    says: 'States 0 as the size of a deferred upload that has hardly begun.',
    breaks: ['defer.head.no-length'],
    serve,
    behaviour: () =>
      withDeferral({
        tell: (upload) => ({
          ...right.tell?.(upload),
          ...(upload.info.lengthBytes === undefined && upload.offsetBytes <= 5 && { 'Upload-Length': '0' }),
        }),
      }),
  },
  {
    id: 'deferral-said-for-ever',
    says: 'Says that the size comes later also when it has come.',
    breaks: ['defer.head.flag-removed'],
    serve,
    behaviour: saidForEver,
  },
  {
    id: 'deferred-needs-length-first',
    says: 'Refuses a first chunk of 5 bytes that does not say the size.',
    breaks: ['defer.patch.before-length'],
    serve,
    behaviour: () =>
      withDeferral({
        judgePatch: async (request, upload, parts) =>
          request.bodyBytes === 5 && request.headers['upload-length'] === undefined && isUnknown(upload)
            ? refusal(400, 'Upload-Length is missing')
            : right.judgePatch?.(request, upload, parts),
      }),
  },
  {
    id: 'late-length-ignored',
    says: 'Does not look at a size that comes with 5 bytes in the middle of the file.',
    breaks: ['defer.patch.set-length'],
    serve,
    behaviour: declaring(
      (_, { bodyBytes }, { offsetBytes }) => bodyBytes === 5 && offsetBytes === 5,
      nothing,
    ),
  },
  {
    id: 'late-length-needs-bytes',
    says: 'Does not look at the size in an empty PATCH behind 24 bytes.',
    breaks: ['defer.patch.set-length-empty'],
    serve,
    behaviour: declaring(
      (_, { bodyBytes }, { offsetBytes }) => bodyBytes === 0 && offsetBytes === 24,
      nothing,
    ),
  },
  {
    id: 'late-length-replaced',
    says: 'Replaces a size that was said by a larger one.',
    breaks: ['defer.patch.length-immutable'],
    serve,
    behaviour: declaring((said, _, { info }) => info.lengthBytes === 20 && Number(said) > 20),
  },
  {
    id: 'fixed-length-replaced',
    says: 'Replaces the size of the creation by that of a PATCH.',
    breaks: ['defer.patch.length-on-fixed'],
    serve,
    behaviour: declaring((said, _, { info }) => info.lengthBytes === 10 && said === '99'),
  },
  {
    id: 'late-length-again-500',
    says: 'Fails inside where a size is said for the second time.',
    breaks: ['defer.patch.length-repeat'],
    serve,
    behaviour: () =>
      withDeferral({
        judgePatch: async (request, upload, parts) =>
          request.headers['upload-length'] === String(upload.info.lengthBytes)
            ? refusal(500, 'the size exists')
            : right.judgePatch?.(request, upload, parts),
      }),
  },
  {
    id: 'late-length-below-offset',
    says: 'Believes a size that is less than what it has.',
    breaks: ['defer.patch.length-below-offset'],
    serve,
    behaviour: declaring((said, _, upload) => isUnknown(upload) && said === '2' && upload.offsetBytes > 2),
  },
  {
    id: 'late-length-senseless',
    says: 'Takes a chunk whose size is no number, and disregards the size.',
    breaks: ['defer.patch.length-syntax'],
    serve,
    behaviour: declaring((said) => !/^\d+$/.test(said), nothing),
  },
  {
    id: 'late-length-to-number',
    says: 'Takes a size of -1 for one of 1,000 bytes.',
    breaks: ['defer.patch.length-syntax'],
    serve,
    behaviour: declaring(
      (said) => said === '-1',
      () => 1000,
    ),
  },
  {
    id: 'late-length-above-maximum',
    says: 'Has a maximum for creations, and believes any size that comes later.',
    breaks: ['defer.patch.over-max'],
    serve: limited,
    behaviour: declaring((said, _, upload) => isUnknown(upload) && Number(said) > limited.maxSizeBytes),
  },
  {
    id: 'deferred-without-maximum',
    says: 'Has a maximum for sizes, and takes any number of bytes while there is none.',
    breaks: ['defer.max-size-data'],
    serve: limited,
    behaviour: () => ({ ...withDeferral(), rules: { body: { roomBytes } } }),
  },
  {
    id: 'deferred-tail-lost',
    says: 'Loses a last chunk of 1,100 bytes: it is only counted.',
    breaks: ['defer.integrity'],
    source: 'https://github.com/tus/tusd/issues/396',
    serve,
    behaviour: () => ({ ...withDeferral(), ...tailLost }),
  },
];

function isUnknown({ info }: LiveUpload): boolean {
  return info.lengthBytes === undefined;
}

function saidForEver(): Behaviour {
  const deferred = new Set<string>();
  return {
    ...withDeferral(),
    ...filtering(async (exchange, next) => {
      const reply = await next();
      const { request } = exchange;
      if (isDeferring(request)) deferred.add(placeOf(reply));
      return both(method('HEAD'), status(200))({ exchange, reply }) && deferred.has(request.path)
        ? withHeaders(reply, { 'Upload-Defer-Length': '1' })
        : reply;
    }),
  };
}

function placeOf(reply: Reply): string {
  return headerOf(reply, 'Location') ?? creationPaths.tus;
}

/** Zeros for what is written at 2,200, where the last third of a file of 3,300 bytes begins. */
const tailLost = writing((writer) => ({
  ...writer,
  write: (pieces, positionBytes) =>
    writer.write(
      positionBytes === 2200 ? pieces.map(({ length }) => Buffer.alloc(length)) : pieces,
      positionBytes,
    ),
}));

function nameIn(metadata: string | undefined): string {
  return Buffer.from(parseMetadata(metadata ?? '')?.filename ?? []).toString();
}
