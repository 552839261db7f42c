import type { PulseEvent } from '../../src/events.ts';

/** The events of one upload as the uploader reports them: the input of every renderer's golden test. */

export const file = 'video.mp4';
export const url = 'http://127.0.0.1:8080/uploads/abc';
export const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
export const sizeBytes = 4_194_321;

export const start: PulseEvent = {
  type: 'upload.start',
  file,
  sizeBytes,
  server: 'http://127.0.0.1:8080/',
  protocol: 'pulse',
  concluded: '/health answered OK',
};
export const created: PulseEvent = { type: 'upload.created', file, url };
export const resumed: PulseEvent = { type: 'upload.resumed', file, url, offsetBytes: 1_048_576 };
export const retry: PulseEvent = {
  type: 'upload.retry',
  file,
  attempt: 2,
  delayMs: 1000,
  reason: 'PATCH answered 503',
};
export const warning: PulseEvent = { type: 'upload.warning', file, message: 'the status is not complete' };
export const exchange: PulseEvent = {
  type: 'http.exchange',
  method: 'PATCH',
  url,
  sentBytes: 1_048_576,
  status: 204,
  outcome: '204, upload-offset: 1048576',
  elapsedMs: 12,
};
export const done: PulseEvent = {
  type: 'upload.done',
  file,
  url,
  uploadId: 'abc',
  videoId: 'v-7',
  sizeBytes,
  sha256,
  proven: true,
  elapsedMs: 2000,
  sentBytes: sizeBytes,
  resumedFromBytes: 0,
  retries: 0,
};
export const failed: PulseEvent = {
  type: 'upload.failed',
  file,
  kind: 'temporary',
  exitCode: 4,
  message: 'PATCH answered 503',
  hint: 'run the same command again: it resumes',
  resumable: true,
};

export function progress(acceptedBytes: number, bytesPerSecond = 1_048_576): PulseEvent {
  return {
    type: 'upload.progress',
    file,
    acceptedBytes,
    sentBytes: acceptedBytes,
    sizeBytes,
    bytesPerSecond,
  };
}

export function end(exitCode: number, done: number, failed = 0, notAttempted = 0): PulseEvent {
  return { type: 'run.end', exitCode, done, failed, notAttempted };
}
