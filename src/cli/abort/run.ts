import process from 'node:process';
import { asPulseError, PulseError } from '../../errors.ts';
import type { Report } from '../../events.ts';
import { refuseTokenInTheOpen } from '../../input/token-in-the-open.ts';
import type { AbortedEvent } from '../../output/kept-uploads.ts';
import { ndjsonLine } from '../../output/ndjson.ts';
import { createOutput } from '../../output/output.ts';
import { harmless } from '../../output/text.ts';
import type { Protocol } from '../../protocol/protocol.ts';
import { protocols } from '../../protocol/protocols/index.ts';
import { isSensitive } from '../../protocol/redaction.ts';
import { createTransport } from '../../transport/http.ts';
import { type Aborted, abortRemembered } from '../../upload/abort.ts';
import { terminateUpload } from '../../upload/finish/terminate.ts';
import { createRunTools, type RunTools } from '../../upload/host/host.ts';
import { cleanError, redacted, redactedText, secretTokens } from '../../upload/redact.ts';
import { defaultSettings, type UploadSettings } from '../../upload/settings.ts';
import { keptUploads } from '../../upload/state/kept-uploads.ts';
import { openStateStore } from '../../upload/state/state-store.ts';
import { systemClock } from '../../upload/system-clock.ts';
import { commonExitCode } from '../../upload/upload-files.ts';
import type { abortOptions } from '../options/abort.ts';
import { insecureWarnings, networkSettings, openTokenRule } from '../options/network.ts';
import type { Given, Values } from '../options/option-table.ts';
import { tokenOf } from '../options/upload.ts';
import { reportFailure } from '../report-failure.ts';
import { stateDir } from '../state-dir.ts';
import { surroundings } from '../surroundings.ts';
import { observedSend } from '../upload/observed-send.ts';
import { type Target, targetsOf } from './targets.ts';

type AbortValues = Values<typeof abortOptions>;

/** Ends one upload after the other, also after one that could not be ended. */
export async function runAbort(
  operands: readonly string[],
  values: AbortValues,
  given: Given,
): Promise<number> {
  const kept = await keptUploads(stateDir(), Date.now());
  const targets = await targetsOf(
    operands,
    kept.map(({ record }) => record),
    values,
  );
  const token = tokenOf(values, given);
  refuseUnnamedServer(targets, token, values);
  const failures: PulseError[] = [];
  for (const target of targets) {
    try {
      await abort(target, token, values);
    } catch (thrown) {
      const tokens = secretTokens(token, values.header);
      const error = cleanError(asPulseError(thrown), (text) => redactedText(text, tokens));
      failures.push(error);
      await reportFailure(error, process.argv);
    }
  }
  return commonExitCode(failures);
}

/** Credentials go where the user says: what is remembered may be anywhere. */
function refuseUnnamedServer(
  targets: readonly Target[],
  token: string | undefined,
  { server, header }: AbortValues,
): void {
  const hasCredentials = token !== undefined || Object.keys(header).some(isSensitive);
  const remembered = targets.find(({ upload }) => !(upload instanceof URL));
  if (!hasCredentials || server !== undefined || remembered === undefined) return;
  throw new PulseError('usage', 'a token is given and no server, expected the server that it is for', {
    hint: `add --server ${remembered.server.href}, if it is for that one`,
  });
}

async function abort(target: Target, token: string | undefined, values: AbortValues): Promise<void> {
  const { server } = target;
  const protocol = protocols.find(({ id }) => id === target.protocol);
  if (protocol === undefined) throw new PulseError('usage', `no protocol ${target.protocol} is known here`);
  const settings = settingsFor(server, token, values);
  const network = await networkSettings(values, server, process.env);
  const credentials = { tokens: [token], headers: settings.headers };
  refuseTokenInTheOpen(server, credentials, network, openTokenRule(values));
  const output = await createOutput(
    { json: false, quiet: values.json, verbose: values.verbose, noColor: values.noColor, progress: 'none' },
    surroundings,
  );
  insecureWarnings(values, server).forEach(output.warn);
  const transport = createTransport(network);
  const report: Report = output.report;
  const tokens = secretTokens(token, settings.headers);
  const tools = createRunTools(settings, {
    send: values.verbose
      ? observedSend(transport.send, redacted(report, tokens), systemClock.nowMs)
      : transport.send,
    report,
    clock: systemClock,
    random: Math.random,
    store: openStateStore(stateDir()),
  });
  try {
    const aborted = await end(target, protocol, settings, tools);
    process.stdout.write(
      values.json ? eventLine(target, aborted, tools.clean) : `${words(target, aborted)}\n`,
    );
  } finally {
    output.close();
    await transport.close();
  }
}

function settingsFor(server: URL, token: string | undefined, values: AbortValues): UploadSettings {
  return {
    ...defaultSettings,
    server,
    headers: values.header,
    retries: values.retries,
    retryDelayMs: values.retryDelay,
    timeoutMs: values.timeout,
    ...(token !== undefined && { token }),
  };
}

async function end(
  { name, upload }: Target,
  protocol: Protocol,
  settings: UploadSettings,
  tools: RunTools,
): Promise<Aborted> {
  if (!(upload instanceof URL)) {
    const aborted = await abortRemembered(upload, protocol, settings, tools);
    return aborted ?? { url: '', ended: 'gone', mayBeFinished: false, mayBeJoined: false };
  }
  const asker = { protocol, settings, tools, source: { name }, tally: { sentBytes: 0, retries: 0 } };
  const ended = await terminateUpload(asker, {
    url: upload,
    isHeadless: false,
    isFinishedWhenComplete: true,
  });
  return { url: upload.href, ended, mayBeFinished: false, mayBeJoined: false };
}

function eventLine(
  { name, server, upload }: Target,
  aborted: Aborted,
  clean: (text: string) => string,
): string {
  const event: AbortedEvent = {
    type: 'upload.aborted',
    ...(!(upload instanceof URL) && { file: name }),
    server: server.href,
    url: clean(aborted.url),
    ended: aborted.ended,
  };
  return ndjsonLine(event, new Date());
}

function words({ name, server, upload }: Target, { ended, mayBeFinished, mayBeJoined }: Aborted): string {
  const what = upload instanceof URL ? harmless(name) : `${harmless(name)} at ${harmless(server.href)}`;
  if (mayBeJoined)
    return `aborted ${what}: its parts are gone, but the server may have joined them to a file before`;
  if (ended === 'removed') return `aborted ${what}: the server has removed it`;
  if (upload instanceof URL) return `nothing to abort: the server has no upload ${what}`;
  return mayBeFinished
    ? `forgot ${what}: the server no longer has the upload, which may have been finished`
    : `aborted ${what}: the server no longer had it`;
}
