import type { ProtocolId } from './check.ts';

/** How the bytes of a finished upload are compared with what was sent. */
export type Oracle = 'finalize' | 'get' | 'read-back';

/** What is known about the server before the first scenario: found out once, recorded, and given to every judge. */
export interface Target {
  readonly protocol: ProtocolId;
  /** As the user named it, without a trailing slash. */
  readonly server: string;
  readonly createUrl: string;
  /** Asked to learn whether the server still answers. */
  readonly aliveUrl: string;
  readonly finalizeUrl?: string;
  /** Finished artifacts are one segment below. */
  readonly artifactsUrl?: string;
  /** A root-relative Location lacks the path prefix of `server`, because a proxy strips it. */
  readonly prefixed?: true;
  /** Why HEAD cannot be used; absent where it can. */
  readonly headless?: string;
  /** Why the upload that was tried first could not be created; absent where it could. */
  readonly refusesUploads?: string;
  /** What the first raw chunks came to, `500 Internal Server Error`, where none of them was taken. */
  readonly refusesChunks?: string;
  /** What the first finalize came to, `401 Unauthorized`, where that was for want of the right credential. */
  readonly refusesFinalize?: string;
  /** Why this seems to be the URL of something else: then nothing can be tried, and no requirement is broken. */
  readonly elsewhere?: string;
  /** What the user can do about a refusal that would make the whole run pointless. */
  readonly advice?: string;
  /** OPTIONS is not for everyone, as it may be where a protocol does not demand it; what it would say is unknown. */
  readonly optionsRefused?: string;
  /** Why it is not known what the server would list: OPTIONS is refused, or not there where the protocol lives without it. */
  readonly listsNothing?: string;
  /** From Tus-Extension. */
  readonly extensions: readonly string[];
  /** From Tus-Max-Size, as written. */
  readonly maxSize?: string;
  /** Nobody else is served while so many connections are open, even if nothing is asked over them; absent where a run needs no more. */
  readonly servesAtOnce?: number;
  /** Chunks as multipart/form-data are taken. */
  readonly multipart?: true;
  /** A finished upload is served by GET on its URL. */
  readonly download?: true;
  /** HEAD does not know the first upload any more behind its last byte: what is complete is moved away. */
  readonly goneWhenComplete?: true;
  /** Requests without a credential are refused at creation, or only at finalize. */
  readonly guarded?: 'creation' | 'finalize';
  /** The first token is not good for what the second one creates. */
  readonly bound?: true;
  /** Why that is not so, where there are two tokens. */
  readonly unbound?: string;
  /** What is gone is answered 403: a token that is bound to an artifact covers what is related to that, and only while it is there. */
  readonly hidesGone?: true;
  readonly oracle?: Oracle;
  /** What was concluded and from what, for the head of the report. */
  readonly assumptions: readonly string[];
}

/** Why nothing that builds on a chunk can be tried; undefined where chunks are taken, raw or as forms. */
export function whyNoChunks({ refusesChunks, multipart }: Target): string | undefined {
  return refusesChunks === undefined || multipart
    ? undefined
    : `no chunk is taken: PATCH answered ${refusesChunks}`;
}

/** What the user allowed and gave. Absent means not allowed, not given. */
export interface Permissions {
  /** Rows that leave large declarations behind or may take a careless server down. */
  readonly intrusive?: true;
  /** Rows that send gigabytes. */
  readonly large?: true;
  /** Rows that wait longer than 2 s. */
  readonly slow?: true;
  readonly token?: true;
  readonly secondToken?: true;
  /** What the tokens are good for. */
  readonly artifact?: true;
  readonly secondArtifact?: true;
  readonly restart?: true;
  /** A pairing link. */
  readonly link?: true;
}

/** A tus extension that the server must advertise, or must not. */
type ExtensionNeed = `offers ${string}` | `lacks ${string}`;

export type Need = NamedNeed | ExtensionNeed;

type NamedNeed =
  | 'options'
  | 'creation-extension'
  | 'termination'
  | 'extensions'
  | 'no-extensions'
  | 'max-size'
  | 'multipart'
  | 'download'
  | 'head'
  | 'oracle'
  | 'https'
  | 'guarded'
  | 'token'
  | 'second-token'
  | 'link'
  | 'artifact'
  | 'second-artifact'
  | 'bound-tokens'
  | 'intrusive'
  | 'large'
  | 'slow'
  | 'restart';

/** Why a need is not met, in words; undefined where it is. */
const unmet: Readonly<Record<NamedNeed, (target: Target, permissions: Permissions) => string | undefined>> = {
  options: (target) => target.optionsRefused,
  'creation-extension': lacksExtension('creation'),
  termination: lacksExtension('termination'),
  extensions: (target) => (target.extensions.length > 0 ? undefined : 'the server advertises no extension'),
  'no-extensions': (target) =>
    target.extensions.length === 0 ? undefined : `the server advertises ${target.extensions.join(', ')}`,
  'max-size': (target) => (target.maxSize === undefined ? 'the server states no Tus-Max-Size' : undefined),
  multipart: (target) => (target.multipart ? undefined : 'the server does not take multipart chunks'),
  download: (target) => (target.download ? undefined : 'the server does not serve finished uploads by GET'),
  head: (target) => target.headless,
  oracle: (target) =>
    target.oracle
      ? undefined
      : 'content not verified: nothing reads back what was stored (--read-back <cmd>)',
  https: (target) => (target.server.startsWith('https:') ? undefined : 'the server is not reached by https'),
  guarded: (target) => (target.guarded ? undefined : 'the server asks for no credential'),
  token: (_, { token }) => (token ? undefined : 'needs --token'),
  'second-token': (_, { secondToken }) => (secondToken ? undefined : 'needs --second-token'),
  link: (_, { link }) => (link ? undefined : 'needs --link'),
  artifact: (_, { artifact }) =>
    artifact ? undefined : 'needs --artifact <uuid>: the artifact that the token is good for',
  'second-artifact': (_, { secondArtifact }) =>
    secondArtifact
      ? undefined
      : 'needs --second-artifact <uuid>: the artifact that --second-token is good for',
  'bound-tokens': ({ bound, unbound }) =>
    bound
      ? undefined
      : (unbound ?? 'needs --second-token: one that is good for other artifacts than --token'),
  intrusive: (_, { intrusive }) => (intrusive ? undefined : 'only with --intrusive'),
  large: (_, { large }) => (large ? undefined : 'only with --large'),
  slow: (_, { slow }) => (slow ? undefined : 'only with --slow'),
  restart: (_, { restart }) => (restart ? undefined : 'needs --restart-cmd'),
};

/** The reason why something with these needs is skipped; undefined where it can run. */
export function unmetNeed(
  needs: readonly Need[] | undefined,
  target: Target,
  permissions: Permissions,
): string | undefined {
  for (const need of needs ?? []) {
    const reason = isNamed(need) ? unmet[need](target, permissions) : unmetExtension(need, target);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function isNamed(need: Need): need is NamedNeed {
  return Object.hasOwn(unmet, need);
}

function unmetExtension(need: ExtensionNeed, target: Target): string | undefined {
  const [wanted, name = ''] = need.split(' ');
  if (wanted === 'offers') return lacksExtension(name)(target);
  return target.extensions.includes(name) ? `the server advertises ${name}` : undefined;
}

function lacksExtension(name: string) {
  return (target: Target) =>
    target.extensions.includes(name) ? undefined : `OPTIONS does not advertise the tus extension ${name}`;
}
