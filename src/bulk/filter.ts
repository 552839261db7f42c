import { posix } from 'node:path';
import picomatch from 'picomatch';

/** Which paths below a folder are wanted. Paths have `/` between their parts. */
export interface Filter {
  readonly takes: (relative: string) => boolean;
  /** False only where nothing below this folder can be wanted. */
  readonly enters: (relativeFolder: string) => boolean;
}

/**
 * rclone's rules (rclone.org/filtering): a glob with a leading `/` is matched from the top, any other against the end of
 * the path, from a `/` on; `*` stops at `/`, `**` does not; a trailing `/` means everything in such folders.
 * A file is taken if an include matches it, or there is none, and no exclude does.
 */
export function createFilter(include: readonly string[], exclude: readonly string[]): Filter {
  const included = matcherOf(include);
  const excluded = matcherOf(exclude);
  const closed = matcherOf(exclude.filter((glob) => /\/(\*\*)?$/.test(glob)).map(folderOf));
  return {
    takes: (relative) => {
      const path = fromTop(relative);
      return (include.length === 0 || included(path)) && !excluded(path);
    },
    enters: (relativeFolder) => !closed(fromTop(relativeFolder)),
  };
}

/** `./a/b`, `/a/b`, `../a/b` and `a/b` are one path to a glob: its `**` would never match a `..`. */
function fromTop(relative: string): string {
  return posix.normalize(relative).replace(/^(?:\/|(?:\.\.\/)+)/, '');
}

function folderOf(glob: string): string {
  return glob.replace(/\/(\*\*)?$/, '') || '/';
}

function matcherOf(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => false;
  const patterns = globs.map((glob) => {
    // What is in the folder, however deep; `/**` alone would match a file of its name as well.
    const whole = glob.replace(/\/(\*\*)?$/, '/**/*');
    return whole.startsWith('/') ? whole.slice(1) : `**/${whole}`;
  });
  // With `s` a `**` passes over line breaks, which names may hold.
  return picomatch(patterns, { dot: true, nonegate: true, windows: false, flags: 's' });
}
