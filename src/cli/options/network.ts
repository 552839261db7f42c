import { parseText } from '../../input/text.ts';
import { proxyChoice } from '../../transport/proxy-choice.ts';
import type { TransportSettings } from '../../transport/settings.ts';
import type { Environment, OptionTable, Values } from './option-table.ts';

/** How the server is reached: the same for every command that speaks to one (docs/networks.md). */
export const networkOptions = {
  caCert: {
    kind: 'value',
    flags: '--ca-cert <file>',
    means: 'PEM file with an authority to trust',
    parse: parseText,
  },
  cert: {
    kind: 'value',
    flags: '--cert <file>',
    means: 'PEM file with the certificate of this client',
    parse: parseText,
  },
  key: { kind: 'value', flags: '--key <file>', means: 'PEM file with its private key', parse: parseText },
  insecure: {
    kind: 'flag',
    flags: '--insecure',
    means: 'do not verify the certificate of the server',
    notInConfig: 'certificates that nobody looks at would be forgotten there; give it on the command line',
  },
  allowInsecureToken: {
    kind: 'flag',
    flags: '--allow-insecure-token',
    means: 'send the token without TLS to another machine',
    notInConfig: 'it would be forgotten there; give it on the command line',
  },
} as const satisfies OptionTable;

export type NetworkValues = Values<typeof networkOptions>;

/** Reads the PEM files; what is wrong with one is said before any request. */
export async function networkSettings(
  values: NetworkValues,
  server: URL,
  environment: Environment,
): Promise<TransportSettings> {
  const proxyFor = proxyChoice(environment);
  // Asked for now, so that a proxy that cannot be used is a mistake of the command line.
  proxyFor(server);
  const { caCert, cert, key, insecure } = values;
  if (caCert === undefined && cert === undefined && key === undefined && !insecure) return { proxyFor };
  const { readTlsFiles } = await import('../tls-files.ts');
  return { proxyFor, tls: { ...readTlsFiles(values), ...(insecure && { insecure }) } };
}

/** Whether tokens may travel in clear text, and how the user allows it. */
export function openTokenRule({ allowInsecureToken }: Pick<NetworkValues, 'allowInsecureToken'>) {
  return { isAllowed: allowInsecureToken, permission: '--allow-insecure-token' };
}

/** Said on every run with --insecure; empty where nothing is to be said. */
export function insecureWarnings({ insecure }: NetworkValues, server: URL): readonly string[] {
  if (!insecure || server.protocol !== 'https:') return [];
  return [
    `--insecure: the certificate of ${server.host} is not verified, so anybody on the way can read and change what is sent`,
  ];
}
