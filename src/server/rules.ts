import { OFFSET_OCTET_STREAM, parseByteCount, parseMetadata, TUS_VERSION } from '../protocol/headers.ts';
import type { Extension } from './extension.ts';
import { type Reply, type RequestHead, refusal } from './http/exchange.ts';
import { storableName } from './store/file-name.ts';
import { isComplete, roomBytes, type UploadView } from './store/upload.ts';
import type { LinkTokens } from './tokens/link-tokens.ts';
import { type BoundToken, type Subject, sameToken } from './tokens/token.ts';
import { mediaType, type Packing, type ServedProtocol, words } from './words.ts';

/** What a decision may look at. */
export interface Facts {
  readonly request: RequestHead;
  readonly upload?: UploadView | undefined;
}

/** What a decision about a known upload may look at. */
export interface UploadFacts extends Facts {
  readonly upload: UploadView;
}

/** What a decision about a token may look at. */
export interface SubjectFacts extends Facts {
  /** Absent where the request names nothing: whoever handles it refuses it for that. */
  readonly subject?: Subject | undefined;
}

/** Undefined lets the request pass; a reply ends it there. */
export type Check<F = Facts> = (facts: F) => Reply | undefined;

/**
 * Every decision of the server as a small pure function. The handlers ask them in the order in which they stand
 * here; a deliberate defect or a variation replaces one of them.
 */
export interface Rules {
  /** How header values are read; undefined is a refusal. */
  readonly parse: {
    readonly offset: (text: string | undefined) => number | undefined;
    readonly length: (text: string | undefined) => number | undefined;
    /** Whether this is Upload-Metadata. */
    readonly metadata: (text: string) => boolean;
    readonly packing: (contentType: string | undefined) => Packing | undefined;
    readonly fileName: (name: unknown) => string | undefined;
  };
  /** Asked for every request that is not discovery or health. */
  readonly door: Readonly<Record<'version' | 'credential', Check>> & {
    /** Whether the credential, which is good for something, is good for this. */
    readonly subject: Check<SubjectFacts>;
  };
  readonly create: Readonly<Record<'length' | 'maxSize' | 'metadata' | 'bodyFits', Check>>;
  /** Asked before the right to write is taken. */
  readonly patch: Readonly<Record<'mediaType' | 'offsetSyntax', Check<UploadFacts>>>;
  /** Asked with the right to write, before the body is read. */
  readonly patchHeld: Readonly<Record<'offsetMatches' | 'bodyFits', Check<UploadFacts>>>;
  readonly body: {
    /** How many more bytes are stored, whatever the body holds. */
    readonly roomBytes: (upload: UploadView) => number;
  };
  readonly finalize: {
    /** Whether a token that came in the body is the right one. */
    readonly bodyToken: (token: unknown) => boolean;
    readonly complete: Check<UploadFacts>;
  };
  readonly download: Readonly<Record<'complete', Check<UploadFacts>>>;
}

/** What the rules depend on. */
export interface RuleSettings {
  readonly protocol: ServedProtocol;
  readonly token?: string;
  readonly boundTokens?: readonly BoundToken[];
  readonly linkTokens?: LinkTokens | undefined;
  readonly maxSizeBytes?: number | undefined;
  readonly extensions?: readonly Extension[] | undefined;
}

/** The field of a form that holds the chunk (chunked-uploads.md, option A). */
export const chunkField = 'chunk';

/** A few of the rules, to replace the standard ones. */
export type RuleChanges = { readonly [Group in keyof Rules]?: Partial<Rules[Group]> };

export function rulesOf(settings: RuleSettings, changes: RuleChanges = {}): Rules {
  const standard = standardRules(settings, changes.parse);
  return {
    parse: standard.parse,
    door: { ...standard.door, ...changes.door },
    create: { ...standard.create, ...changes.create },
    patch: { ...standard.patch, ...changes.patch },
    patchHeld: { ...standard.patchHeld, ...changes.patchHeld },
    body: { ...standard.body, ...changes.body },
    finalize: { ...standard.finalize, ...changes.finalize },
    download: { ...standard.download, ...changes.download },
  };
}

