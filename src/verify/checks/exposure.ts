import { resolveLocation } from '../../protocol/urls.ts';
import { beginsAs, headerOf, isSuccess, outcomeOf } from '../answers.ts';
import { Blocked, type Check, check, Violation } from '../check.ts';
import { expectStatus, needed } from '../expect.ts';
import { safety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import {
  creationAnswers,
  EVIL_HOST,
  EVIL_ORIGIN,
  halfAnUpload,
  uploadedPage,
} from '../scenarios/exposure.ts';
import { derived, rfc } from '../sources.ts';

/** Section 16, last part: where uploads are said to be, and what they show to whom. */

const redirected = 'the client sends the video, and its credential, to another host';

export const exposureChecks: readonly Check[] = [
  check({
    id: 'sec.location.same-origin',
    level: safety,
    impact: 'security',
    spec: rfc(6750, '10.4'),
    says: 'Location stays on the host and port that the client talks to.',
    passes: 'a relative Location, or one with the same host and port',
    fails: 'another host or port (nothing is sent there)',
    matters: redirected,
    reads: creationAnswers,
    judge({ plain }) {
      const { url, posted } = placeOf(plain);
      if (url.host === posted.host || hasOtherSchemeOnly(url, posted)) return undefined;
      const actual = `Location leads to ${url.host}`;
      throw new Violation({ expected: posted.host, actual, evidence: [plain] });
    },
  }),
  check({
    id: 'sec.location.scheme-downgrade',
    level: { tus: 'safety', pulse: 'SHOULD', 'pulse-v1': 'safety' },
    impact: 'security',
    spec: derived('https protects nothing that is sent by http'),
    says: 'Behind https, Location is not http.',
    passes: 'a relative Location, or one with https',
    fails: 'http: the server does not know that a proxy in front of it speaks https',
    matters: 'the video travels readable for everybody on the way, or the client refuses to send it',
    needs: ['https'],
    reads: creationAnswers,
    judge({ plain }) {
      const { url } = placeOf(plain);
      if (url.protocol === 'https:') return undefined;
      throw new Violation({ actual: `Location begins with ${url.protocol}//`, evidence: [plain] });
    },
  }),
  check({
    id: 'sec.location.host-reflection',
    level: safety,
    impact: 'security',
    spec: derived('headers that anyone can send must not steer uploads'),
    says: 'A forged Host, X-Forwarded-Host or Forwarded does not steer Location to another host.',
    passes: 'a relative Location, the real host, or 4xx; the Host header itself in Location is noted',
    fails:
      'the host of a forwarding header in Location (a warning: behind a proxy that sets it, it is meant)',
    matters: redirected,
    reads: creationAnswers,
    judge({ forgedHost, forgedForwarding }) {
      for (const exchange of forgedForwarding) {
        expectStatus(exchange, ['2xx', '4xx']);
        if (!leadsTo(exchange, EVIL_HOST)) continue;
        const actual = `Location: ${headerOf(exchange, 'Location')}`;
        throw new Violation({ actual, atMost: 'warn', evidence: [exchange] });
      }
      return leadsTo(forgedHost, EVIL_HOST) ? 'Location repeats whatever host the request names' : undefined;
    },
  }),
  check({
    id: 'sec.exposure.in-progress',
    level: { tus: 'MAY', pulse: 'SHOULD' },
    impact: 'security',
    spec: derived('half a video is nothing to show'),
    says: 'What is not complete cannot be downloaded.',
    passes: '404, 405, 401, 403, or another answer without bytes of the file',
    fails: 'a success with the bytes that are there',
    matters: 'players show, and caches keep, videos that end in the middle',
    reads: halfAnUpload,
    judge({ patched, gotten }) {
      needed(patched, 'the first half');
      const [sent] = patched.sent.body.parts ?? [];
      const { answer } = gotten;
      if (sent === undefined || answer === undefined || !isSuccess(gotten) || !beginsAs(answer, sent.payload))
        return expectStatus(gotten, ['2xx', '3xx', '4xx', 501]);
      const actual = `${outcomeOf(gotten)} with ${answer.body.sizeBytes} bytes`;
      throw new Violation({ actual, evidence: [patched, gotten] });
    },
  }),
  check({
    id: 'sec.exposure.nosniff',
    level: safety,
    impact: 'security',
    spec: derived('uploaded pages must not run as pages of the server'),
    says: 'An uploaded HTML page does not run in the origin of the server.',
    passes:
      'Content-Disposition: attachment, or a type that no browser runs together with X-Content-Type-Options: nosniff',
    fails: 'text/html to be shown inline, or no type at all',
    matters: 'whoever may upload can run scripts with the rights of everyone who opens the link',
    reads: uploadedPage,
    judge({ gotten }) {
      if (!isSuccess(gotten)) return expectStatus(gotten, ['3xx', '4xx', 501]);
      if (/^\s*attachment\b/i.test(headerOf(gotten, 'Content-Disposition') ?? '')) return undefined;
      const type = headerOf(gotten, 'Content-Type');
      const isKept = /nosniff/i.test(headerOf(gotten, 'X-Content-Type-Options') ?? '');
      const isInert = type === undefined ? isKept : !/html|xml|svg|script/i.test(type);
      if (isInert) return undefined;
      const actual = `Content-Type: ${type ?? 'none'}, to be shown inline`;
      throw new Violation({ actual, evidence: [gotten] });
    },
  }),
  check({
    id: 'sec.cors.credentials',
    level: safety,
    impact: 'security',
    spec: {
      url: 'https://fetch.spec.whatwg.org/#http-cors-protocol',
      section: 'Fetch standard, CORS protocol',
    },
    says: 'Not every origin is let in together with credentials.',
    passes:
      'no CORS headers, or none of them for a strange origin together with Access-Control-Allow-Credentials: true',
    fails: 'both',
    matters: 'any page that a user visits can act on the server in his name',
    reads: creationAnswers,
    judge({ foreignOrigin }) {
      expectStatus(foreignOrigin, ['2xx', '4xx']);
      const origin = headerOf(foreignOrigin, 'Access-Control-Allow-Origin');
      const credentials = headerOf(foreignOrigin, 'Access-Control-Allow-Credentials');
      if ((origin !== '*' && origin !== EVIL_ORIGIN) || credentials !== 'true') return undefined;
      const actual = `Access-Control-Allow-Origin: ${origin}, Access-Control-Allow-Credentials: true`;
      throw new Violation({ actual, evidence: [foreignOrigin] });
    },
  }),
];

/** Where the answer to a creation leads, and where the creation went. */
function placeOf(created: Exchange): { readonly url: URL; readonly posted: URL } {
  needed(created, 'the creation');
  const posted = new URL(created.url);
  const location = headerOf(created, 'Location');
  if (location === undefined) throw new Blocked('the answer to POST has no Location', [created]);
  const url = resolveLocation(location, posted);
  if (url === undefined) throw new Blocked(`Location is no URL: ${location}`, [created]);
  return { url, posted };
}

/** http in place of https is a question of its own. */
function hasOtherSchemeOnly(url: URL, posted: URL): boolean {
  return url.protocol !== posted.protocol && url.hostname === posted.hostname && url.port === '';
}

function leadsTo(created: Exchange, host: string): boolean {
  const location = headerOf(created, 'Location');
  return location !== undefined && resolveLocation(location, new URL(created.url))?.hostname === host;
}
