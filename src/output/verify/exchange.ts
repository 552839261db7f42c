import type { HeaderLines } from '../../protocol/connection.ts';
import type { AnswerRecord, BodyRecord, Exchange, HeadRecord, SentRecord } from '../../verify/recording.ts';
import { formatExactBytes, groupDigits } from '../format.ts';
import { shortened } from './wrap.ts';

/** Header values and bodies longer than this are cut in the short form. */
const SHORT_COLUMNS = 80;
/** Ids are told apart by their beginnings. */
const SHORT_ID_COLUMNS = 9;

/** One request and what came of it, on one line: what differs from an ordinary request, what an answer turns on. */
export function exchangeLine(exchange: Exchange): string {
  return `${requestWords(exchange.sent)} -> ${outcomeWords(exchange)}`;
}

function requestWords(sent: SentRecord): string {
  const details = [
    ...sentHeaders(sent.headers.filter((line) => !isOrdinary(line, sent))),
    ...missingHeaders(sent),
    ...bodyWords(sent),
  ];
  return `${sent.method} ${shortText(sent.target)}${inBrackets(details)}`;
}

function outcomeWords({ answer, broken, sent }: Exchange): string {
  if (answer) return answerWords(answer);
  if (broken) {
    const head = broken.head === undefined ? '' : ` after ${statusWords(broken.head)}`;
    const received = broken.received === undefined || head !== '' ? '' : `: ${quoted(broken.received)}`;
    return `${broken.detail}${head}${received}`;
  }
  return sent.cut ? 'cut by the tester' : 'nobody waited for an answer';
}

function answerWords(answer: AnswerRecord): string {
  const headers = answer.headers.filter(isTelling).map(headerWords);
  const body = answer.body.text === undefined ? [] : [quoted(answer.body.text)];
  return `${statusWords(answer)}${inBrackets([...headers, ...body])}`;
}

function statusWords({ status, reason }: HeadRecord): string {
  return reason === '' ? String(status) : `${status} ${reason}`;
}

/** What the recorder writes in place of the user's token. */
const OWNER = "<owner's token>";

/** Every request has these, or they follow from the rest: saying them would hide what matters. */
function isOrdinary([name, value]: HeaderLines[number], { body, headers }: SentRecord): boolean {
  const ordinary: Readonly<Record<string, (value: string) => boolean>> = {
    host: () => true,
    'user-agent': () => true,
    'x-upload-token': (token) => token === OWNER,
    authorization: (credential) => credential === `Bearer ${OWNER}`,
    'tus-resumable': (version) => version === '1.0.0',
    'content-length': (length) => length === String(body.sizeBytes),
    // JSON shows itself.
    'content-type': (type) =>
      type === 'application/offset+octet-stream' || (type === 'application/json' && isJson(body)),
    'upload-metadata': (metadata) => /^filename [\w+/=]*(,filetype dmlkZW8vbXA0)?$/.test(metadata),
  };
  const key = name.toLowerCase();
  const isAlone = headers.filter(([other]) => other.toLowerCase() === key).length === 1;
  return isAlone && (ordinary[key]?.(value) ?? false);
}

/** More than a few numbered headers (`X-Filler-0`, `X-Filler-1`, …) are there for their size: together they are one. */
function sentHeaders(headers: HeaderLines): readonly string[] {
  const isNumbered = ([name]: HeaderLines[number]) => /-\d+$/.test(name);
  const numbered = headers.filter(isNumbered);
  if (numbered.length < 3) return headers.map(headerWords);
  const sizeBytes = numbered.reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, 0);
  const others = headers.filter((line) => !isNumbered(line)).map(headerWords);
  return [...others, `${numbered[0]?.[0]} to ${numbered.at(-1)?.[0]}: ${formatExactBytes(sizeBytes)}`];
}

/** What a PATCH or HEAD is expected to carry and this one does not. */
function missingHeaders({ method, headers, body }: SentRecord): readonly string[] {
  const present = new Set(headers.map(([name]) => name.toLowerCase()));
  const usual = usualHeaders[method] ?? (isJson(body) ? ['Content-Type'] : []);
  return usual.filter((name) => !present.has(name.toLowerCase())).map((name) => `no ${name}`);
}

const usualHeaders: Readonly<Record<string, readonly string[]>> = {
  PATCH: ['Tus-Resumable', 'Upload-Offset', 'Content-Type'],
  HEAD: ['Tus-Resumable'],
};