function standardRules(
  { protocol, token, boundTokens = [], linkTokens, maxSizeBytes, extensions = [] }: RuleSettings,
  parsing?: RuleChanges['parse'],
): Rules {
  const parse: Rules['parse'] = {
    offset: parseByteCount,
    length: parseByteCount,
    metadata: (text) => parseMetadata(text) !== undefined,
    packing: words[protocol].packing,
    fileName: (name) => (typeof name === 'string' ? storableName(name) : undefined),
    // Here and not at the end, because the checks below read with these.
    ...parsing,
  };
  const lengthOf = ({ request }: Facts) => parse.length(request.headers['upload-length']);

  return {
    parse,
    door: {
      version: ({ request }) => {
        const version = request.headers['tus-resumable'];
        // A request without the header is served: browsers and curl send none, and the text names no answer to it.
        if (version === undefined || version === TUS_VERSION) return undefined;
        return refusal(412, `Tus-Resumable is "${version}", expected ${TUS_VERSION}`, {
          'Tus-Version': TUS_VERSION,
        });
      },
      credential: ({ request }) => {
        const good = [...(token === undefined ? [] : [token]), ...boundTokens.map((bound) => bound.token)];
        if (good.length === 0) return undefined;
        const { credentialOf, unauthorized } = words[protocol];
        const given = credentialOf(request);
        const isGood = given !== undefined && (isAmong(given, good) || linkTokens?.artifactOf(given));
        return isGood ? undefined : unauthorized(given);
      },
      subject: ({ request, subject }) => {
        const given = words[protocol].credentialOf(request) ?? '';
        const linked = linkTokens?.artifactOf(given);
        if (linked !== undefined) return isAbout(subject, linked) ? undefined : forAnother();
        const isForAll = boundTokens.length === 0 || (token !== undefined && sameToken(given, token));
        if (isForAll || subject === undefined) return undefined;
        const covering = boundTokens.filter((bound) => isAbout(subject, bound.artifactId));
        return isAmong(
          given,
          covering.map((bound) => bound.token),
        )
          ? undefined
          : forAnother();
      },
    },
    create: {
      length: (facts) => {
        const { request } = facts;
        const mayLack = request.headers['upload-length'] === undefined;
        if (mayLack && extensions.some(({ allowsNoLength }) => allowsNoLength?.(request))) return undefined;
        return lengthOf(facts) === undefined
          ? refusal(400, 'Upload-Length is missing or no non-negative integer')
          : undefined;
      },
      maxSize: (facts) => {
        if (maxSizeBytes === undefined || (lengthOf(facts) ?? 0) <= maxSizeBytes) return undefined;
        return refusal(413, `Upload-Length is more than ${maxSizeBytes}`, {
          'Tus-Max-Size': String(maxSizeBytes),
        });
      },
      metadata: ({ request }) =>
        parse.metadata(request.headers['upload-metadata'] ?? '')
          ? undefined
          : refusal(400, 'Upload-Metadata is not a list of distinct keys with base64 values'),
      bodyFits: (facts) =>
        carriesData(facts.request) && (facts.request.bodyBytes ?? 0) > (lengthOf(facts) ?? Infinity)
          ? refusal(413, 'the body is longer than Upload-Length')
          : undefined,
    },
    patch: {
      mediaType: ({ request }) =>
        parse.packing(request.headers['content-type']) === undefined
          ? refusal(415, `Content-Type must be ${OFFSET_OCTET_STREAM}`)
          : undefined,
      offsetSyntax: ({ request }) =>
        parse.offset(request.headers['upload-offset']) === undefined
          ? refusal(400, 'Upload-Offset is missing or no non-negative integer')
          : undefined,
    },
    patchHeld: {
      offsetMatches: ({ request, upload }) => {
        const offset = parse.offset(request.headers['upload-offset']);
        if (offset === upload.offsetBytes) return undefined;
        return refusal(409, `Upload-Offset is ${offset}, expected ${upload.offsetBytes}`, {
          'Upload-Offset': String(upload.offsetBytes),
        });
      },
      bodyFits: ({ request, upload }) => {
        const isRaw = parse.packing(request.headers['content-type'])?.kind === 'raw';
        if (!isRaw || (request.bodyBytes ?? 0) <= roomBytes(upload)) return undefined;
        return refusal(
          413,
          `the body has ${request.bodyBytes} bytes, the upload has room for ${roomBytes(upload)}`,
        );
      },
    },
    body: {
      roomBytes: (upload) => Math.min(roomBytes(upload), (maxSizeBytes ?? Infinity) - upload.offsetBytes),
    },
    finalize: {
      bodyToken: (given) => token === undefined || (typeof given === 'string' && sameToken(given, token)),
      complete: ({ upload }) => {
        if (upload.info.concat?.kind === 'partial')
          return refusal(409, 'the upload is a part of another one');
        return isComplete(upload)
          ? undefined
          : refusal(409, `the upload has ${upload.offsetBytes} of ${upload.info.lengthBytes ?? '?'} bytes`);
      },
    },
    download: {
      complete: ({ upload }) => (isComplete(upload) ? undefined : refusal(404, 'the upload is not complete')),
    },
  };
}

/** Whoever handles a request that names nothing refuses it for that. */
function isAbout(subject: Subject | undefined, artifactId: string): boolean {
  return subject === undefined || [subject.artifactId, subject.relatedTo].includes(artifactId);
}

function forAnother(): Reply {
  return refusal(403, 'the token is for another artifact');
}

/** Compares with every one, so that the time tells nothing about which it is. */
function isAmong(given: string, tokens: readonly string[]): boolean {
  return tokens.filter((token) => sameToken(given, token)).length > 0;
}

/** Whether a creation carries the first bytes of the file (tus 1.0, Creation With Upload). */
export function carriesData(request: RequestHead): boolean {
  return mediaType(request.headers['content-type']) === OFFSET_OCTET_STREAM;
}
