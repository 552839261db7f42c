/** The table of what the server holds. */

const table = document.getElementById('held');
const body = table.querySelector('tbody');
const player = document.getElementById('player');

function cell(...parts) {
  const made = document.createElement('td');
  made.append(...parts);
  return made;
}

function button(text, label, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.setAttribute('aria-label', label);
  made.addEventListener('click', act);
  return made;
}

const count = (bytes) => (bytes === undefined ? '?' : bytes.toLocaleString('en'));

/** Asks the server, and shows its answer. */
export async function listUploads(headers, token) {
  const answer = await fetch('page/uploads', { headers });
  const { uploads } = answer.ok ? await answer.json() : { uploads: [] };
  table.hidden = uploads.length === 0;
  const empty = document.getElementById('empty');
  empty.hidden = uploads.length > 0;
  empty.textContent = answer.ok ? 'Nothing yet.' : 'The server asks for its token before it tells.';
  body.replaceChildren(...uploads.map((upload) => row(upload, headers, token)));
}

function row(upload, headers, token) {
  const made = document.createElement('tr');
  const { id, name, offsetBytes, lengthBytes, sha256, isFinished, isVideo } = upload;
  const received =
    offsetBytes === lengthBytes
      ? `${count(offsetBytes)} bytes`
      : `${count(offsetBytes)} of ${count(lengthBytes)} bytes`;
  made.append(cell(name ?? id), cell(received), checksumCell(upload, headers, sha256));
  made.append(
    isFinished && isVideo
      ? cell(button('Play', `Play ${name ?? id}`, () => play(id, token)))
      : cell(isFinished ? '' : 'not finished'),
  );
  return made;
}

function checksumCell({ id, name, offsetBytes, lengthBytes }, headers, sha256) {
  if (sha256 !== undefined) return cell(sha256);
  if (offsetBytes !== lengthBytes) return cell('');
  const made = cell();
  made.append(
    button('Compute', `Compute the checksum of ${name ?? id}`, async () => {
      const answer = await fetch(`page/checksum/${id}`, { headers });
      made.textContent = answer.ok ? (await answer.json()).sha256 : `the server answered ${answer.status}`;
    }),
  );
  return made;
}

function play(id, token) {
  player.src = `page/files/${id}${token === '' ? '' : `?token=${encodeURIComponent(token)}`}`;
  player.hidden = false;
  player.focus();
  player.play().catch(() => {});
}
