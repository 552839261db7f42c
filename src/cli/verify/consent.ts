import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { PulseError } from '../../errors.ts';
import { countOf, formatBytes } from '../../output/format.ts';
import { isLoopback } from '../../protocol/hosts.ts';
import { type Check, type ProtocolId, protocolIds, type Section } from '../../verify/check.ts';
import { bytesOf, planOf } from '../../verify/plan.ts';
import type { Scenario } from '../../verify/scenario.ts';
import type { Permissions, Target } from '../../verify/target.ts';
import type { VerifySettings } from '../../verify/verify.ts';

/** What a run may do to a server at most, in words; nothing is asked of the server for it. */
export function announcement(
  settings: VerifySettings,
  sections: readonly Section[],
  checks: readonly Check[],
): readonly string[] {
  const { server, permissions, runId } = settings;
  const most = protocolsOf(settings).map((protocol) => scenariosAt(protocol, settings, sections, checks));
  const sendsBytes = Math.max(...most.map(bytesOf));
  const scenarios = Math.max(...most.map(({ size }) => size));
  return [
    `${server.host} is not this machine. The run will`,
    `  send up to ${formatBytes(sendsBytes)} in ${countOf(scenarios, 'scenario')}, to new uploads of its own`,
    '  cut connections, and send malformed requests',
    ...hazards(permissions),
    `  remove what it created if the server offers DELETE, else leave it there: Upload-Metadata names it pulse-verify-${runId}-…`,
  ];
}

function hazards({ intrusive, large, link }: Permissions): readonly string[] {
  return [
    ...(intrusive ? ['  try what may take a careless server down (--intrusive)'] : []),
    ...(intrusive && link ? ['  use up the artifact of the pairing link (--link with --intrusive)'] : []),
    ...(large ? ['  send gigabytes (--large)'] : []),
  ];
}

function protocolsOf({ protocol }: VerifySettings): readonly ProtocolId[] {
  return protocol === 'auto' ? protocolIds : [protocol];
}

const fewExtensions = ['creation', 'termination'];
const allExtensions = [
  ...fewExtensions,
  'creation-with-upload',
  'creation-defer-length',
  'checksum',
  'checksum-trailer',
  'concatenation',
  'concatenation-unfinished',
  'expiration',
];

/** Everything that may be run against a server of that protocol, whatever it offers: some want what others must lack. */
function scenariosAt(
  protocol: ProtocolId,
  { server, permissions }: VerifySettings,
  sections: readonly Section[],
  checks: readonly Check[],
): ReadonlySet<Scenario> {
  const found = new Set<Scenario>();
  for (const extensions of [fewExtensions, allExtensions]) {
    const target = offeringAll(server, protocol, extensions);
    const { groups, alone } = planOf(sections, checks, target, permissions, () => 0);
    for (const each of [...groups.flatMap(({ scenarios }) => scenarios), ...alone]) found.add(each);
  }
  return found;
}

/** A server that offers everything else: what would be sent to it is the most that can be sent. */
function offeringAll(server: URL, protocol: ProtocolId, extensions: readonly string[]): Target {
  return {
    protocol,
    server: server.href,
    createUrl: server.href,
    aliveUrl: server.href,
    extensions,
    maxSize: '1',
    multipart: true,
    download: true,
    guarded: 'creation',
    bound: true,
    oracle: 'finalize',
    assumptions: [],
  };
}

/** Says first what will be sent to a machine that is not this one, and goes on only with the user's yes. */
export async function askForConsent(lines: readonly string[], given: boolean): Promise<void> {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
  if (given) return;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new PulseError('usage', 'nothing was sent: a run against another machine needs --yes', {
      hint: 'add --yes if that server is yours, or its owner agrees',
    });
  }
  const answer = await answerTo('Go on? [y/N] ');
  if (answer === undefined) throw new PulseError('interrupted', 'nothing was sent');
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new PulseError('usage', 'nothing was sent: the answer was not yes');
}

/** What the user typed; undefined where Ctrl-C or the end of the input came instead. */
async function answerTo(question: string): Promise<string | undefined> {
  const dialog = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<undefined>((resolve) => {
    dialog.once('SIGINT', () => resolve(undefined));
    dialog.once('close', () => resolve(undefined));
  });
  const answer = await Promise.race([dialog.question(question), ended]);
  if (answer === undefined) process.stderr.write('\n');
  dialog.close();
  return answer;
}

export function needsConsent({ server }: VerifySettings): boolean {
  return !isLoopback(server.hostname);
}
