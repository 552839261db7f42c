import type { ProxiedRequest } from '../../fixtures/proxies/fault-proxy.ts';
import type { PulseEvent } from '../../src/events.ts';
import type { Observed, Run } from './run-plan.ts';

const SMALLEST_CHUNK_BYTES = 64 * 1024;

/** What a form adds to a chunk, generously. */
const FRAME_BYTES = 1024;

/** The request may have done its work, or its body may have been for nothing. */
const harmless: readonly string[] = ['delay', 'slow', 'limit-body'];

/** All that is wrong with how a plan went; nothing where the uploader kept its word. */
export function faultsOf(observed: Observed): readonly string[] {
  return [
    ...endsWell(observed),
    ...failsHonestly(observed),
    ...storesOnce(observed),
    ...asksOneThingAtATime(observed),
    ...wastesLittle(observed),
    ...endsSoon(observed),
  ];
}

/** The same for a file that was altered in mid-upload: only a refusal is right. */
export function faultsOfAltered({ first, finished, plan }: Observed): readonly string[] {
  const failed = of(first, 'upload.failed')[0];
  // Under tus the last byte completes an upload, whatever is found out afterwards: nothing claims it.
  const claimed = plan.protocol === 'pulse' ? finished.length : 0;
  return [
    ...(first.exitCode === 3 ? [] : [`an altered file ended with exit code ${first.exitCode}, expected 3`]),
    ...(failed?.kind === 'input' ? [] : [`an altered file was reported as ${failed?.kind}, expected input`]),
    ...(of(first, 'upload.done').length === 0 ? [] : ['an altered file was reported as done']),
    ...(claimed === 0 ? [] : ['an altered file was finished on the server']),
  ];
}

function of<T extends PulseEvent['type']>(run: Run, type: T) {
  return run.events.filter((event): event is Extract<PulseEvent, { type: T }> => event.type === type);
}

function runsOf({ first, second }: Observed): readonly Run[] {
  return second === undefined ? [first] : [first, second];
}

/** In the end the upload is done, and its digest is the file's. */
function endsWell(observed: Observed): readonly string[] {
  const { plan, file } = observed;
  if (isUnknowable(observed)) return [];
  const last = observed.second ?? observed.first;
  const done = of(last, 'upload.done')[0];
  if (last.exitCode !== 0 || done === undefined) {
    const why = of(last, 'upload.failed')[0]?.message ?? 'nothing said';
    return [`the last run ended with exit code ${last.exitCode}: ${why}`];
  }
  return [
    ...(done.sha256 === file.sha256 ? [] : [`done names sha256 ${done.sha256}, the file has ${file.sha256}`]),
    // Whether checksums prove it depends on what befell it; that nothing else was stored is judged below.
    ...(plan.compares || done.proven === (plan.protocol === 'pulse')
      ? []
      : [`done says proven: ${done.proven}`]),
  ];
}

/**
 * A HEAD out of date said that the end was missing, and the end, sent again, was answered 5xx: just so looks a server
 * that failed in what it does with a complete upload. Without finalize nobody can tell, now or in the next run.
 */
function isUnknowable({ plan, first, second }: Observed): boolean {
  const isUnknown = [first, second].every(
    (run) => run?.exitCode === 8 && of(run, 'upload.done').length === 0,
  );
  const outdated = first.requests.findIndex(({ faults }) => faults.includes('replay-answer'));
  const failed = first.requests.findLastIndex(
    ({ method, status = 0 }) => method === 'PATCH' && status >= 500,
  );
  return plan.protocol === 'tus' && isUnknown && outdated >= 0 && failed > outdated;
}

/** What the last try met may pass as well, and has a code of its own: another offset, bytes that arrived damaged. */
const codesOfLastAnswer: Readonly<Record<number, number>> = { 409: 6, 460: 7 };

/** A run that gave up says so with the code of a trouble that passes, and the next one goes on where it was. */
function failsHonestly(observed: Observed): readonly string[] {
  const { first, second } = observed;
  if (first.exitCode === 0 || isUnknowable(observed)) return [];
  const failed = of(first, 'upload.failed')[0];
  const lastStatus = first.requests.at(-1)?.status;
  const wrong: string[] = [];
  if (first.exitCode !== 4 && codesOfLastAnswer[lastStatus ?? 0] !== first.exitCode)
    wrong.push(`the troubled run ended with exit code ${first.exitCode}: ${failed?.message}`);
  if (!first.requests.some(isTroubled)) wrong.push(`a run without trouble failed: ${failed?.message}`);
  const created = of(first, 'upload.created').at(-1);
  if (created === undefined) return wrong;
  if (failed?.resumable !== true) wrong.push('the failure does not say that it can be resumed');
  const resumed = second && of(second, 'upload.resumed')[0];
  if (resumed?.url !== created.url)
    wrong.push(`the next run went on at ${resumed?.url}, expected ${created.url}`);
  return wrong;
}

/**
 * Exactly one finished upload, with the file's bytes. What else was left behind is empty, or holds no more than went
 * with a creation whose upload the client never learned of, one upload for each.
 */
