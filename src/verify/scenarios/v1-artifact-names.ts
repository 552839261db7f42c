import { isServed, isSuccess } from '../answers.ts';
import type { Payload } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { servedArtifact } from './v1-artifacts.ts';
import { create, ordinary, type Pairs, type Tried } from './v1-metadata.ts';

/** Uploads whose metadata hold a name, which is for people alone. */

const NAMED_BYTES = 48;
export const ACCENTED = 'Vidéo 🎥';
/** Of characters that take more than one unit in every encoding: any cut that counts something else breaks one. */
const LONG_NAME = '🎥'.repeat(750);

interface NamedUpload extends Tried {
  /** These are absent where the creation was refused. */
  readonly headed?: Exchange;
  readonly patched?: Exchange;
}

async function sendNamed(
  probe: Probe,
  file: Payload,
  { what, pairs }: { readonly what: string; readonly pairs: Pairs },
): Promise<NamedUpload> {
  const posted = await create(probe, NAMED_BYTES, pairs);
  if (!isSuccess(posted)) return { what, posted };
  const upload = probe.uploadOf(posted, NAMED_BYTES);
  const headed = await probe.head(upload);
  return { what, posted, headed, patched: await probe.patch(upload, 0, file.part(0, NAMED_BYTES)) };
}

async function readBack(probe: Probe, { posted, patched }: NamedUpload): Promise<{ gotten?: Exchange }> {
  if (patched === undefined) return {};
  return { gotten: await servedArtifact(probe, probe.uploadOf(posted, NAMED_BYTES), patched) };
}

export const artifactNames = scenario({
  id: 'v1-artifact-names',
  does: 'uploads videos without a name, with an accented and a very long one, and with names that look like paths, ids, JSON and headers, and asks for each',
  run: async (probe) => {
    const file = probe.payload(NAMED_BYTES);
    const plain = ordinary(probe);
    // Bytes of its own, so that what another upload does to it is seen.
    const first = probe.payload(NAMED_BYTES, 'unnamed');
    const unnamed = await sendNamed(probe, first, { what: 'no name', pairs: plain });
    const send = (what: string, name: string) =>
      sendNamed(probe, file, { what, pairs: { ...ordinary(probe), name } });
    const odd: (NamedUpload & { readonly gotten?: Exchange })[] = [];
    const control = await readBack(probe, unnamed);
    for (const [what, name] of [
      // Whoever takes it for a path must hit nothing that is there.
      ['a name that is a path', `../../${plain.artifactId}`],
      ['a name that is the id of another artifact', plain.artifactId],
      ['a name that is JSON', '{"kind":"x"}'],
      ['a name with a line break', 'a\r\nX-Injected: 1'],
    ] as const) {
      const sent = await send(what, name);
      // Where nothing is served even without a name, there is nothing to wait for.
      odd.push({ ...sent, ...(isServed(control.gotten) && (await readBack(probe, sent))) });
    }
    return {
      sha256: file.sha256(),
      unnamed: { ...unnamed, ...control, sha256: first.sha256() },
      accented: await send('an accented name', ACCENTED),
      long: await send('a name of 1,500 UTF-16 units', LONG_NAME),
      odd,
      unharmed: await readBack(probe, unnamed),
    };
  },
});
