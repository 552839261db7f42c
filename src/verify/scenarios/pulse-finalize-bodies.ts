import type { Probe } from '../probe/probe.ts';
import type { FinalizeOptions } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { type Scenario, scenario } from '../scenario.ts';
import { wholeUpload } from './pulse-finalize.ts';
import { sentOnce } from './sent-once.ts';

/** Bodies that may take a careless server down: only where the user allows it, and with the server to themselves. */

export interface SeenBodies {
  /** What each was answered, by its look. */
  readonly answers: Readonly<Record<string, Exchange>>;
  readonly alive: Exchange;
}

export const missingUploadId = bodies('finalize-missing-upload-id', 'without an uploadId', () => ({
  'no uploadId': { fields: { uploadId: undefined } },
}));

export const missingFilename = bodies('finalize-missing-filename', 'without a filename', () => ({
  'no filename': { fields: { filename: undefined } },
}));

export const badFilenameTypes = bodies('finalize-filename-types', 'with a filename that is no text', () => ({
  'filename 5': { fields: { filename: 5 } },
  'filename null': { fields: { filename: null } },
  'filename []': { fields: { filename: [] } },
  'filename {}': { fields: { filename: {} } },
  'uploadId 5': { fields: { uploadId: 5 } },
  'uploadId {"$ne":1}': { fields: { uploadId: { $ne: 1 } } },
  'uploadId ["x"]': { fields: { uploadId: ['x'] } },
}));

export const badJson = bodies('finalize-bad-json', 'with a body that is no JSON object', () => ({
  'the body {': { body: '{' },
  'an empty body': { body: '' },
  'the body null': { body: 'null' },
  'the body []': { body: '[]' },
  'the body "x"': { body: '"x"' },
}));

export const badContentType = bodies(
  'finalize-bad-content-type',
  'with JSON as text/plain, and as nothing',
  () => ({
    'text/plain': { headers: { 'Content-Type': 'text/plain' } },
    'no Content-Type': { headers: { 'Content-Type': undefined } },
  }),
);

/** Each on a complete upload of its own, for the server may take it. */
export function bodies(
  id: string,
  how: string,
  options: (probe: Probe) => Readonly<Record<string, FinalizeOptions>>,
): Scenario<SeenBodies> {
  return scenario({
    id,
    does: `finalizes uploads ${how}, and asks whether the server still answers`,
    needs: ['intrusive'],
    alone: true,
    run: (probe) => answersTo(probe, options(probe)),
  });
}

export async function answersTo(
  probe: Probe,
  options: Readonly<Record<string, FinalizeOptions>>,
): Promise<SeenBodies> {
  const answers: Record<string, Exchange> = {};
  for (const [look, changes] of Object.entries(options)) {
    const { upload } = await wholeUpload(probe, look);
    answers[look] = await probe.finalize(upload, { ...sentOnce, ...changes });
    // Whoever is gone would refuse the next creation: the answer that is missing says more.
    if (answers[look]?.answer === undefined) break;
  }
  return { answers, alive: await probe.alive() };
}
