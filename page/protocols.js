import { LostUpload, saysLost } from './memory.js';

/** What each protocol does its own way; the tus requests in between are the same. */

const tusHeaders = (file, metadata) => ({
  'Tus-Resumable': '1.0.0',
  'Upload-Length': String(file.size),
  'Upload-Metadata': Object.entries(metadata)
    .map(([key, value]) => `${key} ${base64(value)}`)
    .join(','),
});

const metadataOf = (file) => ({
  filename: file.name,
  filetype: file.type || 'application/octet-stream',
});

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

const idOf = (url) => new URL(url).pathname.split('/').at(-1);

/** Where the protocol has no finalize, the page asks the server what it stored. */
async function storedDigest({ ask, pending }) {
  const answer = await ask('GET', new URL(`page/checksum/${idOf(pending.url)}`, location.href).href, {});
  return answer.ok ? (await answer.json()).sha256 : undefined;
}

const bearer = (token) => (token === '' ? {} : { Authorization: `Bearer ${token}` });

export const protocols = {
  pulse: {
    name: 'the Pulse Cam facade of tus',
    credentials: (token) => (token === '' ? {} : { 'X-Upload-Token': token }),
    create: (facts, file) => ({ url: facts.creationPath, headers: tusHeaders(file, metadataOf(file)) }),
    finish: async ({ ask, pending, facts }) => {
      const body = new Blob([JSON.stringify({ uploadId: idOf(pending.url), filename: pending.file.name })]);
      const url = new URL(`${facts.creationPath}/finalize`, location.href).href;
      const answer = await ask('POST', url, { 'Content-Type': 'application/json' }, body);
      if (saysLost(answer)) throw new LostUpload();
      if (!answer.ok) throw new Error(`finalize answered ${answer.status}`);
      return (await answer.json()).checksum.replace(/^sha256:/, '');
    },
  },
  tus: {
    name: 'tus 1.0',
    credentials: bearer,
    create: (facts, file) => ({ url: facts.creationPath, headers: tusHeaders(file, metadataOf(file)) }),
    finish: storedDigest,
  },
  'pulse-v1': {
    name: 'the Pulse Upload Protocol v1',
    credentials: bearer,
    create: (facts, file) => ({
      url: facts.creationPath,
      headers: tusHeaders(file, { artifactId: newId(), filename: file.name, name: file.name }),
    }),
    finish: storedDigest,
  },
};

/** A random UUID; `crypto.randomUUID` is missing on plain http. */
function newId() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte, at) => {
    const value = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, '0');
  });
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
