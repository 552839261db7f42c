import type { Extension } from '../extension.ts';
import { type ChecksumDecisions, checksum, standardChecksum } from '../extensions/checksum.ts';
import { allExtensions } from '../extensions.ts';
import { type Reply, refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { answering, both, filtering, method, refusing, status, withHeaders } from './changes.ts';
import type { Defect } from './defect.ts';

const serve = { protocol: 'tus' } as const;

/** Every extension, one of them made otherwise. */
function withChecksum(change: Extension): Behaviour {
  return { extensions: allExtensions.map((each) => (each.name === change.name ? change : each)) };
}

const deciding = (changes: Partial<ChecksumDecisions>) => () => withChecksum(checksum(changes));
const all = (): Behaviour => ({ extensions: allExtensions });

/** How a value is read, where it is not read as it should be. */
const parsing = (change: (text: string) => string | Reply) =>
  deciding({
    parse: (text) => {
      const changed = change(text);
      return typeof changed === 'string' ? standardChecksum.parse(changed) : changed;
    },
  });

const discovering = (algorithms: string | undefined) => (): Behaviour => ({
  ...all(),
  ...answering(method('OPTIONS'), (reply) => withHeaders(reply, { 'Tus-Checksum-Algorithm': algorithms })),
});

/** Does not look at checksums that meet the condition. */
function ignoring(
  isIgnored: (text: string | undefined, methodName: string, bodyBytes: number | undefined) => boolean,
): Behaviour {
  const { receive: checked, ...rest } = checksum();
  return withChecksum({
    ...rest,
    receive: (exchange, parts) => {
      const { headers, method: methodName, bodyBytes } = exchange.request;
      return isIgnored(headers['upload-checksum'], methodName, bodyBytes)
        ? undefined
        : checked?.(exchange, parts);
    },
  });
}

const PIECE_BYTES = 64 * 1024;

function ofTheFirstPiece(text: string): ReturnType<ChecksumDecisions['parse']> {
  const wanted = standardChecksum.parse(text);
  if ('status' in wanted) return wanted;
  const start = () => {
    const running = wanted.start();
    let leftBytes = PIECE_BYTES;
    const update = (bytes: Uint8Array) => {
      running.update(bytes.subarray(0, leftBytes));
      leftBytes -= Math.min(leftBytes, bytes.length);
    };
    return { ...running, update };
  };
  return { ...wanted, start };
}

export const checksumDefects: readonly Defect[] = [
  {
    id: 'checksum-not-compared',
    says: 'Lists checksum, and takes every digest for the right one.',
    breaks: [
      'checksum.advertised',
      'checksum.mismatch.460',
      'checksum.mismatch.discard',
      'checksum.mismatch.retry',
      'checksum.mismatch.last-chunk',
      'checksum.malformed',
      'checksum.truncated-digest',
      'checksum.empty-chunk',
      'checksum.post',
      'checksum.trailer.advertised',
      'checksum.trailer.mismatch',
    ],
    serve,
    behaviour: deciding({ agrees: () => true }),
  },
  {
    id: 'checksum-md5-not-compared',
    says: 'Lists md5, and takes every md5 for the right one.',
    breaks: ['checksum.advertised', 'checksum.mismatch.460', 'checksum.mismatch.discard'],
    serve,
    behaviour: () => ignoring((text) => text?.startsWith('md5 ') ?? false),
  },
  {
    id: 'checksum-of-the-first-piece',
    says: 'Computes the checksum of the first 64 KiB of a chunk, and so refuses larger ones.',
    breaks: ['checksum.mismatch.retry'],
    serve,
    behaviour: deciding({ parse: ofTheFirstPiece }),
  },
  {
    id: 'checksum-of-large-unverified',
    says: 'Does not verify the checksum of a chunk of more than 64 KiB.',
    breaks: ['checksum.mismatch.retry'],
    serve,
    behaviour: () => ignoring((_text, _method, bodyBytes = 0) => bodyBytes > PIECE_BYTES),
  },
  {
    id: 'checksum-refused-but-kept',
    says: 'Answers 460 to a small broken chunk, and keeps it.',
    breaks: ['checksum.mismatch.discard'],
    serve,
    behaviour: () => keepingBroken((sizeBytes) => sizeBytes === 5),
  },
  {
    id: 'checksum-broken-last-chunk-kept',
    says: 'Keeps a broken chunk that is the last one.',
    breaks: ['checksum.mismatch.last-chunk'],
    serve,
    behaviour: () => keepingBroken((_, offsetBytes) => offsetBytes === 2000),
  },
  {
    id: 'checksum-no-second-try',
    says: 'Takes no second chunk at an offset where a broken one came.',
    breaks: ['checksum.mismatch.retry'],
    serve,
    behaviour: () => {
      const broken = new Set<string>();
      return {
        ...all(),
        ...filtering(async (exchange, next) => {
          const { path, headers } = exchange.request;
          const place = `${path} ${headers['upload-offset']}`;
          if (headers['upload-offset'] === '1000' && broken.has(place))
            return refusal(409, 'once was enough');
          const reply = await next();
          if (reply.status === 460) broken.add(place);
          return reply;
        }),
      };
    },
  },
  {
    id: 'checksum-mismatch-500',
    says: 'Answers 500 where a checksum disagrees.',
    breaks: [
      'checksum.advertised',
      'checksum.mismatch.460',
      'checksum.malformed',
      'checksum.uppercase-name',
      'checksum.truncated-digest',
      'checksum.empty-chunk',
      'checksum.post',
      'checksum.trailer.advertised',
      'checksum.trailer.mismatch',
    ],
    serve,
    behaviour: () => ({
      ...withChecksum(
        checksum({
          parse: (text) => standardChecksum.parse(text.replace(/^SHA1 /, 'sha1 ')),
        }),
      ),
      ...answering(status(460), () => refusal(500, 'checksum mismatch')),
    }),
  },
  {
    id: 'checksum-algorithms-unsaid',
    says: 'Does not say which algorithms it has.',
    breaks: ['checksum.algorithms-header', 'checksum.sha1-required'],
    serve,
    behaviour: discovering(undefined),
  },
  {
    id: 'checksum-names-upper-case',
    says: 'Lists an algorithm in upper case.',
    breaks: ['checksum.algorithms-names'],
    serve,
    behaviour: discovering('sha1,SHA256'),
  },
  {
    id: 'checksum-without-sha1',
    says: 'Has every algorithm but the one that is demanded.',
    breaks: ['checksum.sha1-required'],
    serve,
    behaviour: discovering('md5,sha256'),
  },
  {
    id: 'checksum-right-refused',
    says: 'Refuses a right sha512 because its digest is long.',
    breaks: ['checksum.match.204'],
    serve,
    behaviour: parsing((text) => (text.startsWith('sha512 ') ? refusal(400, 'too long') : text)),
  },
  {
    id: 'checksum-unknown-unverified',
    says: 'Stores what comes with a checksum that it cannot compute.',
    breaks: ['checksum.unsupported.400', 'checksum.unsupported.discard'],
    serve,
    behaviour: () => ignoring((text) => text?.startsWith('nosuchalg ') ?? false),
  },
  {
    id: 'checksum-malformed-unverified',
    says: 'Stores what comes with a checksum that it cannot read.',
    breaks: ['checksum.malformed'],
    serve,
    behaviour: () => ignoring((text) => text === 'sha1 !!!'),
  },
  {
    id: 'checksum-other-case-unverified',
    says: 'Does not verify a checksum whose name is in upper case.',
    breaks: ['checksum.uppercase-name'],
    serve,
    behaviour: () => ignoring((text) => text?.startsWith('SHA1 ') ?? false),
  },
  {
    id: 'checksum-compares-a-part',
    says: 'Compares as many bytes of the digest as the client sent.',
    breaks: ['checksum.truncated-digest'],
    serve,
    behaviour: deciding({
      agrees: (computed, wanted) => Buffer.compare(computed.subarray(0, wanted.length), wanted) === 0,
    }),
  },
  {
    id: 'checksum-of-nothing-500',
    says: 'Fails inside where there is nothing to compute a checksum of.',
    breaks: ['checksum.empty-chunk'],
    serve,
    behaviour: () => ({
      ...all(),
      ...refusing(({ request }) =>
        request.bodyBytes === 0 && 'upload-checksum' in request.headers
          ? refusal(500, 'empty digest')
          : undefined,
      ),
    }),
  },
  {
    id: 'checksum-cut-counted-twice',
    says: 'Keeps zeros for a chunk with a checksum that breaks off.',
    breaks: ['checksum.disconnect'],
    serve,
    behaviour: zerosForTheBroken,
  },
  {
    id: 'checksum-unknown-header-500',
    says: 'Has no checksums, and fails inside where one comes.',
    breaks: ['checksum.not-advertised'],
    serve,
    behaviour: () => failingOnChecksums(),
  },
  {
    id: 'checksum-not-at-creation',
    says: 'Does not verify the checksum of the bytes that come with a creation.',
    breaks: ['checksum.post'],
    serve,
    behaviour: () => ignoring((_, methodName) => methodName === 'POST'),
  },
  {
    id: 'checksum-trailer-ignored',
    says: 'Lists checksum-trailer, and looks only at the head.',
    breaks: ['checksum.trailer.advertised', 'checksum.trailer.mismatch'],
    serve,
    behaviour: () => ignoring((text) => text === undefined),
  },
  {
    id: 'checksum-trailer-refused',
    says: 'Wants a checksum in the head although it lists checksum-trailer.',
    breaks: ['checksum.trailer.match'],
    serve,
    behaviour: () => ({
      ...all(),
      ...answering(both(method('PATCH'), status(204), hasTrailer), () => refusal(400, 'no checksum')),
    }),
  },
  {
    id: 'checksum-trailer-missing-500',
    says: 'Fails inside where a promised trailer does not come.',
    breaks: ['checksum.trailer.missing'],
    serve,
    behaviour: () => ({
      ...all(),
      ...answering(both(method('PATCH'), status(400), hasTrailer), () => refusal(500, 'undefined')),
    }),
  },
];

function hasTrailer({ exchange }: { readonly exchange: { readonly request: { readonly headers: object } } }) {
  return 'trailer' in exchange.request.headers;
}

function failingOnChecksums(): Behaviour {
  return refusing(({ request }) =>
    request.method === 'PATCH' && request.headers['upload-checksum']?.startsWith('sha1 ')
      ? refusal(500, 'what is this')
      : undefined,
  );
}

/** Stores first and compares later, and does not take back what it should. */
function keepingBroken(isKept: (sizeBytes: number, offsetBytes: number) => boolean): Behaviour {
  const { receive: checked, ...rest } = checksum();
  return withChecksum({
    ...rest,
    receive: (exchange, parts) => {
      const { headers, bodyBytes = 0, method: methodName } = exchange.request;
      const text = headers['upload-checksum'] ?? '';
      const isMeant = methodName === 'PATCH' && isKept(bodyBytes, Number(headers['upload-offset']));
      const own = checked?.(exchange, parts);
      if (!isMeant || own === undefined || 'status' in own || !/^sha1 .{28}$/.test(text)) return own;
      return async (job) => {
        const from = job.upload.offsetBytes;
        const ending = await own(job);
        if (ending.kind !== 'refused' || ending.reply.status !== 460) return ending;
        job.upload.offsetBytes = from + bodyBytes;
        return ending;
      };
    },
  });
}

/** The broken chunk counts as far as it came, but its bytes are not there. */
function zerosForTheBroken(): Behaviour {
  const { receive: checked, ...rest } = checksum();
  return withChecksum({
    ...rest,
    receive: (exchange, parts) => {
      const own = checked?.(exchange, parts);
      if (own === undefined || 'status' in own) return own;
      return async (job) => {
        const ending = await own(job);
        if (ending.kind !== 'cut') return ending;
        job.upload.offsetBytes += await job.writer.write([new Uint8Array(1000)], job.upload.offsetBytes);
        return ending;
      };
    },
  });
}
