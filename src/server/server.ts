import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PulseError } from '../errors.ts';
import { dialects } from './dialects/index.ts';
import type { Extension } from './extension.ts';
import { standardExtensions } from './extensions.ts';
import type { AccessLogEntry } from './http/access-log.ts';
import { answering } from './http/answering.ts';
import { standardAnswers } from './http/answers.ts';
import { answerMalformed } from './http/malformed.ts';
import { receive } from './http/receive.ts';
import { type Behaviour, type Limits, type Parts, standardLimits } from './parts.ts';
import { measure } from './requests/finalize.ts';
import { rulesOf } from './rules.ts';
import { diskStore } from './store/disk-store.ts';
import { errorCode } from './store/durable.ts';
import { takeHold } from './store/hold.ts';
import { liveUploads } from './store/live-uploads.ts';
import type { Store } from './store/store.ts';
import type { LinkTokens } from './tokens/link-tokens.ts';
import { linkTokensOf, pairingLinks } from './tokens/pairing-links.ts';
import type { BoundToken } from './tokens/token.ts';
import { type ServedProtocol, words } from './words.ts';

export type { AccessLogEntry } from './http/access-log.ts';
export type { Behaviour, Limits } from './parts.ts';
export type { ServedProtocol } from './words.ts';

export interface ServerSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where finished files go; working files live in a sub-folder. Made where missing; one server per folder. */
  readonly dir: string;
  readonly protocol: ServedProtocol;
  /** Asked for with every request but OPTIONS and health; absent: open to anyone. */
  readonly token?: string;
  /** Tokens of protocol v1 that are good for one artifact each; they are asked for as well. */
  readonly boundTokens?: readonly BoundToken[];
  readonly maxSizeBytes?: number;
  /** What OPTIONS lists and the server does beyond the core; creation, creation-with-upload and termination if absent. */
  readonly extensions?: readonly Extension[];
  /** The origin whose pages may talk to this server, or `*`; absent: its own only. */
  readonly corsOrigin?: string;
  /** Whether `GET /` shows uploads as they happen, and what is held, to people; absent: no. */
  readonly page?: boolean;
  readonly log?: (entry: AccessLogEntry) => void;
  readonly limits?: Partial<Limits>;
  /** Deliberate defects and variations; absent: the reference server. */
  readonly behaviour?: Behaviour;
}

export interface RunningServer {
  /** What a client is given: the base URL for pulse, the creation URL for tus. */
  readonly url: string;
  readonly port: number;
  /** A pairing link for one artifact more, with a token of its own where one is asked for; absent where there are none. */
  readonly pairingLink?: () => string;
  /** Stops accepting, lets requests in flight end within `limits.closeGraceMs`, and gives the folder free. */
  close(): Promise<void>;
}

/** How late a connection may be closed whose request does not come. */
const LONGEST_LOOK_PAUSE_MS = 5_000;

/**
 * Starts the reference server.
 * Throws PulseError: `input` for a folder that cannot be used, `usage` for a host and port that cannot be listened on,
 * `temporary` for a folder that another server uses.
 */
