import { headerOf } from '../../verify/answers.ts';
import type { Exchange } from '../../verify/recording.ts';
import { curlCommand, quote } from './curl.ts';

/** More than this nobody pastes by hand. */
const MOST_STEPS = 5;
/** Requests that change an upload; without the others the outcome is the same. */
const changing = new Set(['POST', 'PATCH', 'DELETE']);

/**
 * Shell commands that ask the same question again: the creation of a fresh upload, what was done to it, and the request
 * that shows the finding. Empty where curl cannot send one of them, or where requests overlapped.
 */
export function curlSteps(recorded: readonly Exchange[], decisive: Exchange): readonly string[] {
  const created = recorded.findLast((exchange) => exchange.n < decisive.n && isAbout(decisive, exchange));
  const location = created === undefined ? '' : locationOf(created);
  const onUpload = recorded.filter(({ url, n }) => url.endsWith(location) && n > (created?.n ?? 0));
  if (onUpload.some((other) => other.n !== decisive.n && overlap(other, decisive))) return [];
  if (created === undefined) return commandsOf([decisive]);

  const changes = onUpload.filter(({ n, sent }) => n < decisive.n && changing.has(sent.method));
  const steps = [created, ...changes, decisive];
  if (steps.length > MOST_STEPS || steps.some((step, index) => index > 0 && overlap(steps[index - 1], step)))
    return [];
  const [create, ...rest] = commandsOf(steps);
  if (create === undefined) return [];
  const uploadUrl = onUpload[0]?.url ?? location;
  const base = uploadUrl.slice(0, uploadUrl.length - location.length);
  return [
    `UPLOAD=${base}$(${create.replace('curl -i', 'curl -si')} | tr -d '\\r' | awk 'tolower($1) == "location:" { print $2 }')`,
    ...rest.map((command) => withVariable(command, uploadUrl, idOf(location))),
  ];
}

/** The commands, or none at all where one of them is none. */
function commandsOf(steps: readonly Exchange[]): readonly string[] {
  const commands = steps.flatMap((step) => curlCommand(step) ?? []);
  return commands.length === steps.length ? commands : [];
}

/** Whether this request goes to the upload that the other one created, or names it in its body as finalize does. */
function isAbout({ url, sent }: Exchange, created: Exchange): boolean {
  const location = locationOf(created);
  if (created.sent.method !== 'POST' || location === '') return false;
  return url.endsWith(location) || (sent.body.text?.includes(`"${idOf(location)}"`) ?? false);
}

function locationOf(created: Exchange): string {
  return headerOf(created, 'Location') ?? '';
}

function idOf(location: string): string {
  return location.split('/').at(-1) ?? '';
}

function overlap(one: Exchange | undefined, other: Exchange): boolean {
  if (one === undefined) return false;
  return one.startedMs < endOf(other) && other.startedMs < endOf(one);
}

function endOf({ endedMs }: Exchange): number {
  return endedMs ?? Number.POSITIVE_INFINITY;
}

/** Puts `$UPLOAD` in the place of its URL, and in a quoted JSON body the id at its end in the place of the id. */
function withVariable(command: string, uploadUrl: string, id: string): string {
  const url = quote(uploadUrl);
  if (command.endsWith(` ${url}`)) return `${command.slice(0, -url.length)}"$UPLOAD"`;
  return command.replace(`"${id}"`, () => `"'"\${UPLOAD##*/}"'"`);
}
