import { rejected } from '../../input/rejected.ts';
import type { Extension } from '../../server/extension.ts';
import { expiration } from '../../server/extensions/expiration.ts';
import { allExtensions, standardExtensions } from '../../server/extensions.ts';
import type { ServedProtocol } from '../../server/server.ts';
import type { ServeValues } from '../options/serve.ts';

/** The extensions that `serve` was asked for: all of them with tus, those of the Pulse Cam facade with pulse. */
export function servedExtensions(values: ServeValues, protocol: ServedProtocol): readonly Extension[] {
  const { extensions: text, expireAfter } = values;
  const chosen = text === undefined ? (protocol === 'tus' ? allExtensions : standardExtensions) : named(text);
  return expireAfter === undefined ? chosen : [...chosen, expiration(expireAfter)];
}

function named(text: string): readonly Extension[] {
  if (text === 'all') return allExtensions;
  if (text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  const known = allExtensions.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const hint =
      unknown === 'expiration'
        ? 'for expiration add --expire-after <time>'
        : `choose among ${known.join(', ')}`;
    throw rejected('--extensions', unknown, 'all, none, or names of tus extensions', hint);
  }
  return allExtensions.filter(({ name }) => names.includes(name));
}
