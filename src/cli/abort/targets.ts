import { PulseError } from '../../errors.ts';
import { serverName, withoutQuery } from '../../protocol/urls.ts';
import type { UploadKey, UploadRecord } from '../../upload/state/state-store.ts';
import { rememberedPath } from '../remembered-path.ts';

/** One upload that is to end. */
export interface Target {
  /** For people. */
  readonly name: string;
  /** What the user named when it was begun, or names now: credentials go to its origin, and to no other. */
  readonly server: URL;
  readonly protocol: string;
  readonly upload: UploadKey | URL;
}

interface Asked {
  readonly server?: URL | undefined;
  readonly protocol: string;
}

/** The uploads that the operands stand for. Throws `input` for a file of which nothing is remembered. */
export async function targetsOf(
  operands: readonly string[],
  kept: readonly UploadRecord[],
  asked: Asked,
): Promise<readonly Target[]> {
  const targets: Target[] = [];
  for (const operand of operands) {
    const found = /^https?:\/\//i.test(operand)
      ? [targetAt(operand, kept, asked)]
      : await targetsOfFile(operand, kept, asked);
    const isNew = ({ upload }: Target) => !targets.some((other) => sameUpload(other.upload, upload));
    targets.push(...found.filter(isNew));
  }
  return targets;
}

function targetAt(operand: string, kept: readonly UploadRecord[], { server, protocol }: Asked): Target {
  const url = URL.canParse(operand) ? new URL(operand) : undefined;
  if (url === undefined) {
    throw new PulseError('usage', `'${operand}' is no URL, expected the URL of an upload`, {
      hint: 'pulse-upload list --json shows the URLs',
    });
  }
  if (server !== undefined && server.origin !== url.origin) {
    throw new PulseError(
      'usage',
      `${url.origin} is not the origin of the server that is given (${server.origin})`,
      {
        hint: 'leave out --server, and PULSE_UPLOAD_SERVER: the URL names where the upload is',
      },
    );
  }
  const record = kept.find((other) => other.url === url.href);
  if (record !== undefined) return targetOf(record);
  const name = withoutQuery(url);
  // The creation URL of tus is where its uploads are, one step up.
  return {
    name,
    server: new URL(new URL('.', url).href.replace(/\/$/, '')),
    protocol: protocol === 'auto' ? 'tus' : protocol,
    upload: url,
  };
}

async function targetsOfFile(
  file: string,
  kept: readonly UploadRecord[],
  { server }: Asked,
): Promise<readonly Target[]> {
  const path = await rememberedPath(file);
  const isMeant = (record: UploadRecord) =>
    record.path === path && (server === undefined || serverName(record.server) === serverName(server.href));
  const records = kept.filter(isMeant);
  if (records.length > 0) return records.map(targetOf);
  const where = server === undefined ? '' : ` to ${server.href}`;
  throw new PulseError('input', `no upload of ${file}${where} is remembered`, {
    hint: 'pulse-upload list shows what is remembered; a URL is aborted without being remembered',
  });
}

function targetOf({ server, protocol, path }: UploadRecord): Target {
  return { name: path, server: new URL(server), protocol, upload: { server, protocol, path } };
}

function sameUpload(a: UploadKey | URL, b: UploadKey | URL): boolean {
  if (a instanceof URL || b instanceof URL) return a instanceof URL && b instanceof URL && a.href === b.href;
  return a.path === b.path && a.server === b.server && a.protocol === b.protocol;
}
