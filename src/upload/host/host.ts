import type { Report } from '../../events.ts';
import type { Offer } from '../../protocol/protocol.ts';
import { noted, redacted, redactedText, secretTokens } from '../redact.ts';
import type { ChunkChecks } from '../send/chunk-checks.ts';
import { type ChunkLimit, createChunkLimit } from '../send/chunk-limit.ts';
import type { Tools, UploadSettings } from '../settings.ts';
import type { StateStore } from '../state/state-store.ts';
import { tokenlessStore } from '../state/tokenless-store.ts';
import { type CurrentToken, createCurrentToken } from './current-token.ts';
import { createHostPause, type HostPause, LONGEST_PAUSE_MS } from './host-pause.ts';
import { createOutage, type Outage } from './outage.ts';

/**
 * The server as one run knows it: made once, and shared by all uploads of the run, also by those that go on at once.
 * Whatever one of them learns about the server holds for the others.
 */
export interface Host {
  readonly pause: HostPause;
  readonly outage: Outage;
  readonly token: CurrentToken;
  readonly chunkLimit: ChunkLimit;
  readonly chunkChecks: ChunkChecks;
  /**
   * `createsBare`: no data goes with creations any more. `answersHead`: it did for an upload of this run, where it said
   * that it is. `showsNoSign`: which protocol it speaks was assumed, since it showed no sign of any. `redirectsTo`: the base URL to which it redirects creations.
   */
  readonly learned: { createsBare?: true; answersHead?: true; showsNoSign?: true; redirectsTo?: URL };
  /** Where a 308 said that a URL has moved to, for good. */
  readonly moved: Map<string, URL>;
  /** What the server says of itself, by the id of the protocol in which it was asked. */
  readonly offers: Map<string, Promise<Offer>>;
  /** Where uploads of this run are, and the files that they are of. */
  readonly places: Map<string, string>;
  /** Names that the client gave to uploads of this run, and the files they were given to. */
  readonly chosenIds: Map<string, string>;
  /** True when this is asked for the first time: what concerns the server is said once, not for each file. */
  readonly isNews: (what: string) => boolean;
}

/** Tools of an upload that is part of a run. Nothing that is reported or remembered through them holds a token. */
export interface RunTools extends Tools {
  readonly host: Host;
  /** The text without any token. */
  readonly clean: (text: string) => string;
  /** The same tools for a file with a token of its own. */
  readonly withToken: (token: string, readToken: () => string) => RunTools;
}

/** The tools of one run. */
export function createRunTools(settings: UploadSettings, given: Tools): RunTools {
  const tokens = secretTokens(settings.token, settings.headers);
  const { readToken } = given;
  const tools: Tools = {
    ...given,
    report: redacted(given.report, tokens),
    ...(readToken !== undefined && { readToken: noted(readToken, tokens) }),
  };
  const host = createHost(settings, tools);
  const clean = (text: string) => redactedText(text, tokens);
  const run: RunTools = {
    ...tools,
    host,
    clean,
    store: tokenlessStore(given.store, {
      token: host.token,
      clean,
      onUnwritten: sayUnwritten(host, tools.report),
    }),
    withToken: (token, readAgain) => ofOneFile(run, given.store, token, readAgain),
  };
  return run;
}

function ofOneFile(run: RunTools, store: StateStore, token: string, readAgain: () => string): RunTools {
  const own = new Set([token]);
  const readToken = noted(readAgain, own);
  // What is secret for the run is so for each of its files.
  const clean = (text: string) => run.clean(redactedText(text, own));
  const host = { ...run.host, token: createCurrentToken(token, readToken) };
  return {
    ...run,
    host,
    readToken,
    clean,
    send: run.sendHiding?.(own) ?? run.send,
    report: redacted(run.report, own),
    store: tokenlessStore(store, { token: host.token, clean, onUnwritten: sayUnwritten(host, run.report) }),
  };
}

/** Whoever counts on going on must know that it cannot be; once, since it is the server's way with all uploads. */
function sayUnwritten({ isNews }: Host, report: Report): () => void {
  const message =
    'the server puts a token into the URLs of uploads in a form that cannot be taken out of them; such uploads are not remembered: what breaks off starts over';
  return () => {
    if (isNews('unwritten')) report({ type: 'upload.warning', file: '', message });
  };
}

function createHost(settings: UploadSettings, tools: Tools): Host {
  const said = new Set<string>();
  return {
    pause: createHostPause(tools, Math.max(LONGEST_PAUSE_MS, settings.maxOutageMs ?? 0)),
    outage: createOutage(settings, tools),
    token: createCurrentToken(settings.token, tools.readToken),
    chunkLimit: createChunkLimit(settings, tools),
    chunkChecks: {},
    learned: {},
    moved: new Map(),
    offers: new Map(),
    places: new Map(),
    chosenIds: new Map(),
    isNews: (what) => said.size < said.add(what).size,
  };
}
