/**
 * Preloaded into every measured process (`--import`): at exit it writes what the process used, as JSON, to
 * file descriptor 3, where the bench listens.
 */
import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/**
 * `ru_maxrss` of a child starts at its parent's size on Linux (fork copies it, exec keeps it), so a bench of
 * 100 MB would hide a client of 60 MB. VmHWM starts anew at exec.
 */
function peakRssBytes() {
  const kib =
    process.platform === 'linux' &&
    /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return 1024 * (kib ? Number(kib) : process.resourceUsage().maxRSS);
}

if (isMainThread) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    const usage = {
      userMs: userCPUTime / 1000,
      systemMs: systemCPUTime / 1000,
      peakRssBytes: peakRssBytes(),
    };
    writeSync(3, JSON.stringify(usage));
  });
}
