import { basename, dirname, join, resolve } from 'node:path';
import { realPathText } from '../upload/source/path-text.ts';

/** The path under which a file is remembered, also where the file itself is gone. */
export async function rememberedPath(file: string): Promise<string> {
  return realPathText(file).catch(async () => {
    const folder = await realPathText(dirname(file)).catch(() => resolve(dirname(file)));
    return join(folder, basename(file));
  });
}
