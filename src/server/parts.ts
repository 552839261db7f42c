import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Dialect } from './dialect.ts';
import type { Extension } from './extension.ts';
import type { Answers } from './http/answers.ts';
import type { Exchange, Reply, RequestHead } from './http/exchange.ts';
import type { Receive } from './http/receive.ts';
import type { RuleChanges, Rules } from './rules.ts';
import type { Hold, Holdable, HoldLimits } from './store/hold.ts';
import type { LiveUpload, LiveUploads } from './store/live-uploads.ts';
import type { Store } from './store/store.ts';
import type { Measured } from './store/upload.ts';
import type { ServedProtocol } from './words.ts';

/** Times after which the server stops waiting, in milliseconds. */
export interface Limits extends HoldLimits {
  /** A connection whose request has no whole head this long after it began, or that never sent one, is closed. */
  readonly headMs: number;
  /** A body from which nothing comes, or of which nothing is taken, for this long is ended; what arrived stays. */
  readonly bodyIdleMs: number;
  /** How long `close` lets requests in flight go on. */
  readonly closeGraceMs: number;
}

export const standardLimits: Limits = {
  headMs: 60_000,
  bodyIdleMs: 60_000,
  stallMs: 1000,
  settleMs: 2000,
  closeGraceMs: 5000,
};

/** What the handlers work with. */
export interface Parts {
  readonly protocol: ServedProtocol;
  readonly dialect: Dialect;
  readonly maxSizeBytes?: number | undefined;
  readonly rules: Rules;
  readonly answers: Answers;
  readonly store: Store;
  readonly uploads: LiveUploads;
  readonly receive: Receive;
  readonly measure: (bytes: Readable) => Promise<Measured>;
  readonly takeHold: (upload: Holdable, limits: HoldLimits) => Promise<Hold | undefined>;
  readonly newId: () => string;
  /** The value of Location. */
  readonly locate: (id: string, request: RequestHead) => string;
  readonly extensions: readonly Extension[];
  readonly limits: Limits;
  /** The origin whose pages may talk to this server, or `*`; absent: its own only. */
  readonly corsOrigin?: string | undefined;
  /** Whether people find a page at the root. */
  readonly hasPage: boolean;
  readonly isClosing: () => boolean;
}

/** Answers one method of one kind of resource. */
export type Verb = (exchange: Exchange, parts: Parts) => Promise<Reply>;
/** The same for an upload that exists. */
export type UploadVerb = (exchange: Exchange, upload: LiveUpload, parts: Parts) => Promise<Reply>;

/**
 * Stands around the handling of every request: may delay it, change it or its answer, or break the connection.
 * An answer that the filter wrote to `exchange.outgoing` itself is not written again.
 */
export type Filter = (
  exchange: Exchange,
  next: (changed?: Partial<Exchange>) => Promise<Reply>,
  parts: Parts,
) => Promise<Reply>;

/** Where the server differs from the reference: deliberate defects and correct variations are such values. */
export interface Behaviour {
  readonly rules?: RuleChanges | undefined;
  readonly answers?: Partial<Answers> | undefined;
  readonly store?: ((store: Store) => Store) | undefined;
  readonly receive?: Receive | undefined;
  readonly measure?: Parts['measure'] | undefined;
  readonly takeHold?: Parts['takeHold'] | undefined;
  readonly newId?: Parts['newId'] | undefined;
  readonly locate?: Parts['locate'] | undefined;
  readonly extensions?: readonly Extension[] | undefined;
  readonly filter?: Filter | undefined;
  /** Changes a pairing link before it is handed out; given the token that opens everything, where there is one. */
  readonly handOut?: ((link: string, token: string | undefined) => string) | undefined;
  /** Called for every new connection. */
  readonly connection?: ((socket: Socket) => void) | undefined;
}
