import { jsonOf } from '../answers.ts';
import type { Exchange } from '../recording.ts';

/** What the capabilities of a v1 server list. */

export function listedIn(capabilities: Exchange): readonly string[] {
  return textsIn(jsonOf(capabilities)?.kinds);
}

/** With their dot, also where the list leaves it out: that is the question of another check. */
export function endingsOf(capabilities: Exchange, kind: string): readonly string[] {
  const allowed = jsonOf(capabilities)?.allowedExtensions;
  const named = Object.entries(allowed ?? {}).find(([name]) => name === kind)?.[1];
  return textsIn(named).map((ending) => ending.replace(/^\.?/, '.'));
}

/** Whether names of this kind may end like this. Where no endings are listed, as the protocol has them. */
export function mayEnd(capabilities: Exchange, kind: string, ending: string): boolean {
  const endings = endingsOf(capabilities, kind);
  return endings.length === 0 || endings.some((each) => ending.endsWith(each.toLowerCase()));
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
