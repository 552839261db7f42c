/** The requests and answers as they happen. */

const MOST_LINES = 300;
const shownHeaders = [
  'Upload-Length',
  'Upload-Offset',
  'Upload-Metadata',
  'Content-Type',
  'Location',
  'Protocol-Version',
];

const list = document.getElementById('wire');

function line(parts, detail) {
  const item = document.createElement('li');
  item.append(...parts);
  if (detail) item.append(styled('small', detail));
  list.append(item);
  while (list.children.length > MOST_LINES) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
  return item;
}

function styled(tag, text, kind = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = kind;
  return made;
}

function described(read) {
  return shownHeaders
    .map((name) => [name, read(name)])
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}: ${value}`)
    .join(' · ');
}

/** Shows a request; what comes back is called with its answer, or with nothing where none came. */
export function logRequest(method, url, headers, bodyBytes) {
  const item = line(
    [styled('b', method), ` ${new URL(url).pathname} `],
    described((name) => headers[name]),
  );
  const size = bodyBytes ? `${bodyBytes.toLocaleString('en')} bytes ` : '';
  item.insertBefore(document.createTextNode(size), item.querySelector('small'));
  return (answer) => {
    const outcome = answer ? `→ ${answer.status}` : '→ no answer';
    const kind = answer?.ok ? 'good' : 'bad';
    item.insertBefore(styled('span', outcome, kind), item.querySelector('small'));
    const said = answer && described((name) => answer.headers.get(name));
    if (said) item.append(styled('small', `← ${said}`));
    void appendBody(item, answer);
    list.scrollTop = list.scrollHeight;
  };
}

/** What the server says in words: the checksum of finalize, or what it did not like. */
async function appendBody(item, answer) {
  if (!answer?.headers.get('Content-Type')?.startsWith('application/json')) return;
  item.append(styled('small', `← ${await answer.clone().text()}`));
  list.scrollTop = list.scrollHeight;
}

export function logWord(text, kind = '') {
  line([styled('span', text, kind)]);
}
