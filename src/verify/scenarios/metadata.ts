import { isSuccess } from '../answers.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { servedArtifact } from './v1-artifacts.ts';

/** A creation with this Upload-Metadata, and HEAD on the upload where it came to be. */
export interface Described {
  /** The header's value as it was sent; absent where the header was left out. */
  readonly metadata?: string;
  readonly posted: Exchange;
  /** Absent where the creation was refused. */
  readonly headed?: Exchange;
}

async function describe(probe: Probe, pairs: string | undefined): Promise<Described> {
  const metadata = probe.metadata(pairs);
  const posted = await probe.post(10, { headers: { 'Upload-Metadata': metadata } });
  const headed = isSuccess(posted) ? await probe.head(probe.uploadOf(posted, 10)) : undefined;
  return { posted, ...(metadata !== undefined && { metadata }), ...(headed && { headed }) };
}

const base64 = (value: string | Uint8Array) => Buffer.from(value).toString('base64');

/** Where metadata is no promise (pulse), it is asked for only where the extension that has it is offered. */
const needs = ['creation-extension', 'head'] as const;

/** What every server must keep. */
export const goodMetadata = scenario({
  id: 'good-metadata',
  does: 'creates uploads with metadata of many kinds, all of them right, and one without any, and asks HEAD on each',
  needs,
  run: async (probe) => {
    const twenty = Array.from(
      { length: 20 },
      (_, index) => `key${index} ${base64(`${index} `.padEnd(50, 'x'))}`,
    );
    return {
      ordinary: await describe(probe, `filename ${base64(probe.fileName())},filetype ${base64('video/mp4')}`),
      valueless: await describe(probe, 'is_confidential'),
      valuelessWithSpace: await describe(probe, 'a ,b Yg=='),
      binary: await describe(
        probe,
        `data ${base64(Uint8Array.of(0x00, 0x01, 0x80, 0xff, 0xfe, 0x0d, 0x0a))}`,
      ),
      unicode: await describe(probe, `name ${base64('vidéo 🎥 日本')}`),
      many: await describe(probe, twenty.join(',')),
      none: await describe(probe, undefined),
    };
  },
});

/** What a client must not send: refused or left out, but never a reason to fall over. */
export const flawedMetadata = scenario({
  id: 'flawed-metadata',
  does: 'creates uploads with doubled, empty and non-ASCII keys, values that are no base64, blanks, and 20 KiB of metadata',
  needs,
  run: async (probe) => ({
    doubled: await describe(probe, 'a YQ==,a Yg=='),
    notBase64: [await describe(probe, 'a !!!'), await describe(probe, 'a YQ')],
    emptyKeys: [
      await describe(probe, 'a YQ==, YQ=='),
      await describe(probe, ','),
      await describe(probe, 'a YQ==,'),
    ],
    empty: await describe(probe, ''),
    spaced: await describe(probe, 'a YQ==, b Yg=='),
    nonAscii: await describe(probe, 'é YQ=='),
    long: await describe(probe, `long ${base64('x'.repeat(15 * 1024))}`),
    alive: await probe.alive(),
  }),
});

/** The header that a careless server writes for us. */
export const INJECTED = 'X-Injected';

export const headersInMetadata = scenario({
  id: 'headers-in-metadata',
  does: 'creates an upload whose file name, type and name hold a line break and a header, finishes it, and asks HEAD, and GET where the file is served',
  needs,
  run: async (probe) => {
    const value = base64(`x\r\n${INJECTED}: 1.mp4`);
    const file = probe.payload(SMALL_FILE_BYTES);
    const metadata = probe.metadata(
      ['filename', 'filetype', 'name'].map((key) => `${key} ${value}`).join(','),
    );
    const posted = await probe.post(file.sizeBytes, { headers: { 'Upload-Metadata': metadata } });
    if (!isSuccess(posted)) return { posted, asked: [] };
    const upload = probe.uploadOf(posted, file.sizeBytes);
    const before = await probe.head(upload);
    const patched = await probe.patch(upload, 0, file.part(0, SMALL_FILE_BYTES));
    const after = await probe.head(upload);
    const { artifactsUrl } = probe.target;
    const gotten = await (artifactsUrl === undefined
      ? probe.request('GET', upload.url)
      : servedArtifact(probe, upload, patched));
    return { posted, asked: [before, patched, after], gotten };
  },
});
