import { PulseError } from '../../errors.ts';
import type { Fault } from '../faults.ts';
import { type Job, sizeOf } from '../job.ts';
import { sameFile } from '../source/source.ts';
import type { UploadRecord } from '../state/state-store.ts';
import { askOffset } from './offset.ts';

/** The name that the client gives to an upload. */
export interface ChosenId {
  readonly id: string;
  /** Where the upload is, unless an answer names another place. */
  readonly url: URL;
  /** What an earlier try to make the same upload left behind. */
  readonly earlier?: UploadRecord;
}

/** Undefined where the server names its uploads. The user's word counts most, then that of an earlier try. */
export async function chooseId(job: Job): Promise<ChosenId | undefined> {
  const { key, settings, source, tools } = job;
  const { naming } = job.protocol;
  if (naming === undefined) return undefined;
  const given = settings.metadata[naming.key];
  const record = settings.resume ? await tools.store.read(key, () => undefined) : undefined;
  const isSame =
    record?.chosenId !== undefined &&
    // Without HEAD nobody can go on with it, and under its name nothing else can be made.
    !record.headless &&
    sameFile(record.identity, source.identity) &&
    (given === undefined || given === record.chosenId);
  const earlier = isSame ? record : undefined;
  const id = given ?? earlier?.chosenId ?? naming.newId();
  const problem = naming.problem(id) ?? whoseElse(job, id);
  if (problem !== undefined) {
    throw new PulseError('usage', `${naming.key} ${id} ${problem}`, {
      hint: `leave out ${naming.key}: without it every file gets one of its own`,
    });
  }
  tools.host.chosenIds.set(id, source.path);
  return { id, url: naming.uploadUrl(settings.server, id), ...(earlier !== undefined && { earlier }) };
}

function whoseElse({ source, tools }: Job, id: string): string | undefined {
  const other = tools.host.chosenIds.get(id);
  return other === undefined || other === source.path
    ? undefined
    : `was given to ${other} already, expected one of its own for each file`;
}

/**
 * The server has an upload of that name already, and an earlier try of ours may have made it: HEAD tells.
 * `others` where it cannot be ours, and undefined where nothing is known of it.
 */
export async function offsetOfOwn(
  job: Job,
  chosen: ChosenId,
  refused: Fault,
): Promise<number | 'others' | undefined> {
  if (refused.status !== 409) return undefined;
  const sizeBytes = sizeOf(job);
  const { retries, retryDelayMs } = job.settings;
  let asked = await askOffset(job, chosen.url);
  // The try whose connection broke may still be at work there: taken is the name before the upload is to be found.
  for (let tries = 0; tries < retries && 'fault' in asked && asked.fault.remedy === 'gone'; tries++) {
    await job.tools.clock.sleep(retryDelayMs, job.tools.signal);
    asked = await askOffset(job, chosen.url);
  }
  if ('fault' in asked) return undefined;
  const { offsetBytes, lengthBytes } = asked.value;
  // Before the first answer to a creation nothing is sent: whoever sent what is there, it was not us.
  const wasCreated = chosen.earlier !== undefined && chosen.earlier.phase !== 'creating';
  const mostBytes = wasCreated ? sizeBytes : 0;
  return lengthBytes === sizeBytes && offsetBytes <= mostBytes ? offsetBytes : 'others';
}
