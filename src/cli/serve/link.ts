import { chmodSync, writeFileSync } from 'node:fs';
import { PulseError } from '../../errors.ts';
import type { RunningServer, ServedProtocol } from '../../server/server.ts';
import type { ServeValues } from '../options/serve.ts';

/** Refuses, before anything listens, to write a link that the protocol does not have. */
export function refuseLinkFor(protocol: ServedProtocol, { pairingLink }: ServeValues): void {
  if (pairingLink === undefined || protocol === 'pulse-v1') return;
  throw new PulseError('usage', `--pairing-link is for pulse-v1, expected no protocol ${protocol}`, {
    hint: 'add --protocol pulse-v1',
  });
}

/** Writes a pairing link where the user wants it: it may hold a token, so nobody else may read the file. */
export function keepLink(
  { pairingLink: path }: ServeValues,
  { pairingLink }: Pick<RunningServer, 'pairingLink'>,
): void {
  if (path === undefined || pairingLink === undefined) return;
  try {
    writeFileSync(path, '', { mode: 0o600 });
    chmodSync(path, 0o600);
    writeFileSync(path, `${pairingLink()}\n`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new PulseError('input', `--pairing-link ${path} cannot be written: ${code}`, {
      hint: 'name a file in a folder that exists and that you may write to',
      cause: error,
    });
  }
}
