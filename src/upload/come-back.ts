import { protocols } from '../protocol/protocols/index.ts';
import type { Tools, UploadSettings } from './settings.ts';
import { realPathText } from './source/path-text.ts';

/**
 * Told before the server is asked anything: what is remembered of a file, and what may be the only copy of an input,
 * must not be pruned as old by the very run that came back for it and found no server. Never throws.
 */
export async function comeBackFor(
  file: string,
  { server, protocol: wanted }: Pick<UploadSettings, 'server' | 'protocol'>,
  { store }: Pick<Tools, 'store'>,
): Promise<void> {
  const path = await realPathText(file).catch(() => undefined);
  if (path === undefined) return;
  for (const { id } of protocols)
    if (wanted === 'auto' || wanted === id) await store.renew({ server: server.href, protocol: id, path });
}
