import { PulseError } from '../../errors.ts';
import { errorOf, type Fault } from '../faults.ts';
import { ask, type Job, warn } from '../job.ts';
import { askOffset } from './offset.ts';

/**
 * HEAD once before the first byte: it shows whether the server answers HEAD at all, and whether Location can be
 * believed. Only an upload that was made a moment ago tells the two apart from a lost one. What one upload of the run
 * has shown holds for the others, unless their Location has to be doubted anew.
 */
export async function locate(
  job: Job,
  url: URL,
  other: URL | undefined,
): Promise<{ url: URL; headless: boolean }> {
  const { learned } = job.tools.host;
  if (learned.answersHead && other === undefined) return { url, headless: false };
  const fault = await newlyCreated(job, url);
  if (fault === undefined) {
    learned.answersHead = true;
    return { url, headless: false };
  }
  if (other !== undefined && (await newlyCreated(job, other)) === undefined) {
    warn(
      job,
      `the server names its upload ${url.pathname}, but it is found at ${other.pathname}; going on there`,
    );
    return { url: other, headless: false };
  }
  warn(job, 'the server does not answer HEAD: an interrupted upload will have to start over');
  const otherHasIt = other !== undefined && !(await takesChunks(job, url)) && (await takesChunks(job, other));
  return { url: otherHasIt ? other : url, headless: true };
}

/** Whether an empty chunk finds the upload: asked only where HEAD cannot say which of two places it is at. */
async function takesChunks(job: Job, url: URL): Promise<boolean> {
  const nothing = { offsetBytes: 0, bytes: new Uint8Array(0) };
  const asked = await ask(job, job.protocol.append(url, nothing, job.settings.body), () => ({ value: true }));
  return 'value' in asked || asked.fault.remedy !== 'gone';
}

/** Undefined where HEAD shows the empty upload, the fault where this URL answers no HEAD. */
async function newlyCreated(job: Job, url: URL): Promise<Fault | undefined> {
  const sizeBytes = job.source.sizeBytes();
  const asked = await askOffset(job, url);
  if ('fault' in asked) {
    if (asked.fault.status === 404 || asked.fault.status === 405 || asked.fault.status === 501)
      return asked.fault;
    throw errorOf(asked.fault);
  }
  const { offsetBytes, lengthBytes = sizeBytes } = asked.value;
  if (offsetBytes !== 0) {
    throw new PulseError(
      'protocol',
      `HEAD of the upload just created says offset ${offsetBytes}, expected 0`,
      {
        hint: 'run pulse-upload verify on this server and show its report to who runs it',
      },
    );
  }
  if (lengthBytes !== sizeBytes) {
    throw new PulseError(
      'protocol',
      `HEAD says Upload-Length ${lengthBytes}, but ${sizeBytes} was declared`,
      {
        hint: 'run pulse-upload verify on this server and show its report to who runs it',
      },
    );
  }
  return undefined;
}
