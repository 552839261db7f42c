import { PulseError } from '../errors.ts';

/** The server holds what no run of ours sent: it may be another upload, whose end is none of ours to make. */
export class MaybeOthers extends PulseError {
  constructor(message: string, hint: string) {
    super('protocol', message, { hint });
  }
}
