import { withoutSegment } from '../../protocol/creation-url.ts';
import { resolveLocation } from '../../protocol/urls.ts';
import { headerOf, isSuccess, outcomeOf } from '../answers.ts';
import { dialects } from '../dialect.ts';
import type { Probe } from '../probe/probe.ts';
import { shapedLike } from '../random.ts';
import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';

/** What answers there knows of no creation, nor of the protocol: to list that as findings would be a report on a typing error. */
export async function elsewhere(
  probe: Probe,
  created: Exchange,
  isSeen: boolean,
): Promise<Partial<Target> | undefined> {
  const { target } = probe;
  const { createUrl, server, protocol } = target;
  const isPlain = !isSeen && knowsNoCreation(created);
  const isAlike = !isPlain && (await isAnsweredAnywhere(probe, created));
  if (!isPlain && !isAlike) return undefined;
  const place = redirects.has(created.answer?.status ?? 0) ? placeLedTo(created, target) : undefined;
  const leads = place === undefined ? '' : `, which leads to ${place.href}`;
  const everywhere = isAlike ? ', as to a path that is made up' : '';
  const came = `${outcomeOf(created)}${isPage(created) ? ' with an HTML page' : leads}${everywhere}`;
  const why = `this URL does not create uploads: POST ${createUrl} answered ${came}`;
  const yet = isAlike ? '; if it is right, POST has yet to create uploads there' : '';
  const advice = `check the URL: ${protocol} wants ${dialects[protocol].wants}`;
  const named = (place && movedTo(place, target)) ?? (await foundAbove(probe));
  const other = `plain tus wants ${dialects.tus.wants}, for example ${server}/files`;
  return {
    refusesUploads: why,
    elsewhere: why,
    assumptions: [why],
    advice: named ?? (protocol === 'tus' ? `check the URL: ${other}` : `${advice}; ${other}${yet}`),
  };
}

function isPage(exchange: Exchange): boolean {
  return exchange.answer?.status === 200 && /html/i.test(headerOf(exchange, 'Content-Type') ?? '');
}

function knowsNoCreation(created: Exchange): boolean {
  return isPage(created) || noSuchPlace.has(created.answer?.status ?? 0);
}

/**
 * Whoever says the same of a path that nobody has does not create anything here, whatever else it says of itself. Plain
 * tus alone may be served at every path.
 */
async function isAnsweredAnywhere(probe: Probe, created: Exchange): Promise<boolean> {
  const { createUrl, protocol } = probe.target;
  if (!isSuccess(created) || dialects[protocol].recognise.creation === undefined) return false;
  const nowhere = await probe.request('POST', madeUpBeside(probe, createUrl), probe.postOptions(1));
  return outcomeOf(nowhere) === outcomeOf(created) && typeOf(nowhere) === typeOf(created);
}

function typeOf(exchange: Exchange): string | undefined {
  return headerOf(exchange, 'Content-Type');
}

function madeUpBeside({ random }: Probe, url: string): string {
  return new URL(shapedLike('nothing', random), url).href;
}

const MOST_ABOVE = 3;

/** A path above that is what the user may have meant: it shows a sign, and not because every path does. */
async function foundAbove(probe: Probe): Promise<string | undefined> {
  for (const above of pathsAbove(probe.target.server)) {
    for (const { recognise } of Object.values(dialects)) {
      const { method, sign } = recognise;
      const url = recognise.url(new URL(above)).href;
      const seen = sign(await probe.request(method, url));
      if (seen === undefined) continue;
      const beside = await probe.request(method, madeUpBeside(probe, url));
      if (sign(beside) === undefined) return `above it, ${seen}: name ${above}`;
    }
  }
  return undefined;
}

/** The nearest first. */
function pathsAbove(server: string): readonly string[] {
  const { origin, pathname } = new URL(server);
  const segments = pathname.split('/').filter(Boolean);
  return segments
    .map((_, index) => [origin, ...segments.slice(0, index)].join('/'))
    .reverse()
    .slice(0, MOST_ABOVE);
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const noSuchPlace: ReadonlySet<number> = new Set([404, 405, 410, 501, ...redirects]);

/** Where a redirect leads, without what may be a secret: credentials and query. */
function placeLedTo(created: Exchange, { createUrl }: Target): URL | undefined {
  const location = headerOf(created, 'Location');
  const place = location === undefined ? undefined : resolveLocation(location, new URL(createUrl));
  return place && /^https?:$/.test(place.protocol) ? new URL(`${place.origin}${place.pathname}`) : undefined;
}

/** The same creation on another host, by https, or with a slash at its end; never from https to http. */
function movedTo(place: URL, { createUrl, server, protocol }: Target): string | undefined {
  const asked = new URL(createUrl);
  const pathOf = ({ pathname }: URL) => pathname.replace(/\/+$/, '');
  const isLessSafe = asked.protocol === 'https:' && place.protocol === 'http:';
  if (isLessSafe || pathOf(place) !== pathOf(asked)) return undefined;
  const { creation } = dialects[protocol].recognise;
  const named =
    creation === undefined ? place.href : withoutSegment(place, creation)?.href.replace(/\/$/, '');
  const before = creation === undefined ? createUrl : server;
  return named === undefined || named === before ? undefined : `it redirects to ${named}: name that`;
}
