import type { Probe } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import type { Need } from '../target.ts';
import { siblingTarget } from './malformed-requests.ts';
import { bringTo } from './trial.ts';
import { artifactOf, begunByStranger, VICTIM_OFFSET } from './v1-authorisation.ts';

/**
 * URLs from which one part of a server may read another id than the next part does. Both ids are of uploads that the
 * scenario has made; paths with dot segments are asked by HEAD only.
 */

/** The first token is good for one of the two uploads. */
const twoOwners: readonly Need[] = ['head', 'token', 'guarded', 'second-token', 'bound-tokens'];

/** An offset that the other upload does not have. */
const OWN_OFFSET = 7;

/** A request-target, and what the owner of the one upload is told there. */
export interface Shape {
  /** `MINE` and `THEIRS` stand for the ids. */
  readonly what: string;
  readonly headed: Exchange;
  /** Absent where only HEAD was asked. */
  readonly patched?: Exchange;
}

export const crossedIds = scenario({
  id: 'v1-crossed-ids',
  does: 'sends HEAD and PATCH with the first token to paths with the id of its own upload and that of another, in both orders',
  needs: twoOwners,
  run: async (probe) => shapesTried(probe, ['MINE/THEIRS', 'THEIRS/MINE']),
});

export const oddShapes = scenario({
  id: 'v1-odd-shapes',
  does: 'sends HEAD and PATCH with the first token to the upload of the second, by paths with slashes, semicolons, queries and percent codes, and by absolute URLs; HEAD alone where there are dot segments',
  needs: twoOwners,
  run: async (probe) =>
    shapesTried(
      probe,
      [
        '/THEIRS',
        'MINE//THEIRS',
        'THEIRS/',
        'THEIRS;x',
        'THEIRS;MINE',
        'THEIRS?id=MINE',
        'MINE?id=THEIRS',
        'MINE%2FTHEIRS',
        'THEIRS%2fMINE',
        'CODED',
        'http://HOST/THEIRS',
        'http://HOST/MINE/THEIRS',
      ],
      ['MINE/%2e%2e/THEIRS', '%2E/THEIRS'],
    ),
});

async function shapesTried(probe: Probe, shapes: readonly string[], shapesOfHead: readonly string[] = []) {
  const mine = await probe.create(10);
  await bringTo(probe, mine, probe.payload(10), OWN_OFFSET);
  const victim = await begunByStranger(probe);
  const before = await probe.head(victim, { as: 'stranger' });
  const tried: Shape[] = [];
  for (const what of [...shapes, ...shapesOfHead]) {
    const target = targetOf(what, mine, victim);
    // Which upload it is about is the question, so it is recorded as about neither.
    const { href } = new URL(target, victim.url);
    const headed = await probe.head(href, { target });
    const patched = shapesOfHead.includes(what)
      ? undefined
      : await probe.request('PATCH', href, probe.patchOptions(VICTIM_OFFSET, 'wrong', { target }));
    tried.push({ what, headed, ...(patched && { patched }) });
  }
  return { tried, before, after: await probe.head(victim, { as: 'stranger' }) };
}

function targetOf(what: string, mine: Upload, victim: Upload): string {
  const { origin } = new URL(victim.url);
  const [place, shape] = what.startsWith('http://HOST/')
    ? [origin, what.slice('http://HOST/'.length)]
    : ['', what];
  const segment = shape
    .replace('MINE', mine.id)
    .replace('THEIRS', victim.id)
    .replace('CODED', coded(victim.id));
  return `${place}${siblingTarget(victim.url, segment)}`;
}

/** The same id with two characters, dashes where it has them, as percent codes, of which one is in lower case and one in upper. */
function coded(id: string): string {
  const first = Math.max(id.indexOf('-'), 0);
  const last = id.lastIndexOf('-') > first ? id.lastIndexOf('-') : id.length - 1;
  const code = (at: number) => `%${id.charCodeAt(at).toString(16)}`;
  return [
    id.slice(0, first),
    code(first),
    id.slice(first + 1, last),
    code(last).toUpperCase(),
    id.slice(last + 1),
  ].join('');
}

/** Of ids that are paths in base64url, as some servers of the protocol give them out. */
export const pathsInIds = scenario({
  id: 'v1-paths-in-ids',
  does: 'asks HEAD on its own upload by ids that are, in base64url, its path with dot segments in it',
  needs: ['head'],
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(10);
    await bringTo(probe, upload, file, OWN_OFFSET);
    const own = await probe.head(upload);
    const [folder, name] = pathOf(upload);
    const asked: { readonly what: string; readonly exchange: Exchange }[] = [];
    for (const what of [`${folder}/../${folder}/${name}`, `${folder}/./${name}`, `./${folder}/${name}`]) {
      const target = siblingTarget(upload.url, Buffer.from(what).toString('base64url'));
      asked.push({ what, exchange: await probe.head(upload, { target }) });
    }
    return { own, asked };
  },
});

/** The folder and the name that the id is in base64url; otherwise what it would be at the reference implementation. */
function pathOf(upload: Upload): readonly [folder: string, name: string] {
  const [, folder, name] =
    /^([\w.-]+)\/([\w.-]+)$/.exec(Buffer.from(upload.id, 'base64url').toString('latin1')) ?? [];
  return [folder ?? 'video', name ?? `${artifactOf(upload)}.mp4`];
}