function storesOnce(observed: Observed): readonly string[] {
  const { plan, file, finished, unfinishedBytes } = observed;
  // An empty upload is complete from the start where there is no finalize: a lost 201 leaves another one.
  const isCountless = plan.protocol === 'tus' && plan.sizeBytes === 0 && finished.length > 0;
  return [
    ...(finished.length === 1 || isCountless ? [] : [`${finished.length} finished uploads, expected one`]),
    ...finished
      .filter(({ sha256 }) => sha256 !== file.sha256)
      .map(({ sizeBytes }) => `the server holds ${sizeBytes} other bytes than the file`),
    ...leftBehind(observed, unfinishedBytes).map((bytes) => `an upload with ${bytes} bytes was left behind`),
  ];
}

function leftBehind(observed: Observed, unfinishedBytes: readonly number[]): readonly number[] {
  const excuses = observed.plan.protocol === 'tus' ? lostCreations(observed) : [];
  const left = unfinishedBytes.filter((bytes) => bytes > 0).toSorted((a, b) => b - a);
  return left.filter((bytes, index) => bytes > (excuses[index] ?? 0));
}

/**
 * What may have gone with creations that made an upload which the client never learned of, the most first. An answer
 * that comes while the client gives up looks answered here: so they are counted by what the client knows.
 */
function lostCreations(observed: Observed): readonly number[] {
  const runs = runsOf(observed);
  const made = runs
    .flatMap(({ requests }) => requests)
    .filter(({ method }) => method === 'POST')
    // A server makes an upload also for a client that has gone before it could answer.
    .filter(({ upstreamStatus, bodyBytesForwarded }) => upstreamStatus === 201 || bodyBytesForwarded > 0)
    .flatMap(({ bodyBytesReceived, faults }) =>
      Array<number>(faults.includes('duplicate') ? 2 : 1).fill(bodyBytesReceived),
    );
  const learned = runs.flatMap((run) => of(run, 'upload.created'));
  return made.toSorted((a, b) => b - a).slice(0, Math.max(0, made.length - learned.length));
}

function asksOneThingAtATime(observed: Observed): readonly string[] {
  return runsOf(observed)
    .flatMap(({ requests }) => requests)
    .filter(({ inFlightAtStart }) => inFlightAtStart > 0)
    .map(({ method, path }) => `${method} ${path} was sent while another request was under way`);
}

function isTroubled({ end, status, faults }: ProxiedRequest): boolean {
  return end !== 'answered' || (status ?? 599) >= 400 || faults.some((fault) => !harmless.includes(fault));
}

/**
 * What the requests of a run met with. A busy machine's own time-outs are among it: most are seen as requests that the
 * client left, but of a connection that was not made the proxy sees nothing, and what it sent may be read too late.
 */
function troublesOf(run: Run): number {
  const { requests } = run;
  const timeouts = of(run, 'upload.retry').filter(({ reason }) => /\bwaited [\d.]+ s for\b/.test(reason));
  const left = requests.filter(({ end }) => end !== 'answered');
  return requests.filter(isTroubled).length + Math.max(0, timeouts.length - left.length);
}

/**
 * The factor follows from the plan: each request that met trouble may cost one chunk, and what the server lost is
 * sent again.
 */
function wastesLittle(observed: Observed): readonly string[] {
  const { plan } = observed;
  const requests = runsOf(observed).flatMap((run) => run.requests);
  const troubled = runsOf(observed).reduce((sum, run) => sum + troublesOf(run), 0);
  const isData = ({ method }: ProxiedRequest) =>
    method === 'PATCH' || (method === 'POST' && plan.protocol === 'tus');
  const patches = requests.filter(isData);
  const lostBytes = plan.troubles.reduce(
    (sum, trouble) => sum + (trouble.do === 'restart' ? trouble.loseBytes : 0),
    0,
  );
  const sentBytes = patches.reduce((sum, { bodyBytesReceived }) => sum + bodyBytesReceived, 0);
  const frameBytes = plan.body === 'multipart' ? FRAME_BYTES * patches.length : 0;
  const mostBytes = plan.sizeBytes + troubled * plan.chunkBytes + lostBytes + frameBytes;
  // Chunks may have been halved, down to the smallest: by time-outs or by a limit on the way.
  const chunks = Math.ceil((plan.sizeBytes + lostBytes) / Math.min(plan.chunkBytes, SMALLEST_CHUNK_BYTES));
  const mostRequests = chunks + 3 * troubled + 6 * runsOf(observed).length;
  return [
    ...(sentBytes <= mostBytes ? [] : [`${sentBytes} bytes were sent, expected ${mostBytes} at most`]),
    ...(requests.length <= mostRequests
      ? []
      : [`${requests.length} requests, expected ${mostRequests} at most`]),
  ];
}

/** No pause is longer than that for a lock, and nothing hangs. */
function endsSoon(observed: Observed): readonly string[] {
  return runsOf(observed).flatMap((run) => {
    const { exitCode, pausedMs } = run;
    const mostMs = 12_500 * troublesOf(run);
    return [
      ...(exitCode === 130 ? ['the run did not end by itself'] : []),
      ...(pausedMs <= mostMs ? [] : [`pauses of ${pausedMs} ms, expected ${mostMs} at most`]),
    ];
  });
}
