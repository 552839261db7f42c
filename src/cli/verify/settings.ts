import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PulseError } from '../../errors.ts';
import { parseServerUrl, withoutSecrets } from '../../input/server-url.ts';
import { boundArtifactOf } from '../../protocol/claims.ts';
import type { Check } from '../../verify/check.ts';
import { type ExpectedFailure, parseExpectedFailures } from '../../verify/expect-failures.ts';
import type { Permissions } from '../../verify/target.ts';
import type { VerifySettings } from '../../verify/verify.ts';
import type { Given } from '../options/option-table.ts';
import { tokenOf } from '../options/upload.ts';
import type { VerifyValues } from '../options/verify.ts';

/** Scenarios that wait for nothing are done in a second or two. */
const SCENARIO_TIMEOUT_MS = 30_000;
/** Beside that: what hangs is asked for once more, and then what is asked of it hangs as well. */
const MOST_UNANSWERED = 2;
/** What --slow waits for a deadline where --max-wait does not say. */
const SLOW_WAIT_MS = 60_000;
const RUN_TIMEOUT_MS = 10 * 60_000;
/** What waits or sends gigabytes may take its time. */
const LONG_RUN_TIMEOUT_MS = 2 * 60 * 60_000;

/** Seeds are typed by hand: six digits at most. */
const SEEDS = 1_000_000;

/** The settings of a run against the server that the operand or PULSE_UPLOAD_SERVER names; reads files. */
export function verifySettings(
  values: VerifyValues,
  given: Given,
  server: URL,
  checks: readonly Check[],
): VerifySettings {
  const owner = tokenOf(values, given);
  const { secondToken, slow, large } = values;
  return {
    server,
    protocol: values.protocol,
    only: values.only,
    skip: values.skip,
    expectedFailures: expectedFailures(values.expectFailures, checks),
    strict: values.strict,
    seed: values.seed ?? randomInt(SEEDS),
    runId: randomBytes(3).toString('hex'),
    jobs: values.jobs,
    rounds: values.rounds,
    maxWaitMs: values.maxWait ?? (slow ? SLOW_WAIT_MS : 0),
    timeoutMs: values.timeout,
    scenarioTimeoutMs: SCENARIO_TIMEOUT_MS + MOST_UNANSWERED * values.timeout,
    runTimeoutMs: (slow || large ? LONG_RUN_TIMEOUT_MS : RUN_TIMEOUT_MS) + (values.maxWait ?? 0),
    tokens: {
      ...(owner !== undefined && { owner }),
      ...(secondToken !== undefined && { stranger: secondToken }),
    },
    artifacts: artifactsOf(values, owner),
    headers: values.header,
    ...(values.link !== undefined && { link: values.link }),
    permissions: permissionsOf(values, owner),
  };
}

export function serverOf(operands: readonly string[], environment: NodeJS.ProcessEnv): URL {
  const [operand, ...more] = operands;
  const variable = environment.PULSE_UPLOAD_SERVER ?? '';
  if (more.length > 0) {
    throw new PulseError('usage', `verify got ${operands.length} URLs, expected one server at a time`, {
      hint: `for example: pulse-upload verify ${withoutSecrets(operand ?? '')}`,
    });
  }
  if (operand !== undefined) return parseServerUrl(operand, 'the server');
  if (variable !== '') return parseServerUrl(variable, 'PULSE_UPLOAD_SERVER');
  throw new PulseError('usage', 'no server is given, expected its base URL', {
    hint: 'for example: pulse-upload verify http://127.0.0.1:8080',
  });
}

/** What the tokens are good for, where they are bound: as the user says, or as they say themselves. */
function artifactsOf(values: VerifyValues, token: string | undefined): Required<VerifySettings>['artifacts'] {
  const { secondToken } = values;
  const owner = values.artifact ?? (token && boundArtifactOf(token));
  const stranger = values.secondArtifact ?? (secondToken && boundArtifactOf(secondToken));
  return { ...(owner && { owner }), ...(stranger && { stranger }) };
}

function permissionsOf(values: VerifyValues, token: string | undefined): Permissions {
  const artifacts = artifactsOf(values, token);
  return {
    ...(artifacts.owner !== undefined && { artifact: true }),
    ...(artifacts.stranger !== undefined && { secondArtifact: true }),
    ...(values.intrusive && { intrusive: true }),
    ...(values.large && { large: true }),
    ...(values.slow && { slow: true }),
    ...(token !== undefined && { token: true }),
    ...(values.secondToken !== undefined && { secondToken: true }),
    ...(values.link !== undefined && { link: true }),
    ...(values.restartCmd !== undefined && { restart: true }),
  };
}

function expectedFailures(path: string | undefined, checks: readonly Check[]): readonly ExpectedFailure[] {
  if (path === undefined) return [];
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const fact = code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code}`;
    throw new PulseError('input', `--expect-failures ${path} ${fact}`, {
      hint: 'name a file with one check a line: its id, then the reason why it may fail',
      cause: error,
    });
  }
  return parseExpectedFailures(
    text,
    checks.map(({ id }) => id),
    `--expect-failures ${path}`,
  );
}
