/// <reference types="node" preserve="true" />
/** The library's public face: the same engine as the command line. */
export { type ErrorKind, exitCodes, PulseError } from './errors.ts';
export type { PulseEvent, UploadResult } from './events.ts';
export type { UploadOptions } from './library/options.ts';
export { upload } from './library/upload.ts';
