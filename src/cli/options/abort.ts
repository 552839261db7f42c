import { listOptions } from './list.ts';
import { networkOptions } from './network.ts';
import type { OptionTable } from './option-table.ts';
import { uploadOptions } from './upload.ts';

const { server, tokenFile, token, protocol, header, retries, retryDelay, timeout } = uploadOptions;

/** The options of `pulse-upload abort`, in the order of the help. */
export const abortOptions = {
  server: { ...server, says: 'only what goes there; needed with a token' },
  tokenFile,
  token,
  protocol: { ...protocol, says: 'of a URL not remembered; auto: tus' },
  header,
  retries: { ...retries, says: 'tries beyond the first' },
  retryDelay,
  timeout,
  ...networkOptions,
  ...listOptions,
  verbose: uploadOptions.verbose,
} as const satisfies OptionTable;
