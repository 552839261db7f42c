import { protocols } from '../protocol/protocols/index.ts';
import type { Tools, UploadSettings } from './settings.ts';
import { realPathText } from './source/path-text.ts';
import { uploadKey } from './state/record.ts';

/**
 * Told before the server is asked anything: what is remembered of a file, and what may be the only copy of an input,
 * must not be pruned as old by the very run that came back for it and found no server. Never throws.
 */
export async function comeBackFor(
  file: string,
  settings: Pick<UploadSettings, 'server' | 'protocol'>,
  { store }: Pick<Tools, 'store'>,
): Promise<void> {
  const wanted = settings.protocol;
  const path = await realPathText(file).catch(() => undefined);
  if (path === undefined) return;
  for (const protocol of protocols)
    if (wanted === 'auto' || wanted === protocol.id)
      await store.renew(uploadKey(settings, protocol, { path }));
}
