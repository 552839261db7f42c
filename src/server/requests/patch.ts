import { firstReply, told } from '../extension.ts';
import { busyUpload, unknownUpload } from '../http/refusals.ts';
import { takeBody } from '../http/take-body.ts';
import type { UploadVerb } from '../parts.ts';
import type { UploadFacts } from '../rules.ts';
import type { Holdable } from '../store/hold.ts';
import { isComplete } from '../store/upload.ts';
import { words } from '../words.ts';
import { settleComplete } from './complete.ts';

/** PATCH: the bytes from Upload-Offset on (tus 1.0, PATCH), raw or as the file of a form. */
export const patch: UploadVerb = async (exchange, upload, parts) => {
  const { rules, takeHold, limits, answers } = parts;
  const facts: UploadFacts = { request: exchange.request, upload };
  const refused = rules.patch.mediaType(facts) ?? rules.patch.offsetSyntax(facts);
  if (refused !== undefined) return refused;

  // A complete upload takes no bytes any more, so there is nothing to hold.
  const holdable: Holdable = isComplete(upload) ? {} : upload;
  const hold = await takeHold(holdable, limits);
  if (hold === undefined) return busyUpload(words[parts.protocol].busyStatus);
  try {
    if (upload.gone) return unknownUpload();
    const unfit = rules.patchHeld.offsetMatches(facts) ?? rules.patchHeld.bodyFits(facts);
    if (unfit !== undefined) return unfit;
    const judged = await firstReply(parts, (each) => each.judgePatch?.(exchange.request, upload, parts));
    if (judged !== undefined) return judged;
    const broken = await takeBody(exchange, upload, hold, parts);
    const unsettled = await settleComplete(upload, parts);
    return broken ?? unsettled ?? told(answers.patched(upload), upload, parts);
  } finally {
    holdable.hold = undefined;
  }
};
