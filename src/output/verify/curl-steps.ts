import type { Exchange } from '../../verify/recording.ts';
import { curlCommand, quote } from './curl.ts';
import { idIn, storyOf } from './story.ts';

/** More than this nobody pastes by hand. */
const MOST_STEPS = 5;

const READ_LOCATION = `tr -d '\\r' | awk 'tolower($1) == "location:" { print $2 }'`;

/**
 * Shell commands that ask the same question again: the creation of a fresh upload, what was done to it, and the request
 * that shows the finding. Empty where curl cannot send one of them, or where requests overlapped.
 */
export function curlSteps(recorded: readonly Exchange[], decisive: Exchange): readonly string[] {
  if (recorded.some((other) => other.n !== decisive.n && overlap(other, decisive))) return [];
  const story = storyOf(recorded, decisive);
  if (story === undefined) return commandsOf([decisive]);

  const { created, changes, refused, location, uploadUrl = location } = story;
  // What was refused is sent again as well: some servers act on it all the same.
  const done = [...changes, ...refused].toSorted((a, b) => a.n - b.n);
  const steps = [created, ...done, decisive];
  if (steps.length > MOST_STEPS || steps.some((step, index) => overlap(steps[index - 1], step))) return [];
  const [create, ...rest] = commandsOf(steps);
  if (create === undefined) return [];
  const base = uploadUrl.slice(0, uploadUrl.length - location.length);
  return [
    `UPLOAD=${base}$(${create.replace('curl -i', 'curl -si')} | ${READ_LOCATION})`,
    ...rest.map((command) => withVariable(command, uploadUrl, idIn(location))),
  ];
}

/** The commands, or none at all where one of them is none. */
function commandsOf(steps: readonly Exchange[]): readonly string[] {
  const commands = steps.flatMap((step) => curlCommand(step) ?? []);
  return commands.length === steps.length ? commands : [];
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
