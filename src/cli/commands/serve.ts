import { once } from 'node:events';
import process from 'node:process';
import { PulseError } from '../../errors.ts';
import { labelled } from '../../output/labelled.ts';
import { logLine } from '../../output/log-line.ts';
import { createPaint, type Paint, wantsColor } from '../../output/paint.ts';
import { columnsOf } from '../../output/text-stream.ts';
import { isLoopback } from '../../protocol/hosts.ts';
import type { RunningServer, ServerSettings } from '../../server/server.ts';
import { splitCommandLine } from '../command-line.ts';
import type { Invocation } from '../commands.ts';
import { readConfig } from '../config/read-config.ts';
import { helpOf, wroteHelp } from '../help.ts';
import { watchForSignals } from '../interruption.ts';
import { valuesOf } from '../options/option-table.ts';
import { type ServeValues, serveOptions, serverSettings } from '../options/serve.ts';
import { keepLink, refuseLinkFor } from '../serve/link.ts';
import { shellQuote } from '../shell-quote.ts';

/** `pulse-upload serve`: the reference server, until a signal ends it. */
export async function run({ argv }: Invocation): Promise<number> {
  const { operands, given } = splitCommandLine(serveOptions, argv);
  if (wroteHelp(given, helpText)) return 0;
  if (operands.length > 0) {
    throw new PulseError('usage', `serve got '${operands[0]}', expected options only`, {
      hint: 'name the folder for the files with --dir',
    });
  }
  const values = valuesOf(serveOptions, given, process.env, readConfig('serve', serveOptions));
  if (!values.listDefects) return await serve(values);
  const { defectLines } = await import('../serve/defects.ts');
  const columns = process.stdout.isTTY ? columnsOf(process.stdout) : Number.POSITIVE_INFINITY;
  process.stdout.write(defectLines(values.json, columns).join(''));
  return 0;
}

function helpText(): string {
  return helpOf('serve', serveOptions, 'Example: pulse-upload serve --port 8080 --dir ./uploads');
}

async function serve(values: ServeValues): Promise<number> {
  const { settings, notice } = await prepared(values);
  const { startServer } = await import('../../server/server.ts');
  const { servedExtensions } = await import('../serve/extensions.ts');
  // Before it listens: what fails here has nothing to close.
  const paint = await createPaint(wantsColor(process.stderr, process.env, values.noColor));
  const interruption = watchForSignals();
  const style = values.json ? 'json' : 'logfmt';
  const server = await startServer({
    ...settings,
    extensions: servedExtensions(values, settings.protocol),
    ...(!values.quiet && { log: (entry) => process.stderr.write(logLine(entry, new Date(), style)) }),
  });
  await closingOnFailure(server, () => keepLink(values, server));
  process.stderr.write(notice(server.url, paint));
  process.stdout.write(`${server.url}\n`);
  if (!values.quiet && !values.json) process.stderr.write(welcome(values, settings, server, paint));

  if (!interruption.signal.aborted) await once(interruption.signal, 'abort');
  await server.close();
  interruption.release();
  return 0;
}

interface Prepared {
  readonly settings: ServerSettings;
  /** What stands before everything else, even with --quiet: nothing for the server as it should be. */
  readonly notice: (url: string, paint: Paint) => string;
}

async function prepared(values: ServeValues): Promise<Prepared> {
  if (values.defect.length === 0) {
    const settings = serverSettings(values);
    refuseLinkFor(settings.protocol, values);
    return { settings, notice: () => '' };
  }
  const { defectsOf, noticeOf, protocolOf, withDefects } = await import('../serve/defects.ts');
  const chosen = defectsOf(values.defect);
  const settings = serverSettings({ ...values, protocol: protocolOf(chosen, values) });
  refuseLinkFor(settings.protocol, values);
  return {
    settings: withDefects(settings, chosen, values),
    notice: (url, paint) => noticeOf(chosen, values, url, paint),
  };
}

/** What somebody who tries the server for the first time needs to know. */
function welcome(
  values: ServeValues,
  { protocol, boundTokens = [] }: ServerSettings,
  { url, pairingLink }: RunningServer,
  paint: Paint,
): string {
  const upload = [
    'pulse-upload',
    'video.mp4',
    '--server',
    url,
    ...credentialOf(values, boundTokens.length > 0),
  ];
  const isOpen = values.tokenFile === undefined && !isLoopback(values.host);
  const facts: readonly (readonly [string, string | undefined])[] = [
    // With a token it is a secret, and only ever written into a file.
    [
      'link',
      values.tokenFile === undefined && values.pairingLink === undefined ? pairingLink?.() : undefined,
    ],
    ['try', upload.map((word) => shellQuote(word, process.platform)).join(' ')],
    ['page', values.noPage ? undefined : `${new URL(url).origin}/`],
    ['stop', 'Ctrl-C'],
  ];
  return [
    `speaks ${protocol}; finished files go to ${values.dir}`,
    ...(isOpen ? openWarning(values.host, paint) : []),
    // As the facts of an upload stand.
    ...facts.flatMap(([label, text]) =>
      text === undefined ? [] : [`  ${paint.faint(label.padEnd(4))}  ${text}`],
    ),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** A file of several lines is for servers: of those, a client is given one, which is secret. */
function credentialOf({ tokenFile }: ServeValues, isForServers: boolean): readonly string[] {
  if (tokenFile === undefined) return [];
  return isForServers
    ? ['--token', '<token>', '--metadata', 'artifactId=<artifactId>']
    : ['--token-file', tokenFile];
}

async function closingOnFailure(server: RunningServer, work: () => void): Promise<void> {
  try {
    work();
  } catch (thrown) {
    await server.close();
    throw thrown;
  }
}

function openWarning(host: string, paint: Paint): readonly string[] {
  return labelled(
    [
      ['warning', `whoever reaches ${host} can upload and read files: no token is asked for`],
      ['next', 'add --token-file <path>, or leave out --host'],
    ],
    paint,
  );
}
