import { headerOf, isSuccess, jsonOf } from '../answers.ts';
import { Blocked, check, type Section, Violation } from '../check.ts';
import {
  expectAnswer,
  expectFinished,
  expectHeader,
  expectRefused,
  expectStatus,
  needed,
} from '../expect.ts';
import { pulseMay, pulseMust, pulseSafety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import {
  appsUpload,
  creations,
  health,
  healthDuringPatch,
  locationBelowPrefix,
} from '../scenarios/pulse-classic.ts';
import { derived, pulseChunked, pulseDocs } from '../sources.ts';

const servers = pulseChunked('both sample servers');
const cannotUpload = 'the app cannot upload to this server';

/** How long /health may take beside an upload, whatever the line. */
const HEALTH_MS = 2000;

export const pulseClassic: Section = {
  number: 17,
  title: 'Pulse classic: health, create, head, patch',
  untestable: {},
  checks: [
    check({
      id: 'pulse.health.200',
      level: pulseMust,
      impact: 'interoperability',
      spec: servers,
      says: 'GET /health answers 200.',
      passes: '200',
      fails: 'anything else',
      matters: 'the app takes the server for unreachable',
      reads: health,
      judge: ({ asked }) => expectStatus(asked, [200]),
    }),
    check({
      id: 'pulse.health.body',
      level: pulseMust,
      impact: 'interoperability',
      spec: pulseDocs('uploads/pulsevault', 'Health Check'),
      says: '/health answers with JSON whose status is OK.',
      passes: 'Content-Type application/json and status "OK"; further fields are fine',
      fails: 'no JSON, no status, or another spelling',
      matters: 'clients that look for a Pulse server take this one for something else',
      reads: health,
      judge({ asked }) {
        expectHeader(asked, 'Content-Type', /^application\/json\s*(;|$)/i, {
          expected: 'Content-Type: application/json',
        });
        const status = jsonOf(asked)?.status;
        if (status === 'OK') return undefined;
        const actual = `status is ${JSON.stringify(status) ?? 'missing'}`;
        throw new Violation({ expected: 'a JSON object with status "OK"', actual, evidence: [asked] });
      },
    }),
    check({
      id: 'pulse.health.public',
      level: pulseMay,
      impact: 'advice',
      spec: servers,
      says: '/health asks for no credential.',
      passes: '200 to a request without any',
      fails: '401 or 403, or no answer',
      matters: 'monitors and clients without a token cannot see that the server runs',
      reads: health,
      judge: ({ withoutCredential }) => expectStatus(withoutCredential, ['2xx']),
    }),
    check({
      id: 'pulse.health.cheap',
      level: pulseSafety,
      impact: 'resume',
      spec: derived('/health says whether the server can be used'),
      says: '/health answers while a chunk is on its way.',
      passes: `200 within ${HEALTH_MS / 1000} s, or not much later than without the chunk`,
      fails: 'it waits for the chunk, or fails',
      matters: 'one slow phone makes the server look dead to all others',
      reads: healthDuringPatch,
      judge({ quiet, asked }) {
        const usualMs = elapsedMs(quiet);
        const limitMs = Math.max(HEALTH_MS, 5 * usualMs);
        for (const exchange of asked) expectStatus(exchange, ['2xx']);
        const fastest = asked.toSorted((one, other) => elapsedMs(one) - elapsedMs(other))[0];
        const tookMs = elapsedMs(fastest);
        if (tookMs <= limitMs) return undefined;
        const actual = `200 after ${Math.round(tookMs)} ms; ${Math.round(usualMs)} ms without the chunk`;
        throw new Violation({ expected: `200 within ${limitMs} ms`, actual, evidence: [fastest] });
      },
    }),
    check({
      id: 'pulse.create.201',
      level: pulseMust,
      impact: 'interoperability',
      spec: servers,
      says: 'POST /uploads with a size and the tus version answers 201.',
      passes: '201',
      fails: 'anything else',
      matters: cannotUpload,
      reads: creations,
      judge: ({ plain }) => expectStatus(plain, [201]),
    }),
    check({
      id: 'pulse.create.location',
      level: pulseMust,
      impact: 'interoperability',
      spec: servers,
      says: 'Location leads to /uploads/<id>, relative or absolute.',
      passes: 'the path ends in /uploads/ and one segment, without a query',
      fails: 'it is missing, or has another shape',
      matters: 'the app takes what stands behind the last slash for the uploadId, and finalizes nothing',
      reads: creations,
      judge({ plain }, { createUrl }) {
        const location = headerOf(needed(plain, 'the creation'), 'Location');
        const expected = 'a Location like /uploads/<id>';
        if (location === undefined) {
          throw new Violation({ expected, actual: 'no Location', evidence: [plain] });
        }
        const url = URL.canParse(location, createUrl) ? new URL(location, createUrl) : undefined;
        if (url && url.search === '' && url.hash === '' && /\/uploads\/[^/]+$/.test(url.pathname)) {
          return undefined;
        }
        throw new Violation({ expected, actual: `Location: ${location}`, evidence: [plain] });
      },
    }),
    check({
      id: 'pulse.create.location.base-path',
      level: pulseSafety,
      impact: 'interoperability',
      spec: derived('the app joins its base URL and Location as texts'),
      says: 'Location leads to the upload by the rules of URLs, also where the server is below a path.',
      passes: 'the upload is where Location leads; that the old app would look elsewhere is noted',
      fails: 'nothing is there: a deviation where the prefix is only missing, a failure otherwise',
      matters: 'clients that follow the rules of URLs find no upload behind this proxy',
      reads: locationBelowPrefix,
      judge({ created, resolved, joined }) {
        if (resolved === undefined) {
          const actual = `Location: ${headerOf(created, 'Location')}`;
          throw new Violation({ expected: 'a Location that is a URL', actual, evidence: [created] });
        }
        const isJoined = isSuccess(joined.asked);
        if (isSuccess(resolved.asked)) {
          const isFound = resolved.url === joined.url || isJoined;
          return isFound ? undefined : `the old app would look for the upload at ${joined.url}`;
        }
        expectAnswer(resolved.asked, { expected: 'the upload is where Location leads' });
        throw new Violation({
          expected: 'the upload is where Location leads',
          actual: isJoined
            ? `Location leads to ${resolved.url}, but the upload is at ${joined.url}`
            : `no upload at ${resolved.url}`,
          evidence: [created, resolved.asked, joined.asked],
          ...(isJoined && { atMost: 'warn' as const }),
        });
      },
    }),
    check({
      id: 'pulse.create.tus-resumable',
      level: pulseMust,
      impact: 'interoperability',
      spec: servers,
      says: 'The answer to the creation names the tus version.',
      passes: 'Tus-Resumable: 1.0.0',
      fails: 'no Tus-Resumable, or another version',
      matters: 'tus clients take the server for one that does not speak their protocol',
      reads: creations,
      judge: ({ plain }) => expectHeader(needed(plain, 'the creation'), 'Tus-Resumable', '1.0.0'),
    }),
    check({
      id: 'pulse.create.upload-id',
      level: pulseMust,
      impact: 'interoperability',
      spec: servers,
      says: 'The last segment of Location is the uploadId that finalize takes.',
      passes: 'finalize succeeds with it',
      fails: 'finalize does not know it',
      matters: 'every upload ends with a 404 at its very end',
      reads: appsUpload,
      judge({ patched, finish, finalized }) {
        expectStatus(patched, ['2xx']);
        expectFinished(finish);
        const { status } = expectAnswer(finalized);
        if (status === 401 || status === 403) throw new Blocked(`finalize answered ${status}`, [finalized]);
        return expectStatus(finalized, ['2xx']);
      },
    }),
    check({
      id: 'pulse.create.unauthenticated',
      level: pulseMay,
      impact: 'advice',
      spec: pulseDocs('uploads', 'Authentication'),
      says: 'Creation and chunks need no token in this dialect: it comes with finalize.',
      passes: '201 to a creation without a token',
      fails: 'any refusal',
      matters: 'stricter than the dialect: the classic app cannot upload here',
      reads: creations,
      judge: ({ withoutCredential }) => expectStatus(withoutCredential, [201]),
    }),
    check({
      id: 'pulse.create.octet-type',
      level: pulseMust,
      impact: 'interoperability',
      spec: pulseDocs('uploads/tus', 'Create'),
      says: 'The media type of chunks is accepted on the empty POST, as the app sends it.',
      passes: '201',
      fails: 'anything else',
      matters: cannotUpload,
      reads: creations,
      judge: ({ asTheApp }) => expectStatus(asTheApp, [201]),
    }),
    check({
      id: 'pulse.create.bad-length',
      level: pulseSafety,
      impact: 'data',
      spec: derived('the size is what tells a complete upload from a broken one'),
      says: 'A missing or senseless size is refused.',
      passes: '4xx to no Upload-Length, to -5 and to abc',
      fails: 'an upload is created, or a 5xx',
      matters: 'the server cannot know when such an upload is complete',
      reads: creations,
      judge({ senseless }) {
        for (const [what, exchange] of Object.entries(senseless)) {
          expectRefused(exchange, { expected: `4xx to ${what}` });
        }
        return undefined;
      },
    }),
  ],
};

function elapsedMs(exchange: Exchange | undefined): number {
  return exchange === undefined ? 0 : (exchange.endedMs ?? 0) - exchange.sentMs;
}
