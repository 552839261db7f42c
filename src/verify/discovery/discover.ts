import { headerMembers, headerOf, isSuccess, outcomeOf } from '../answers.ts';
import type { ProtocolId } from '../check.ts';
import { dialects } from '../dialect.ts';
import { openProbe, type Probe, type ProbeSettings } from '../probe/probe.ts';
import type { Exchange, Recording } from '../recording.ts';
import { type Oracle, type Target, whyNoChunks } from '../target.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { connectionsAtOnce } from './connections.ts';
import { bindingOf } from './credentials.ts';
import { multipartOffered, whatUploadsShow } from './first-upload.ts';
import { type ReadBackFailure, readBackFailure } from './read-back-trial.ts';
import { recognised } from './recognise.ts';

export interface Discovery {
  readonly target: Target;
  readonly recording: Recording;
  /** The user's command cannot be used: nothing should be judged by it. */
  readonly readBackFailure?: ReadBackFailure;
  /** The signal came first: this is what was known by then. */
  readonly isBrokenOff?: true;
}

export interface DiscoverySettings {
  readonly server: URL;
  readonly protocol: ProtocolId | 'auto';
  readonly signal: AbortSignal;
  /** Scenarios side by side. */
  readonly jobs: number;
}

/**
 * Finds out what the scenarios must know: the protocol, where things are, and what the server offers.
 * Throws PulseError `temporary` where nothing answers by HTTP, `refused` where TLS is not agreed on.
 */
export async function discover(
  { server, protocol, signal, jobs }: DiscoverySettings,
  settings: ProbeSettings,
): Promise<Discovery> {
  const started = settings.clock.nowMs();
  const exchanges: Exchange[] = [];
  const asking = async <T>(
    target: Target,
    ask: (probe: Probe) => Promise<T>,
    // Files are named by this, and no two may have one name.
    name = 'discovery',
  ): Promise<T> => {
    const { probe, recorder, end } = openProbe(settings, target, name, signal);
    try {
      return await unlessAborted(ask(probe), signal);
    } finally {
      await end();
      exchanges.push(
        ...recorder.exchanges.map((exchange) => ({ ...exchange, n: exchanges.length + exchange.n })),
      );
    }
  };

  let target = blankTarget(server, 'pulse');
  const learn = (facts: Partial<Target>) => {
    target = { ...target, ...facts, assumptions: [...target.assumptions, ...(facts.assumptions ?? [])] };
  };
  const findOut = async () => {
    const spoken = await asking(target, (probe) => recognised(probe, server, protocol, settings.access));
    target = { ...blankTarget(server, spoken.protocol), assumptions: [spoken.because] };
    learn(linkUnread(target, settings));
    learn(await asking(target, (probe) => connectionsAtOnce(probe, jobs)));
    learn(await asking(target, advertised));
    learn(await asking(target, (probe) => whatUploadsShow(probe, settings, spoken)));
    if (target.elsewhere === undefined) {
      if (target.protocol === 'pulse') learn(await asking(target, multipartOffered));
      if (target.protocol === 'pulse-v1') {
        learn(await asking(target, (probe) => bindingOf(probe, settings), 'discovery-of-tokens'));
      }
      learn(whereNoChunkIsTaken(target));
      learn(oracleOf(target, settings));
    }
    return isReadBack(target, settings)
      ? await asking(target, readBackFailure, 'discovery-of-read-back')
      : undefined;
  };
  let facts: Pick<Discovery, 'readBackFailure' | 'isBrokenOff'>;
  try {
    const failure = await findOut();
    facts = failure === undefined ? {} : { readBackFailure: failure };
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    facts = { isBrokenOff: true };
  }

  const elapsedMs = Math.round(settings.clock.nowMs() - started);
  const outcome = { kind: 'seen', seen: target } as const;
  const recording = { scenario: 'discovery', startedMs: 0, elapsedMs, sentBytes: 0, exchanges, outcome };
  return { target, recording, ...facts };
}

function blankTarget(server: URL, protocol: ProtocolId): Target {
  const base = server.href.replace(/\/+$/, '');
  return { protocol, server: base, extensions: [], assumptions: [], ...dialects[protocol].places(server) };
}

/** The user would take a run that finds nothing for one that found the link good. */
function linkUnread({ protocol }: Target, { link }: ProbeSettings): Partial<Target> {
  if (link === undefined || protocol === 'pulse-v1') return {};
  return { assumptions: ['the pairing link is not looked at: only protocol v1 has one'] };
}

/** What OPTIONS on the creation URL says. */
async function advertised(probe: Probe): Promise<Partial<Target>> {
  const options = await probe.options();
  const status = options.answer?.status;
  if (dialects[probe.target.protocol].needsOptions === false && (status === 401 || status === 403)) {
    const refused = `OPTIONS is refused with ${status}`;
    return {
      extensions: ['creation'],
      optionsRefused: refused,
      listsNothing: refused,
      assumptions: [`${refused}: creation is assumed`],
    };
  }
  const extensions = isSuccess(options) ? headerMembers(options, 'Tus-Extension').filter(Boolean) : [];
  const maxSize = isSuccess(options) ? headerOf(options, 'Tus-Max-Size') : undefined;
  const said = extensions.length > 0 ? `extensions: ${extensions.join(', ')}` : 'no extensions advertised';
  // The Pulse facade does not promise OPTIONS, and frameworks answer it by themselves.
  const isTus = isSuccess(options) && headerOf(options, 'Tus-Version') !== undefined;
  const isMissing = probe.target.protocol === 'pulse' && !isTus;
  return {
    extensions,
    ...(maxSize !== undefined && { maxSize }),
    ...(isMissing && { listsNothing: `OPTIONS answered ${outcomeOf(options)}, and no Tus-Version` }),
    assumptions: [said],
  };
}

/** Known only once forms have been tried, too. */
function whereNoChunkIsTaken(target: Target): Partial<Target> {
  const why = whyNoChunks(target);
  if (why === undefined) return {};
  const advice =
    target.advice ?? 'let PATCH take a chunk first, for all else builds on that: see core.patch.204';
  return { assumptions: [why], advice };
}

/** Whether the user's command will be run. */
function isReadBack(target: Target, { readBack }: ProbeSettings): boolean {
  const { oracle, refusesUploads, refusesFinalize } = target;
  if (readBack === undefined || oracle === undefined || oracle === 'get') return false;
  return (refusesUploads ?? refusesFinalize ?? whyNoChunks(target)) === undefined;
}

function oracleOf(target: Target, { readBack }: ProbeSettings): Partial<Target> {
  const oracle: Oracle | undefined =
    target.finalizeUrl !== undefined
      ? 'finalize'
      : target.download
        ? 'get'
        : readBack !== undefined
          ? 'read-back'
          : undefined;
  const words: Record<Oracle | 'none', string> = {
    finalize: "content is compared by finalize's checksum",
    get: 'content is read back by GET',
    'read-back': 'content is read back by your command',
    none: 'content not verified: nothing reads back what was stored (--read-back <cmd>)',
  };
  const besides = oracle === 'finalize' && readBack ? ', and read back by your command' : '';
  const said =
    target.refusesFinalize === undefined
      ? `${words[oracle ?? 'none']}${besides}`
      : `content not verified: finalize answered ${target.refusesFinalize}`;
  return { ...(oracle && { oracle }), assumptions: [said] };
}
