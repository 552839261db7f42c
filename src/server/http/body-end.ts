import { isDiskFull } from '../store/durable.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { type Reply, refusal } from './exchange.ts';
import type { Ending } from './intake.ts';
import { noSpace, unknownUpload } from './refusals.ts';

/** The answer to a body that did not end as it should; undefined where it did. What arrived stays in each case. */
export function brokenBody(ending: Ending, upload: LiveUpload): Reply | undefined {
  switch (ending.kind) {
    case 'whole':
      return undefined;
    case 'cut':
      return refusal(400, 'the connection broke inside the body');
    case 'idle':
      return refusal(408, 'the body stopped coming');
    case 'stopped':
      return upload.gone ? unknownUpload() : refusal(409, 'a newer request took this upload over');
    case 'overrun':
      return refusal(413, 'the body is longer than the upload has room for');
    case 'malformed':
      return refusal(400, ending.message);
    case 'refused':
      return ending.reply;
    case 'failed':
      if (isDiskFull(ending.thrown)) return noSpace();
      throw ending.thrown;
  }
}
