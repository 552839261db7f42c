import type { Composed, ComposedEnd } from './composed.ts';

/** Far beyond what all stages wait for, and short of hanging; a busy machine moves so many bytes in the time. */
const MOST_MS = 300_000;
const SLOWEST_BYTES_PER_MS = 4_000;

/** All that is wrong with how the composed schedule ended. */
export function faultsOfComposed(composed: Composed, end: ComposedEnd): readonly string[] {
  return composed.altered === true
    ? faultsOfAltered(end)
    : [...endsProven(end), ...tellsAll(end), ...wastesLittle(composed, end), ...goesOn(end)];
}

function endsProven({ ends, file, finished, unfinishedBytes }: ComposedEnd): readonly string[] {
  const last = ends.at(-1);
  const done = last?.events.find(({ type }) => type === 'upload.done');
  const codes = ends.map(({ code }) => code);
  return [
    ...(last?.code === 0 && done?.proven === true && done.sha256 === file.sha256
      ? []
      : [
          `the command ended with ${codes.join(', ')}: ${JSON.stringify(last?.events.at(-2))} ${last?.stderr}`,
        ]),
    ...(codes.filter((code) => code === null).length === 1
      ? []
      : [`it was to be killed once, but ended with ${codes.join(', ')}`]),
    ...(finished.length === 1 && finished[0]?.sha256 === file.sha256
      ? []
      : ['the server does not hold the file exactly once']),
    ...unfinishedBytes
      .filter((bytes) => bytes > 0)
      .map((bytes) => `an upload with ${bytes} bytes was left behind`),
  ];
}

function tellsAll({ struck, stages, requests, elapsedMs, file }: ComposedEnd): readonly string[] {
  return [
    ...(struck.join() === stages.join() ? [] : [`only these struck: ${struck.join(', ')}`]),
    ...requests
      .filter(({ inFlightAtStart }) => inFlightAtStart > 0)
      .map(({ method, path }) => `${method} ${path} was sent while another request was under way`),
    ...(elapsedMs < MOST_MS + file.sizeBytes / SLOWEST_BYTES_PER_MS ? [] : [`it took ${elapsedMs} ms`]),
  ];
}

/** Each request that a stage struck, or that a busy machine gave up, may cost one chunk; the restart a MiB. */
function wastesLittle(
  { sizeBytes, chunkBytes }: Composed,
  { requests, sentBytes, ends }: ComposedEnd,
): readonly string[] {
  const troubled = requests.filter(
    ({ end, status, faults }) =>
      end !== 'answered' || (status ?? 599) >= 400 || faults.some((fault) => fault !== 'limit-body'),
  );
  const troubledChunks = troubled.reduce(
    (sum, { method, bodyBytesReceived }) => sum + (method === 'PATCH' ? bodyBytesReceived : 0),
    0,
  );
  const mostBytes = sizeBytes + troubledChunks + 1_048_576;
  const smallestBytes = Math.min(chunkBytes, 4 * 1_048_576);
  const mostRequests = Math.ceil(sizeBytes / smallestBytes) + 3 * troubled.length + 6 * ends.length;
  return [
    ...(sentBytes <= mostBytes ? [] : [`${sentBytes} bytes were sent, expected ${mostBytes} at most`]),
    ...(requests.length <= mostRequests
      ? []
      : [`${requests.length} requests, expected ${mostRequests} at most`]),
  ];
}

/** Once it is proven nothing is remembered: the same command is a new upload, and does the first no harm. */
function goesOn({ afterwards, finishedAfterwards, file }: ComposedEnd): readonly string[] {
  if (afterwards === undefined) return [];
  const isTwice =
    finishedAfterwards?.length === 2 && finishedAfterwards.every(({ sha256 }) => sha256 === file.sha256);
  return [
    ...(afterwards.code === 0
      ? []
      : [`the second upload of the file ended with ${afterwards.code}: ${afterwards.stderr}`]),
    ...(isTwice ? [] : ['the second upload of the file did not leave the file twice']),
  ];
}

function faultsOfAltered({ ends, finished, struck }: ComposedEnd): readonly string[] {
  const codes = ends.map(({ code }) => code);
  return [
    ...(codes.length === 1 && codes[0] === 3
      ? []
      : [`an altered file ended with ${codes.join(', ')}, expected 3`]),
    ...(ends.flatMap(({ events }) => events).some(({ type }) => type === 'upload.done')
      ? ['an altered file was reported as done']
      : []),
    ...(finished.length === 0 ? [] : ['an altered file was finished on the server']),
    ...(struck.length >= 2 ? [] : ['the schedule did not come as far as the alteration']),
  ];
}
