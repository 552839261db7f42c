import { BlockList, isIP } from 'node:net';
import { PulseError } from '../errors.ts';
import { isLoopback } from '../protocol/hosts.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for each URL, by the variables that curl reads, in its order: lower case before upper case, the variable
 * of the scheme before ALL_PROXY. Two differences: an upper-case HTTP_PROXY counts (but not for a CGI program, where
 * any client could set it by a header: CVE-2016-5385), and this machine is never reached through a proxy.
 * Throws `usage` for a proxy that cannot be used: going past it in silence would be worse.
 */
export function proxyChoice(environment: Environment): (url: URL) => URL | undefined {
  const http = firstOf(
    environment,
    environment.REQUEST_METHOD === undefined ? ['http_proxy', 'HTTP_PROXY'] : ['http_proxy'],
  );
  const https = firstOf(environment, ['https_proxy', 'HTTPS_PROXY']);
  const all = firstOf(environment, ['all_proxy', 'ALL_PROXY']);
  const excepted = firstOf(environment, ['no_proxy', 'NO_PROXY'])?.text ?? '';
  return (url) => {
    const named = (url.protocol === 'https:' ? https : http) ?? all;
    if (named === undefined || isLoopback(url.hostname) || isExcepted(url, excepted)) return undefined;
    return parseProxy(named.text, named.variable);
  };
}

interface Setting {
  readonly variable: string;
  readonly text: string;
}

/** The first variable that is set; an empty one counts as unset. */
function firstOf(environment: Environment, variables: readonly string[]): Setting | undefined {
  return variables
    .map((variable) => ({ variable, text: (environment[variable] ?? '').trim() }))
    .find(({ text }) => text !== '');
}

/** No message shows the text: it may hold a password. */
function parseProxy(text: string, variable: string): URL {
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const proxy = URL.canParse(url) ? new URL(url) : undefined;
  if (proxy !== undefined && /^https?:$/.test(proxy.protocol)) return proxy;
  const what = proxy === undefined ? 'no URL' : `a URL of ${proxy.protocol.slice(0, -1)}`;
  throw new PulseError('usage', `${variable} is ${what}, expected an http or https proxy`, {
    hint: `write for example ${variable}=http://proxy.example.org:3128, or name the server in NO_PROXY`,
  });
}

/** Entries of NO_PROXY: `*`, a host with or without port, a domain and all below it, an address or a network. */
function isExcepted(url: URL, list: string): boolean {
  const host = url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, bracketed, plain, entryPort] =
        /^(?:\[([^\]]*)\]|([^:]*|.*:.*:.*))(?::(\d+))?$/.exec(entry) ?? [];
      if (entryPort !== undefined && entryPort !== port) return false;
      return covers((bracketed ?? plain ?? '').toLowerCase(), host);
    });
}

function covers(entry: string, host: string): boolean {
  if (isIP(host) !== 0) return entry === host || isInNetwork(host, entry);
  const domain = entry.replace(/^\*?\./, '').replace(/\.$/, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function isInNetwork(address: string, entry: string): boolean {
  const [network = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  if (bits === undefined || rest.length > 0 || isIP(network) !== family || !/^\d{1,3}$/.test(bits))
    return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
