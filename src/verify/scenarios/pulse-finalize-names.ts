import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { type Scenario, scenario } from '../scenario.ts';
import { wholeUpload } from './pulse-finalize.ts';
import { answersTo, bodies, type SeenBodies } from './pulse-finalize-bodies.ts';

/**
 * Names for the finished file. Every name says which run made it, so that none can hit a file that was there before;
 * names that a careless server would follow out of its folder are only sent where the user allows it.
 */

type Names = Readonly<Record<string, string>>;

export const subFolderName = hostile(
  'finalize-name-sub-folder',
  'a name in a folder that cannot exist',
  (name) => ({
    'a sub-folder': `${name}/x.mp4`,
  }),
);

export const traversingNames = hostile('finalize-name-traversal', 'names that leave the folder', (name) => ({
  '../': `../${name}`,
  '..\\': `..\\${name}`,
  'x/../../': `x/../../${name}`,
  '..%2f': `..%2f${name}`,
  '%2e%2e%2f': `%2e%2e%2f${name}`,
}));

export const absoluteName = hostile(
  'finalize-name-absolute',
  'an absolute name in a folder that does not exist',
  (name) => ({
    'an absolute name': `/${name}/x.mp4`,
  }),
);

export const controlNames = hostile('finalize-name-control', 'names with control characters', (name) => ({
  NUL: `a\u0000${name}`,
  'CR LF': `a\r\n${name}`,
}));

export const dotNames = hostile('finalize-name-dots', 'names that are empty or only dots', () => ({
  'an empty name': '',
  'the name .': '.',
  'the name ..': '..',
  'a name of blanks': '   ',
}));

export const longNames = hostile('finalize-name-long', 'names of 300 and of 70,000 characters', (name) => ({
  '300 characters': name.padStart(300, 'a'),
  '70,000 characters': name.padStart(70_000, 'a'),
}));

export const unicodeNames = harmless('finalize-name-unicode', 'names beyond ASCII', (name) => ({
  composed: `vidéo 🎥 日本 c-${name}`.normalize('NFC'),
  decomposed: `vidéo 🎥 日本 c-${name}`.normalize('NFD'),
  'right to left': `\u202e${name}`,
}));

export const specialNames = harmless(
  'finalize-name-special',
  'names that shells, pages and Windows read otherwise',
  (name) => ({
    markup: `<script>${name}`,
    'a command': `$(id)${name}`,
    'an option': `-rf ${name}`,
    'a device': `CON.${name}`,
    'a stream': `a:${name}`,
  }),
);

export const sameName = scenario({
  id: 'finalize-name-collision',
  does: 'finalizes two uploads with different bytes under one name, and repeats the first',
  needs: ['intrusive'],
  run: async (probe) => {
    const filename = probe.fileName();
    const named = { fields: { filename } };
    const first = await wholeUpload(probe, 'first');
    const file = probe.payload(34, 'second');
    const second = await probe.create(file.sizeBytes);
    await probe.patch(second, 0, file.part(0, file.sizeBytes));
    return {
      one: await probe.finalize(first.upload, named),
      other: await probe.finalize(second, named),
      oneAgain: await probe.content({ ...first.upload, filename }, first.file),
    };
  },
});

const workingFiles = ['.partial', '.part', '.data', ''];

export const workingFileName = scenario({
  id: 'finalize-name-of-working-file',
  does: 'finalizes uploads under the names that the working files of another upload may have, then finishes that one',
  needs: ['intrusive'],
  alone: true,
  run: async (probe) => {
    const file = probe.payload(1000, 'victim');
    const victim = await probe.create(file.sizeBytes);
    const patched = await probe.patch(victim, 0, file.part(0, 500));
    const clashes: Exchange[] = [];
    for (const ending of workingFiles) {
      const { upload } = await wholeUpload(probe, ending);
      clashes.push(await probe.finalize(upload, { fields: { filename: `${victim.id}${ending}` } }));
    }
    const finish = await probe.finish(victim, file);
    return { patched, clashes, finish, content: await probe.content(victim, file) };
  },
});

/** Only ever other spellings of an upload of our own. */
export const aliasIds = scenario({
  id: 'finalize-id-alias',
  does: 'finalizes an upload under other spellings of its own id, and then under its id',
  needs: ['intrusive'],
  run: async (probe) => {
    const { upload } = await wholeUpload(probe);
    const answers: Record<string, Exchange> = {};
    for (const [look, uploadId] of Object.entries({
      './<id>': `./${upload.id}`,
      'x/../<id>': `x/../${upload.id}`,
      '<id>%00': `${upload.id}%00`,
    })) {
      answers[look] = await probe.finalize(upload, { fields: { uploadId } });
    }
    return { answers, byItsId: await probe.finalize(upload) };
  },
});

function hostile(id: string, what: string, names: (name: string) => Names): Scenario<SeenBodies> {
  return bodies(id, `under ${what}`, (probe) => asFields(probe, names));
}

function harmless(id: string, what: string, names: (name: string) => Names): Scenario<SeenBodies> {
  return scenario({
    id,
    does: `finalizes uploads under ${what}`,
    run: (probe) => answersTo(probe, asFields(probe, names)),
  });
}

function asFields(probe: Probe, names: (name: string) => Names) {
  const named = Object.entries(names(probe.fileName()));
  return Object.fromEntries(named.map(([look, filename]) => [look, { fields: { filename } }]));
}
