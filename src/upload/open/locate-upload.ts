import { PulseError } from '../../errors.ts';
import { errorOf } from '../faults.ts';
import { ask, type Job, type Result, warn } from '../job.ts';
import { askOffset } from './offset.ts';

const NO_HEAD = 'the server does not answer HEAD: an interrupted upload will have to start over';

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
  const isFound = async (at: URL) => 'value' in (await newlyCreated(job, at, 0));
  if (await isFound(url)) {
    learned.answersHead = true;
    return { url, headless: false };
  }
  if (other !== undefined && (await isFound(other))) {
    warn(
      job,
      `the server names its upload ${url.pathname}, but it is found at ${other.pathname}; going on there`,
    );
    return { url: other, headless: false };
  }
  warn(job, NO_HEAD);
  const otherHasIt = other !== undefined && !(await takesChunks(job, url)) && (await takesChunks(job, other));
  return { url: otherHasIt ? other : url, headless: true };
}

/** Whether an empty chunk finds the upload: asked only where HEAD cannot say which of two places it is at. */
async function takesChunks(job: Job, url: URL): Promise<boolean> {
  const nothing = { offsetBytes: 0, bytes: new Uint8Array(0) };
  const asked = await ask(job, job.protocol.append(url, nothing, job.settings.body), () => ({ value: true }));
  return 'value' in asked || asked.fault.remedy !== 'gone';
}

/** The same for an upload whose creation brought bytes with it and said how many of them it took. */
export async function lookOnce(
  job: Job,
  url: URL,
  { saidBytes, sentBytes }: { readonly saidBytes: number; readonly sentBytes: number },
): Promise<{ offsetBytes: number; headless: boolean }> {
  const { learned } = job.tools.host;
  if (learned.answersHead) return { offsetBytes: saidBytes, headless: false };
  const asked = await newlyCreated(job, url, sentBytes);
  if ('fault' in asked) {
    warn(job, NO_HEAD);
    return { offsetBytes: saidBytes, headless: true };
  }
  learned.answersHead = true;
  return { offsetBytes: asked.value, headless: false };
}

/** What HEAD shows of an upload that was sent no more than this; the fault where this URL answers no HEAD. */
async function newlyCreated(job: Job, url: URL, sentBytes: number): Promise<Result<number>> {
  const sizeBytes = job.source.sizeBytes();
  const asked = await askOffset(job, url);
  if ('fault' in asked) {
    if (asked.fault.status === 404 || asked.fault.status === 405 || asked.fault.status === 501) return asked;
    throw errorOf(asked.fault);
  }
  const { offsetBytes, lengthBytes = sizeBytes } = asked.value;
  if (offsetBytes > sentBytes) {
    throw new PulseError(
      'protocol',
      `HEAD of the upload just created says offset ${offsetBytes}, expected ${sentBytes === 0 ? '' : 'at most '}${sentBytes}`,
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
  return { value: offsetBytes };
}