function bodyWords({ body, writtenBytes, cut }: SentRecord): readonly string[] {
  const isShown = isJson(body) && !cut && writtenBytes === body.sizeBytes;
  const size = body.sizeBytes === 0 || isShown ? [] : [formatExactBytes(body.sizeBytes)];
  const text = body.text === undefined ? [] : [quoted(body.text)];
  const ended = cut && `${cutWords[cut]} after ${groupDigits(writtenBytes)}`;
  const partly = !cut && writtenBytes < body.sizeBytes ? [`only ${groupDigits(writtenBytes)} written`] : [];
  return [...size, ...text, ...(ended ? [ended] : partly)];
}

/** As finalize is asked: what it is can be seen, how long it is makes no difference. */
function isJson({ text }: BodyRecord): boolean {
  return text !== undefined && /^[{[]/.test(text);
}

const cutWords: Readonly<Record<NonNullable<SentRecord['cut']>, string>> = {
  fin: 'half-closed (FIN)',
  reset: 'reset (RST)',
  close: 'closed',
};

/** The answer's headers that uploads turn on. */
function isTelling([name, value]: HeaderLines[number]): boolean {
  if (/^tus-resumable$/i.test(name)) return value !== '1.0.0';
  return /^(upload-|tus-|location$|retry-after$|www-authenticate$|allow$)/i.test(name);
}

function headerWords([name, value]: HeaderLines[number]): string {
  const shown = name.toLowerCase() === 'location' ? shortText(value) : value;
  return `${name}: ${shortened(shown, SHORT_COLUMNS)}`;
}

/** `/uploads/1dc0e5fd…` of `/uploads/1dc0e5fd-f6a8-42a9-bc24-e582b484dbbd`. */
function shortText(text: string): string {
  return shortened(withShortIds(text), SHORT_COLUMNS);
}

function withShortIds(text: string): string {
  return text.replace(/[\w-]{20,}/g, (id) => shortened(id, SHORT_ID_COLUMNS));
}

/** JSON has quotes enough. */
function quoted(text: string): string {
  const shown = shortText(text);
  return /^[{[]/.test(text) ? shown : `"${shown}"`;
}

function inBrackets(details: readonly string[]): string {
  return details.length === 0 ? '' : ` (${details.join(', ')})`;
}

/** One exchange in full, as it went over the wire: `>` is what we sent, `<` what came. */
export function exchangeBlock(exchange: Exchange): readonly string[] {
  const { n, connection, sent, answer, broken, startedMs, endedMs } = exchange;
  const took = endedMs === undefined ? '' : `, ${Math.round(endedMs - startedMs)} ms`;
  const how = answer === undefined ? 'on a fresh connection' : 'later';
  const repeated = exchange.repeated ? `, repeated ${how}` : '';
  return [
    `request ${n} on connection ${connection}, at ${Math.round(startedMs)} ms${took}${repeated}`,
    `> ${sent.method} ${sent.target}`,
    ...sent.headers.map(([name, value]) => `> ${name}: ${value}`),
    ...bodyBlock(sent.body, '>'),
    ...(sent.cut || sent.writtenBytes < sent.body.sizeBytes ? [`> ${bodyWords(sent).at(-1)}`] : []),
    ...(answer?.interim ?? []).flatMap(headBlock),
    ...(answer ? [...headBlock(answer), ...bodyBlock(answer.body, '<')] : []),
    ...(broken?.head ? headBlock(broken.head) : []),
    ...(answer ? [] : [`< ${outcomeWords(exchange)}`]),
  ];
}

function headBlock({ status, reason, headers }: HeadRecord): readonly string[] {
  return [`< ${status} ${reason}`.trimEnd(), ...headers.map(([name, value]) => `< ${name}: ${value}`)];
}

function bodyBlock({ sizeBytes, text, parts, base64 }: BodyRecord, mark: string): readonly string[] {
  if (sizeBytes === 0) return [];
  const whence = (parts ?? []).map(
    ({ from, to }) => `bytes ${groupDigits(from)} to ${groupDigits(to - 1)} of the file`,
  );
  const shown = text ?? (base64 === undefined ? whence.join(', ') : `base64 ${base64}`);
  return [mark, `${mark} ${formatExactBytes(sizeBytes)}: ${shown}`];
}
