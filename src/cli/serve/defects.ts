import process from 'node:process';
import { PulseError } from '../../errors.ts';
import { nearName } from '../../input/near-name.ts';
import { labelled } from '../../output/labelled.ts';
import { logLine } from '../../output/log-line.ts';
import { ndjsonLine } from '../../output/ndjson.ts';
import type { Paint } from '../../output/paint.ts';
import { wrap } from '../../output/verify/wrap.ts';
import { together } from '../../server/defects/together.ts';
import { type Defect, defects } from '../../server/defects.ts';
import type { ServerSettings } from '../../server/server.ts';
import { suite } from '../../verify/suite.ts';
import type { Need } from '../../verify/target.ts';
import { allChecks } from '../../verify/verify.ts';
import type { ServeValues } from '../options/serve.ts';
import { shellQuote } from '../shell-quote.ts';

/** What `serve --defect` says before everything else. */
const NOTICE = 'this server is wrong on purpose; never use it for real uploads';

/** `--list-defects`: one line a mistake, its id and what the server does wrong. */
export function defectLines(json: boolean, columns: number): readonly string[] {
  if (json) return defects.map((defect) => ndjsonLine(plain(defect), new Date()));
  const idColumns = Math.max(...defects.map(({ id }) => id.length)) + 2;
  return defects.flatMap(({ id, says }) =>
    wrap(says, Math.max(30, columns - 1 - idColumns)).map(
      (line, index) => `${(index === 0 ? id : '').padEnd(idColumns)}${line}\n`,
    ),
  );
}

/** The mistakes of these ids; an id that does not exist is a usage error that names what may have been meant. */
export function defectsOf(ids: readonly string[]): readonly Defect[] {
  return [...new Set(ids)].map((id) => {
    const found = defects.find((defect) => defect.id === id);
    if (found !== undefined) return found;
    const near = nearName(
      id,
      defects.map((defect) => defect.id),
    );
    throw new PulseError('usage', `there is no defect ${id}`, {
      hint: near === undefined ? 'pulse-upload serve --list-defects names all' : `did you mean ${near}?`,
    });
  });
}

/** The settings of a server that makes these mistakes, where they show. */
export function withDefects(
  settings: ServerSettings,
  chosen: readonly Defect[],
  values: ServeValues,
): ServerSettings {
  for (const { id, serve } of chosen) {
    if (serve?.guarded && values.tokenFile === undefined) {
      throw new PulseError('usage', `${id} shows only where a token is asked for, expected --token-file`, {
        hint: 'write any token into a file, and add --token-file <path>',
      });
    }
    if (serve?.bound && (settings.boundTokens ?? []).length < 2) {
      throw new PulseError('usage', `${id} shows only where two tokens are bound to an artifact each`, {
        hint: 'write two lines into the file of --token-file: <token> <artifactId>, with any two UUIDs',
      });
    }
  }
  const limits = chosen.flatMap(({ serve }) => serve?.maxSizeBytes ?? []);
  return {
    ...settings,
    behaviour: together(chosen),
    ...(limits.length > 0 && settings.maxSizeBytes === undefined && { maxSizeBytes: Math.min(...limits) }),
  };
}

/** The protocol in which they show; one that only suits some of them has to be said by the user. */
export function protocolOf(chosen: readonly Defect[], { protocol }: ServeValues): ServerSettings['protocol'] {
  const needed = [...new Set(chosen.map(({ serve }) => serve?.protocol ?? 'pulse'))];
  const tusOnly = chosen.find(({ serve }) => serve?.protocol === 'tus');
  if (protocol === 'pulse' && tusOnly !== undefined) {
    throw new PulseError('usage', `${tusOnly.id} shows only in plain tus, expected --protocol tus`, {
      hint: 'leave out --protocol: the defect chooses it',
    });
  }
  if (protocol !== undefined) return protocol;
  if (needed.length === 1) return needed[0] ?? 'pulse';
  throw new PulseError('usage', 'some of these defects show in pulse, others only in tus', {
    hint: 'start a server for each, or say --protocol tus',
  });
}

/** The first lines of such a server: what it does wrong, and the command that finds it. */
export function noticeOf(chosen: readonly Defect[], values: ServeValues, url: string, paint: Paint): string {
  if (values.json) {
    return chosen
      .map((defect) => logLine({ warning: NOTICE, ...plain(defect) }, new Date(), 'json'))
      .join('');
  }
  const https = chosen.some(({ serve }) => serve?.https);
  return labelled(
    [
      ['warning', NOTICE],
      ...chosen.map(({ id, says }) => ['warning', `${id}: ${says}`] as const),
      [
        'warning',
        https ? 'it shows only to clients that come by https: put a TLS proxy in front' : undefined,
      ],
      ['try', findingCommand(chosen, values, url)],
    ],
    paint,
  )
    .map((line) => `${line}\n`)
    .join('');
}

/** What the checks that find them must be allowed or given. */
const flagsFor: Readonly<Partial<Record<Need, readonly string[]>>> = {
  intrusive: ['--intrusive'],
  slow: ['--slow'],
  large: ['--large'],
  restart: ['--restart-cmd', '<command>'],
  'second-token': ['--second-token', '<token>'],
};

/** The lines of the server's file, which are secret. */
const twoBoundTokens = [
  ...['--token', '<token>', '--artifact', '<artifactId>'],
  ...['--second-token', '<token2>', '--second-artifact', '<artifactId2>'],
];

function findingCommand(chosen: readonly Defect[], values: ServeValues, url: string): string {
  const { tokenFile, pairingLink } = values;
  const ids = [...new Set(chosen.flatMap(({ breaks }) => breaks))];
  const checks = allChecks(suite).filter(({ id }) => ids.includes(id));
  const needs = new Set(
    checks.flatMap(({ needs = [], reads }) => [...needs, ...('atLeast' in reads ? [] : (reads.needs ?? []))]),
  );
  const link = pairingLink === undefined ? '<link>' : `@${pairingLink}`;
  const isBound = chosen.some(({ serve }) => serve?.bound);
  if (isBound) needs.delete('second-token');
  const flags = [...needs].flatMap((need) => (need === 'link' ? ['--link', link] : (flagsFor[need] ?? [])));
  const token = isBound ? twoBoundTokens : tokenFile === undefined ? [] : ['--token-file', tokenFile];
  const isReadBack = chosen.some(({ serve }) => serve?.needs === 'read-back');
  if (isReadBack) flags.push('--read-back', `cat "${values.dir}/$UPLOAD_FILENAME"`);
  const words = ['pulse-upload', 'verify', url, '--only', ids.join(','), ...flags, ...token];
  return words.map((word) => shellQuote(word, process.platform)).join(' ');
}

/** What --json writes of a defect that is listed (docs/events.md). */
export type ListedDefect = ReturnType<typeof plain>;

function plain({ id, says, breaks, source }: Defect) {
  return { type: 'defect' as const, id, says, breaks, ...(source !== undefined && { source }) };
}
