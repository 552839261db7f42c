/// <reference types="node" preserve="true" />
/** The library's public face: the same engine as the command line. */
export { type ErrorKind, exitCodes, PulseError } from './errors.ts';
export type { PulseEvent } from './events.ts';
export type { UploadOptions } from './library/options.ts';
export { upload } from './library/upload.ts';
export type { UploadResult } from './upload/upload-file.ts';
