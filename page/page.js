import { listUploads } from './held.js';
import { forget, LostUpload, recall, remember, saysLost } from './memory.js';
import { protocols } from './protocols.js';
import { logRequest, logWord } from './wire.js';

/** The page of the reference server: one upload at a time, by hand and in the open. */

const CHUNK_BYTES = 1024 * 1024;
const RETRY_DELAY_MS = 1000;

const element = (id) => document.getElementById(id);
const facts = await (await fetch('page/facts')).json();
const protocol = protocols[facts.protocol];

/** What the person at the page wants; `wake` ends a wait early. */
const wish = { paused: false, cut: false, wake: () => {}, abort: undefined };

element('protocol').textContent = protocol.name;
element('token-row').hidden = !facts.asksForToken;
element('token-row').addEventListener('submit', (event) => event.preventDefault());
element('token').value = sessionStorage.getItem('token') ?? '';
element('token').addEventListener('change', ({ target }) => {
  sessionStorage.setItem('token', target.value);
  void refresh();
});

const token = () => element('token').value;
const refresh = () => listUploads(protocol.credentials(token()), token());

/** Sends one request, shows it, and gives back the answer; undefined where the connection broke. */
async function ask(method, url, headers, body) {
  const control = new AbortController();
  wish.abort = () => control.abort();
  const all = { ...headers, ...protocol.credentials(token()) };
  const answered = logRequest(method, url, headers, body?.size);
  if (wish.cut) setTimeout(wish.abort);
  try {
    const answer = await fetch(url, { method, headers: all, body, signal: control.signal });
    answered(answer);
    return answer;
  } catch {
    answered(undefined);
    return undefined;
  } finally {
    wish.abort = undefined;
    // One wish, one request: the next one is to get through.
    wish.cut = false;
  }
}

function say(text, kind = '') {
  element('status').textContent = text;
  element('status').className = kind;
}

