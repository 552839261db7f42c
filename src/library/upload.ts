import { homedir } from 'node:os';
import process from 'node:process';
import { asPulseError, type PulseError } from '../errors.ts';
import type { Report, UploadResult } from '../events.ts';
import { stateDirOf } from '../input/state-dir.ts';
import { refuseTokenInTheOpen } from '../input/token-in-the-open.ts';
import { protocols } from '../protocol/protocols/index.ts';
import { createTransport } from '../transport/http.ts';
import { proxyChoice } from '../transport/proxy-choice.ts';
import type { TransportSettings } from '../transport/settings.ts';
import { comeBackFor } from '../upload/come-back.ts';
import { createRunTools } from '../upload/host/host.ts';
import { joinedSignal } from '../upload/joined-signal.ts';
import { chooseProtocol } from '../upload/open/discover.ts';
import { cleanError, redactedText, secretTokens } from '../upload/redact.ts';
import type { UploadSettings } from '../upload/settings.ts';
import { openSource } from '../upload/source/source.ts';
import { openServerMemory } from '../upload/state/server-memory.ts';
import { openStateStore } from '../upload/state/state-store.ts';
import { systemClock } from '../upload/system-clock.ts';
import { uploadFile } from '../upload/upload-file.ts';
import { asInterrupted } from '../upload/upload-files.ts';
import { checkFile, settingsOf, type UploadOptions, unfit } from './options.ts';

/**
 * Uploads one file and resolves once everything asked for is done; `proven` says whether the server's own checksum
 * was compared with the file's. Rejects with a `PulseError` whose `kind` is a key of `exitCodes`, and which holds no token;
 * where `onEvent` throws, with what it threw.
 */
export async function upload(file: string, options: UploadOptions): Promise<UploadResult> {
  const settings = settingsOf(options);
  checkFile(file);
  const {
    stateDir = stateDirOf(process.env, process.platform, homedir()),
    onEvent = () => {},
    signal,
  } = options;
  const network = await networkOf(options, settings.server);
  refuseTokenInTheOpen(settings.server, { tokens: [settings.token], headers: settings.headers }, network, {
    isAllowed: options.allowInsecureToken === true,
    permission: 'allowInsecureToken: true',
  });
  const transport = createTransport(network);
  const listener = listenerOf(onEvent);
  const joined = joinedSignal(signal, listener.signal);
  const tools = createRunTools(settings, {
    send: transport.send,
    report: listener.report,
    clock: systemClock,
    random: Math.random,
    store: openStateStore(stateDir),
    memory: openServerMemory(stateDir, systemClock.dateMs),
    signal: joined.signal,
  });
  try {
    // What cannot be sent is no trouble of the server's: nobody waits for that first.
    await (await openSource(file)).close();
    await comeBackFor(file, settings, tools);
    const { protocol } = await chooseProtocol(protocols, settings, file, tools);
    const result = await uploadFile(file, protocol, settings, tools);
    listener.rethrow();
    return result;
  } catch (error) {
    listener.rethrow();
    throw withoutTokens(signal?.aborted ? asInterrupted(file, error) : asPulseError(error), settings);
  } finally {
    joined.release();
    await transport.close();
  }
}

/**
 * A program's own function that is told of events. Where it throws, it is told nothing more and the signal fires: an
 * upload reports from the midst of its work, where an exception would pass for trouble with the network or be caught by nobody.
 * A promise that it returns is not waited for; where it rejects in time, that counts like an exception.
 */
function listenerOf(onEvent: Report) {
  const end = new AbortController();
  let thrown: { readonly error: unknown } | undefined;
  let isOver = false;
  const stop = (error: unknown) => {
    // Nobody waits any more: the program's own handler of rejections has to hear of it.
    if (isOver) throw error;
    thrown ??= { error };
    end.abort();
  };
  const report: Report = (event) => {
    if (thrown !== undefined) return;
    try {
      const outcome: unknown = onEvent(event);
      if (outcome instanceof Promise) outcome.catch(stop);
    } catch (error) {
      stop(error);
    }
  };
  const rethrow = () => {
    isOver = true;
    if (thrown !== undefined) throw thrown.error;
  };
  return { report, signal: end.signal, rethrow };
}

async function networkOf({ tls, proxyEnvironment }: UploadOptions, server: URL): Promise<TransportSettings> {
  if (tls?.ca !== undefined || tls?.cert !== undefined || tls?.key !== undefined) {
    const { tlsFault } = await import('../transport/tls-fault.ts');
    const fault = tlsFault(tls);
    if (fault !== undefined) throw unfit('tls', `cannot be used (${fault})`, 'PEM texts that OpenSSL takes');
  }
  const proxyFor = proxyEnvironment && proxyChoice(proxyEnvironment);
  // Asked for now, so that a proxy that cannot be used is said before anything is opened.
  proxyFor?.(server);
  return { ...(tls !== undefined && { tls }), ...(proxyFor !== undefined && { proxyFor }) };
}

/** What a server echoes stands in messages, and may hold what it was sent. */
function withoutTokens(error: PulseError, { token, headers }: UploadSettings): PulseError {
  const tokens = secretTokens(token, headers);
  return cleanError(error, (text) => redactedText(text, tokens));
}
