import { PulseError } from '../../errors.ts';
import { Blocked, Skip } from '../check.ts';
import { type Leftovers, leftThere } from '../clean-up.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { ReadBackUpload } from '../probe/read-back.ts';

/** The user's command is tried before it is believed: a mistyped one would accuse the server of losing every file. */

export interface ReadBackFailure {
  readonly failed: string;
  readonly upload: ReadBackUpload;
}

/**
 * How the user's command fails for an ordinary upload, of which the server says that it holds it; undefined where it
 * prints bytes, whichever these are, or the server lets no upload come that far: then the checks say so.
 */
export async function readBackFailure(probe: Probe): Promise<ReadBackFailure | undefined> {
  const file = probe.payload(SMALL_FILE_BYTES);
  try {
    const upload = await probe.create(file.sizeBytes);
    const { complete } = await probe.finish(upload, file);
    if (!complete) return undefined;
    const { by, unknown } = await probe.content(upload, file);
    return by === 'read-back' && unknown !== undefined ? { failed: unknown, upload } : undefined;
  } catch (thrown) {
    if (thrown instanceof Blocked || thrown instanceof Skip) return undefined;
    throw thrown;
  }
}

/** Whether the command or the server is wrong is not known, and so neither is accused. */
export function readBackError(
  { failed, upload }: ReadBackFailure,
  { command = '--read-back', runId }: { readonly command?: string | undefined; readonly runId: string },
  left: Leftovers,
): PulseError {
  const there = leftThere(left, runId);
  const stays = there === undefined ? '' : ` (${upload.filename}, UPLOAD_ID ${upload.id}; ${there})`;
  return new PulseError(
    'usage',
    `${failed}; it was tried before the checks, with an upload that the server says it holds: ${command}`,
    {
      hint: `correct the command, which should print the bytes of the upload that $UPLOAD_ID, $UPLOAD_URL and $UPLOAD_FILENAME name; if it is right, the server lost that file${stays}`,
    },
  );
}