const sizes = new Intl.NumberFormat('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const mebibytes = (bytes) => `${sizes.format(bytes / CHUNK_BYTES)} MiB`;

function show(pending, offset) {
  element('bar').value = pending.file.size === 0 ? 1 : offset / pending.file.size;
  if (wish.paused) return;
  say(`${pending.file.name}: ${mebibytes(offset)} of ${mebibytes(pending.file.size)} are on the server`);
}

function wait(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wish.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

async function untilWanted() {
  while (wish.paused) await wait(60_000);
}

/** What stands behind the last chunk says the same however often it is asked: until there is an answer. */
async function askUntilAnswered(...request) {
  for (;;) {
    const answer = await ask(...request);
    if (answer !== undefined) return answer;
    await wait(RETRY_DELAY_MS);
  }
}

/** The server's offset is the only truth: HEAD says where to go on. */
async function offsetOf(pending) {
  for (;;) {
    const answer = await ask('HEAD', pending.url, { 'Tus-Resumable': '1.0.0' });
    if (answer?.ok) return Number(answer.headers.get('Upload-Offset'));
    if (saysLost(answer)) throw new LostUpload();
    if (answer && answer.status < 500 && answer.status !== 423)
      throw new Error(`HEAD answered ${answer.status}`);
    await wait(RETRY_DELAY_MS);
  }
}

/** Brings the file over, from the server's offset on, until all of it is there. */
async function send(pending) {
  let offset = await offsetOf(pending);
  while (offset < pending.file.size) {
    show(pending, offset);
    void refresh();
    await untilWanted();
    const startedMs = performance.now();
    const chunk = pending.file.slice(offset, offset + CHUNK_BYTES);
    const answer = await ask('PATCH', pending.url, patchHeaders(offset), chunk);
    const accepted = answer?.status === 204 ? Number(answer.headers.get('Upload-Offset')) : undefined;
    if (answer && [401, 403, 413, 415].includes(answer.status))
      throw new Error(`PATCH answered ${answer.status}`);
    if (accepted === undefined) {
      logWord('after a doubtful chunk only the server knows how much it has');
      await wait(RETRY_DELAY_MS);
    }
    const next = accepted ?? (await offsetOf(pending));
    await pace(next - offset, startedMs);
    offset = next;
  }
  show(pending, offset);
}

function patchHeaders(offset) {
  return {
    'Tus-Resumable': '1.0.0',
    'Upload-Offset': String(offset),
    'Content-Type': 'application/offset+octet-stream',
  };
}

/** A slow line is made by waiting, so that there is time to watch, pause and cut. */
async function pace(bytes, startedMs) {
  const bytesPerSecond = Number(element('speed').value);
  if (bytesPerSecond === 0) return;
  await wait((1000 * bytes) / bytesPerSecond - (performance.now() - startedMs));
}

async function begin(file) {
  const { url, headers } = protocol.create(facts, file);
  const answer = await ask('POST', new URL(url, location.href).href, headers);
  if (answer?.status !== 201) throw new Error(`POST answered ${answer?.status ?? 'nothing'}`);
  return { file, url: new URL(answer.headers.get('Location'), location.href).href };
}

/** From the file, or from what an earlier page left, to the proof. */
async function run(start) {
  wish.paused = false;
  wish.cut = false;
  element('result').hidden = true;
  enable(true);
  try {
    const pending = await start();
    await remember(pending);
    await send(pending);
    const stored = await protocol.finish({ ask: askUntilAnswered, pending, facts });
    await forget();
    await tell(pending, stored);
  } catch (error) {
    if (error instanceof LostUpload) await forget();
    say(`Stopped: ${error.message}.`, 'bad');
  } finally {
    enable(false);
    await refresh();
  }
}

function enable(running) {
  element('pause').disabled = !running;
  element('cut').disabled = !running;
  element('file').disabled = running;
  element('pause').textContent = 'Pause';
}

async function tell({ file, url }, stored) {
  const own = await digestOf(file);
  const equal = own !== undefined && own === stored;
  const words = {
    url,
    size: `${file.size.toLocaleString('en')} bytes`,
    sha256: stored ?? 'the server says none',
    proven: equal
      ? 'yes, the server holds exactly these bytes'
      : own === undefined
        ? 'no, this browser could not compute the checksum of the file'
        : `no, the file has ${own}`,
  };
  element('result').replaceChildren(
    ...Object.entries(words).flatMap(([name, text]) => {
      const [term, description] = [document.createElement('dt'), document.createElement('dd')];
      term.textContent = name;
      description.textContent = text;
      return [term, description];
    }),
  );
  element('result').hidden = false;
  say(
    equal ? `${file.name} is on the server, proven.` : `${file.name} is on the server.`,
    equal ? 'good' : '',
  );
}

/** Undefined where the page is not a secure context, or the file is too large to be read at once. */
async function digestOf(file) {
  if (globalThis.crypto?.subtle === undefined || file.size > 512 * CHUNK_BYTES) return undefined;
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function choose(file) {
  if (file === undefined || element('file').disabled) return;
  void run(() => begin(file));
}

element('file').addEventListener('change', ({ target }) => choose(target.files[0]));
element('drop').addEventListener('dragover', (event) => {
  event.preventDefault();
  element('drop').classList.add('over');
});
element('drop').addEventListener('dragleave', () => element('drop').classList.remove('over'));
element('drop').addEventListener('drop', (event) => {
  event.preventDefault();
  element('drop').classList.remove('over');
  choose(event.dataTransfer.files[0]);
});
element('pause').addEventListener('click', () => {
  wish.paused = !wish.paused;
  element('pause').textContent = wish.paused ? 'Go on' : 'Pause';
  if (wish.paused) say('Paused. The server keeps what it has.');
  wish.wake();
});
element('cut').addEventListener('click', () => {
  logWord('the connection is cut', 'bad');
  wish.cut = true;
  wish.abort?.();
  wish.wake();
});

await refresh();
const left = await recall();
if (left === undefined) {
  enable(false);
} else {
  logWord(`going on with ${left.file.name}, which an earlier page had begun`);
  await run(async () => left);
}
