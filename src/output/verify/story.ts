import { headerOf } from '../../verify/answers.ts';
import type { Exchange } from '../../verify/recording.ts';

/** What happened to one upload up to the exchange that shows a finding. */
export interface Story {
  readonly created: Exchange;
  /** As the server wrote it. */
  readonly location: string;
  /** The upload's URL; absent where only its creation was recorded. */
  readonly uploadUrl?: string;
  /** What changed it since, in order. */
  readonly changes: readonly Exchange[];
  /** What was refused, in order: some servers act on it all the same. */
  readonly refused: readonly Exchange[];
  /** Of each request that was cut, what HEAD said of it at last: where the client went on. */
  readonly asked: readonly Exchange[];
}

/** The story of the upload that a request is about; undefined where it is about none that the scenario created. */
export function storyOf(recorded: readonly Exchange[], decisive: Exchange): Story | undefined {
  const created = recorded.findLast((exchange) => exchange.n < decisive.n && isAbout(decisive, exchange));
  if (created === undefined) return undefined;
  const location = locationOf(created);
  const later = recorded.filter(({ n, url }) => n > created.n && n <= decisive.n && url.endsWith(location));
  const uploadUrl = later[0]?.url;
  return {
    created,
    location,
    ...(uploadUrl !== undefined && { uploadUrl }),
    changes: later.filter((exchange) => exchange.n < decisive.n && hasChanged(exchange)),
    refused: later.filter((exchange) => exchange.n < decisive.n && isRefusal(exchange)),
    asked: askedAfterCuts(later),
  };
}

/** A cut may be followed by many HEADs until the server lets go of the upload; the last one counted. */
function askedAfterCuts(later: readonly Exchange[]): readonly Exchange[] {
  return later.filter(({ sent, answer }, index) => {
    if (sent.method !== 'HEAD' || answer === undefined || later[index + 1]?.sent.method === 'HEAD')
      return false;
    return later.slice(0, index).findLast((before) => before.sent.method !== 'HEAD')?.sent.cut !== undefined;
  });
}

/** The id by which finalize names an upload: the end of its URL. */
export function idIn(location: string): string {
  return location.split('/').at(-1) ?? '';
}

/** Whether a request goes to the upload that another one created, or names it in its body. */
function isAbout({ url, sent }: Exchange, created: Exchange): boolean {
  const location = locationOf(created);
  if (created.sent.method !== 'POST' || location === '') return false;
  return url.endsWith(location) || (sent.body.text?.includes(`"${idIn(location)}"`) ?? false);
}

function locationOf(created: Exchange): string {
  return headerOf(created, 'Location') ?? '';
}

const changingMethods = new Set(['POST', 'PATCH', 'DELETE']);

/**
 * Requests that only look, that were refused, or that carried nothing leave an upload as it is. One that was cut may be
 * refused for that, and part of its body be kept all the same.
 */
function hasChanged(exchange: Exchange): boolean {
  const { sent } = exchange;
  const isEmpty = sent.method === 'PATCH' && sent.body.sizeBytes === 0;
  return changingMethods.has(sent.method) && !isRefusal(exchange) && !isEmpty;
}

function isRefusal({ sent, answer }: Exchange): boolean {
  return (
    changingMethods.has(sent.method) &&
    sent.cut === undefined &&
    answer !== undefined &&
    answer.status >= 400 &&
    answer.status < 500
  );
}
