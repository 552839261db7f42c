import type { TransportSettings } from '../../transport/settings.ts';
import type { UploadSettings } from '../../upload/settings.ts';
import type { CommandLine } from '../command-line.ts';
import type { BulkValues } from '../options/bulk.ts';
import type { UploadValues } from '../options/upload.ts';

/** What a command line asks to upload: its words, what they say, and the settings that come of them. */
export interface Asked {
  readonly line: CommandLine;
  readonly values: UploadValues & BulkValues;
  readonly settings: UploadSettings;
  readonly network: TransportSettings;
}