export async function startServer(settings: ServerSettings): Promise<RunningServer> {
  const { behaviour, log, protocol } = settings;
  const disk = await diskStore(settings.dir);
  const store = behaviour?.store?.(disk) ?? disk;
  let closing: Promise<void> | undefined;
  const tokens = linkTokensOf(settings);
  const parts = partsOf(settings, tokens, store, () => closing !== undefined);
  const { answer, quiet } = answering(parts, { filter: behaviour?.filter, log });

  const { headMs } = parts.limits;
  const server = createServer({
    // A slow but steady sender is right, however long it takes: only silence ends a body (`bodyIdleMs`).
    requestTimeout: 0,
    // Node takes the smaller of this and `requestTimeout` where it is not named: none. It also counts from the connection.
    headersTimeout: headMs,
    connectionsCheckingInterval: Math.min(headMs, LONGEST_LOOK_PAUSE_MS),
    keepAliveTimeout: 15_000,
  });
  server.on('request', (incoming, outgoing) => answer(incoming, outgoing, false));
  server.on('checkContinue', (incoming, outgoing) => answer(incoming, outgoing, true));
  server.on('clientError', answerMalformed);
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    behaviour?.connection?.(socket);
  });
  await listen(server, settings).catch(async (thrown) => {
    await store.close();
    throw thrown;
  });

  const ends = parts.extensions.map(({ run }) => run?.(parts));
  const stop = async () => {
    const ended = ends.map((end) => end?.());
    const closed = once(server, 'close');
    server.close();
    const grace = setTimeout(() => server.closeAllConnections(), parts.limits.closeGraceMs);
    await closed;
    clearTimeout(grace);
    // What is still in work has lost its connection and only writes what arrived; a hung disk cannot hold up the end.
    const atRest = Promise.allSettled([quiet(), ...ended]);
    await Promise.race([atRest, sleep(parts.limits.closeGraceMs, undefined, { ref: false })]);
    await store.close();
  };
  const { port } = server.address() as AddressInfo;
  const url = `http://${hostToName(settings.host)}:${port}${dialects[protocol].clientPath}`;
  const pairingLink = pairingLinks(url, settings, tokens);
  return {
    url,
    port,
    ...(pairingLink && { pairingLink }),
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

/** How a client on this machine reaches the host: an address that stands for all of them cannot be connected to. */
function hostToName(host: string): string {
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return name.includes(':') ? `[${name}]` : name;
}

function partsOf(
  settings: ServerSettings,
  linkTokens: LinkTokens | undefined,
  store: Store,
  isClosing: () => boolean,
): Parts {
  const { protocol, behaviour = {} } = settings;
  const maxSizeBytes = settings.maxSizeBytes ?? dialects[protocol].maxSizeBytes;
  const extensions = behaviour.extensions ?? settings.extensions ?? standardExtensions;
  const uploads = liveUploads(store);
  return {
    protocol,
    dialect: dialects[protocol],
    maxSizeBytes,
    rules: rulesOf({ ...settings, linkTokens, maxSizeBytes, extensions }, behaviour.rules),
    answers: { ...standardAnswers, ...behaviour.answers },
    store: { ...store, finish: uploads.finish },
    uploads,
    receive: behaviour.receive ?? receive,
    measure: behaviour.measure ?? measure,
    takeHold: behaviour.takeHold ?? takeHold,
    newId: behaviour.newId ?? randomUUID,
    locate: behaviour.locate ?? ((id) => `${words[protocol].creationPath}/${id}`),
    extensions,
    corsOrigin: settings.corsOrigin,
    hasPage: settings.page ?? false,
    limits: { ...standardLimits, ...settings.limits },
    isClosing,
  };
}

async function listen(server: Server, { host, port }: ServerSettings): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (thrown) {
    throw cannotListen(host, port, thrown);
  }
}

/** What was asked for on the command line cannot be had: `usage`, since the same command would end in the same way. */
function cannotListen(host: string, port: number, thrown: unknown): PulseError {
  const code = errorCode(thrown) || String(thrown);
  const [fact, hint] = listenFaults[code] ?? [
    `it cannot be listened on (${code})`,
    'choose another host or port',
  ];
  return new PulseError('usage', `${host}:${port}: ${fact}`, { hint, cause: thrown });
}

const noSuchAddress = [
  'this is no address of this machine',
  'choose 127.0.0.1 for this machine only, or 0.0.0.0 for every network it is in',
] as const;

const listenFaults: Readonly<Record<string, readonly [fact: string, hint: string]>> = {
  EADDRINUSE: [
    'another program listens there, expected a free port',
    'stop that program, or choose another port; port 0 takes any that is free',
  ],
  EACCES: [
    'only the administrator may listen there',
    'choose a port above 1023; port 0 takes any that is free',
  ],
  EADDRNOTAVAIL: noSuchAddress,
  ENOTFOUND: noSuchAddress,
  EAI_AGAIN: noSuchAddress,
};
