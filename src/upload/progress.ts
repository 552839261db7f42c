import type { Job } from './job.ts';

export const REPORT_INTERVAL_MS = 100;
const RATE_WINDOW_MS = 5_000;

export interface Progress {
  /** Payload bytes went out; `job.tally` has the total. */
  readonly sent: () => void;
  /** The server acknowledged everything up to here. */
  readonly accepted: (acceptedBytes: number) => void;
  /** Nothing will be heard for a while: what was not told yet is told now. */
  readonly pause: () => void;
}

/** Reports progress at most ten times a second, and always the last of it. The rate is that of the last five seconds. */
export function createProgress(job: Job, fromBytes: number): Progress {
  const { source, tools, tally } = job;
  let acceptedBytes = fromBytes;
  let toldBytes = Number.NaN;
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  let samples: readonly { readonly atMs: number; readonly bytes: number }[] = [
    { atMs: tools.clock.nowMs(), bytes: fromBytes },
  ];

  const report = (always: boolean) => {
    const nowMs = tools.clock.nowMs();
    if (!always && nowMs - reportedAtMs < REPORT_INTERVAL_MS) return;
    reportedAtMs = nowMs;
    toldBytes = acceptedBytes;
    const first = samples.findLast(({ atMs }) => nowMs - atMs >= RATE_WINDOW_MS) ?? samples[0];
    samples = [
      ...samples.filter(({ atMs }) => atMs >= (first?.atMs ?? nowMs)),
      { atMs: nowMs, bytes: acceptedBytes },
    ];
    const seconds = (nowMs - (first?.atMs ?? nowMs)) / 1000;
    const advancedBytes = Math.max(0, acceptedBytes - (first?.bytes ?? acceptedBytes));
    const bytesPerSecond = seconds > 0 ? Math.round(advancedBytes / seconds) : 0;
    const { sentBytes } = tally;
    const sizeBytes = source.sizeBytes();
    tools.report({
      type: 'upload.progress',
      file: source.name,
      acceptedBytes,
      sentBytes,
      ...(sizeBytes !== undefined && { sizeBytes }),
      bytesPerSecond,
    });
  };

  return {
    sent: () => report(false),
    pause: () => {
      if (acceptedBytes !== toldBytes) report(true);
    },
    accepted: (bytes) => {
      acceptedBytes = bytes;
      report(bytes === source.sizeBytes());
    },
  };
}
