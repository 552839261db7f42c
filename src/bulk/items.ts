import type { PulseError } from '../errors.ts';

/** What a manifest says about one file, beyond what holds for all. */
export interface OwnSettings {
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tokenFile?: string;
}

/** A file or folder that was named: on the command line, in a list, in a manifest, or by a folder that holds it. */
export interface Named {
  /** Text that stands for the bytes of its path (`pathText`), as it was reached. */
  readonly file: string;
  /** What globs and name templates look at: the path below the folder that was named, `/` between its parts. */
  readonly relative: string;
  readonly own?: OwnSettings;
}

/** A file that is to be sent, as the disk shows it. */
export interface Item extends Named {
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  /** Changed so short a time ago that something may still be writing to it. */
  readonly young?: true;
  /** Why it cannot be sent; its size is then 0. */
  readonly problem?: PulseError;
}
