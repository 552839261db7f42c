import { offsetOf } from '../answers.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Request } from '../probe/request.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { afterInvitation, afterRefusal } from './invitation.ts';
import { overOneConnection } from './over-one-connection.ts';
import { trialOf } from './trial.ts';

const MiB = 1024 * 1024;

/** A chunk whose body is held back until the server asks for it. */
export const invitedBody = scenario({
  id: 'invited-body',
  does: 'sends the head of a PATCH with Expect: 100-continue, waits up to 3 s to be asked for the body, and sends it',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const begun = await probe.begin('PATCH', upload.url, heldBack(probe, 0, file.part(0, SMALL_FILE_BYTES)));
    return { created: upload.created, ...(await afterInvitation(probe, begun)) };
  },
});

/** A chunk that cannot be right, as its head shows. */
export const refusedBeforeBody = scenario({
  id: 'refused-before-body',
  does: 'sends the head of a PATCH at a wrong offset with Expect: 100-continue, and the body only if no answer comes within 5 s',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const begun = await probe.begin('PATCH', upload.url, heldBack(probe, 5, file.part(5, SMALL_FILE_BYTES)));
    return { created: upload.created, ...(await afterRefusal(probe, begun)) };
  },
});

const LARGE_BYTES = 8 * MiB;

/** More than socket buffers hold, so that the refusal comes while the body is still being sent. */
export const largeRefused = scenario({
  id: 'large-body-refused',
  does: 'sends a chunk of 8 MiB at a wrong offset',
  sendsBytes: LARGE_BYTES,
  run: async (probe) => {
    const file = probe.payload(LARGE_BYTES + SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const wrong = file.part(SMALL_FILE_BYTES, LARGE_BYTES + SMALL_FILE_BYTES);
    return trialOf(probe, upload, 0, () => probe.patch(upload, SMALL_FILE_BYTES, wrong));
  },
});

export const headOverHttp10 = scenario({
  id: 'head-over-http-1.0',
  does: 'asks HEAD by HTTP/1.0, and waits for the connection to be closed',
  needs: ['head'],
  run: async (probe) => {
    const upload = await probe.create(SMALL_FILE_BYTES);
    const link = await probe.open();
    const exchange = await link.send({ ...headOf(upload), version: '1.0' });
    const peer = await link.peerEnd(1000);
    link.close();
    return { exchange, peer };
  },
});

/** The same headers, in letters and with blanks that HTTP gives no meaning. */
export const otherHeaderSpellings = scenario({
  id: 'other-header-spellings',
  does: 'creates and sends with header names in odd letters, and sends with blanks around a header value',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const posted = await probe.post(SMALL_FILE_BYTES, {
      headers: { 'Upload-LENGTH': String(SMALL_FILE_BYTES), 'TUS-RESUMABLE': '1.0.0' },
    });
    const upload = await probe.create(SMALL_FILE_BYTES);
    const letters = await probe.patch(upload, 0, file.part(0, 4), {
      headers: { 'upload-offset': '0', 'TUS-RESUMABLE': '1.0.0', 'cONTENT-tYPE': OCTETS },
    });
    const padded = await probe.create(SMALL_FILE_BYTES);
    const blanks = await probe.patch(padded, 0, file.part(0, 4), {
      headers: { 'Upload-Offset': '  0  ' },
    });
    return { posted, letters, blanks };
  },
});

const OCTETS = 'application/offset+octet-stream';

/** GET where it means nothing to the protocol, and once with the answer left unread. */
export const getOnUpload = scenario({
  id: 'get-on-upload',
  does: 'asks GET on an upload of which half is there, again once it is complete, and leaves one answer unread',
  run: async (probe) => {
    const file = probe.payload(64 * 1024);
    const half = file.sizeBytes / 2;
    const upload = await probe.create(file.sizeBytes);
    const first = await probe.patch(upload, 0, file.part(0, half));
    const unfinished = await probe.request('GET', upload.url);
    const finish = await probe.finish(upload, file, { from: offsetOf(first) ?? 0 });
    const finished = await probe.request('GET', upload.url);
    const abandoned = await probe.begin('GET', upload.url);
    abandoned.link.reset();
    return { first, unfinished, finish, finished, alive: await probe.alive() };
  },
});

/** Every request of an upload over one connection, as long as the server keeps it. */
export const oneConnection = scenario({
  id: 'one-connection',
  does: 'creates an upload and sends it in three chunks with HEAD behind them, all over one connection',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const send = overOneConnection(probe);
    const created = await send.request({
      method: 'POST',
      url: new URL(probe.target.createUrl),
      headers: {
        'Tus-Resumable': '1.0.0',
        'Upload-Length': String(file.sizeBytes),
        'Upload-Metadata': probe.metadata(),
      },
    });
    const upload = probe.uploadOf(created, file.sizeBytes);
    const patches: Exchange[] = [];
    for (const [from, to] of [
      [0, 4],
      [4, 7],
      [7, SMALL_FILE_BYTES],
    ] as const) {
      patches.push(await send.request(chunk(probe, upload, from, file.part(from, to))));
    }
    const head = probe.target.headless === undefined ? await send.request(headOf(upload)) : undefined;
    return { patches, ...(head && { head }), connections: send.connections() };
  },
});

const IDLE_MS = 10_000;

/** A connection that nothing uses for longer than many servers keep one. */
export const idleConnection = scenario({
  id: 'idle-connection',
  does: 'sends a chunk, leaves the connection alone for 10 s, and sends the next chunk',
  needs: ['slow'],
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const link = await probe.open();
    const first = await link.send(chunk(probe, upload, 0, file.part(0, 4)));
    const peer = await link.peerEnd(IDLE_MS);
    await probe.pause(peer === 'open' ? 0 : 200);
    const kept = link.isReusable()
      ? await link.send(chunk(probe, upload, 4, file.part(4, SMALL_FILE_BYTES)))
      : undefined;
    link.close();
    const finish = await probe.finish(upload, file);
    return { first, ...(kept && { kept }), finish };
  },
});

function heldBack(probe: Probe, offset: number, body: Parameters<Probe['patchOptions']>[1]) {
  const options = probe.patchOptions(offset, body, { headers: { Expect: '100-continue' } });
  return { ...options, stallAfterBytes: 0 };
}

function headOf(upload: Upload): Request {
  return { method: 'HEAD', url: new URL(upload.url), headers: { 'Tus-Resumable': '1.0.0' } };
}

function chunk(
  probe: Probe,
  upload: Upload,
  offset: number,
  body: Parameters<Probe['patchOptions']>[1],
): Request {
  return { ...probe.patchOptions(offset, body), method: 'PATCH', url: new URL(upload.url) };
}
