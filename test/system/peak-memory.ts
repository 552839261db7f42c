import { readFileSync } from 'node:fs';

export interface PeakMeter {
  /** Flags of the node that is to be measured. */
  readonly node: readonly string[];
  /** Once that process has ended: not when a signal killed it. */
  readonly mib: () => number;
}

/**
 * Leaves the peak of a process's memory in this file when the process ends. On Linux from VmHWM: what getrusage
 * reports begins with the size of whoever started the process, here of a test worker.
 */
export function peakMeter(path: string): PeakMeter {
  const code = `import { readFileSync, writeFileSync } from 'node:fs';
    const ofLinux = () => /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    process.on('exit', () => {
      const kib = process.platform === 'linux' ? ofLinux() : process.resourceUsage().maxRSS;
      writeFileSync(${JSON.stringify(path)}, String(kib));
    });`;
  return {
    node: ['--import', `data:text/javascript,${encodeURIComponent(code)}`],
    mib: () => Number(readFileSync(path, 'utf8')) / 1024,
  };
}
