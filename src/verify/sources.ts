import type { Source } from './check.ts';

/** Where requirements are written, as links that checks name in one word. */

const TUS = 'https://tus.io/protocols/resumable-upload';
const PULSE = 'https://github.com/mieweb/pulse/blob/main/docs/docs';

/** tus 1.0: the heading, and its anchor on the page. */
export function tus(heading: string, anchor: string): Source {
  return { url: `${TUS}#${anchor}`, section: `tus 1.0.0, ${heading}` };
}

/** The page on chunked uploads, which both sample servers come from. */
export function pulseChunked(heading: string): Source {
  return { url: `${PULSE}/uploads/chunked.md`, section: `Pulse Cam docs, Chunked Uploads, ${heading}` };
}

/** Any other page of the Pulse Cam documentation, such as `uploads/tus`. */
export function pulseDocs(page: string, heading: string): Source {
  return { url: `${PULSE}/${page}.md`, section: `Pulse Cam docs, ${page}, ${heading}` };
}

/** The Pulse Upload Protocol, version 1: the heading. */
export function pulseV1(heading: string): Source {
  return {
    url: 'https://github.com/mieweb/pulsevault/blob/main/PROTOCOL.md',
    section: `Pulse Upload Protocol v1, ${heading}`,
  };
}

/** The app of Pulse Cam: a file of its code, and what it does there. */
export function pulseApp(file: string, does: string): Source {
  return {
    url: `https://github.com/mieweb/pulse/blob/main/src/features/upload/${file}`,
    section: `Pulse Cam app, ${file}: ${does}`,
  };
}

export function rfc(number: 6585 | 6750 | 7578 | 9110 | 9112, section: string): Source {
  return {
    url: `https://www.rfc-editor.org/rfc/rfc${number}#section-${section}`,
    section: `RFC ${number}, ${section}`,
  };
}

/** Demanded by no text: follows from the purpose of a resumable upload, for the reason in `says` and `matters`. */
export function derived(from: string): Source {
  return { url: `${TUS}#abstract`, section: `follows from: ${from}` };
}
