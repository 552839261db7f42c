import { headerMembers, headerOf, isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { type Check, check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectHeader, expectNoHeader, expectStatus } from '../expect.ts';
import { may, should, tusMust, tusSafety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import {
  everyExtension,
  fromAnotherOrigin,
  largestUpload,
  optionsEverywhere,
} from '../scenarios/core-options.ts';
import { optionsVersions } from '../scenarios/core-version.ts';
import { pulseDocs, rfc, tus } from '../sources.ts';
import { expectUnmoved } from './no-effect.ts';

const options = tus('OPTIONS', 'options');
const extension = tus('Tus-Extension', 'tus-extension');
const maxSize = tus('Tus-Max-Size', 'tus-max-size');
const cors = pulseDocs('uploads/tus', 'CORS');

const discovery: readonly Check[] = [
  check({
    id: 'core.options.status',
    level: tusMust,
    impact: 'interoperability',
    spec: options,
    says: 'OPTIONS on the creation URL tells what the server can do, with 200 or 204.',
    passes: '200 or 204; 401 or 403 is noted',
    fails: 'anything else',
    matters: 'clients cannot find out which extensions they may use',
    reads: optionsVersions,
    judge: ({ plain }) => expectStatus(plain, [200, 204], { note: [401, 403] }),
  }),
  check({
    id: 'core.options.tus-version',
    level: tusMust,
    impact: 'interoperability',
    spec: options,
    says: 'That answer lists the versions of tus that the server speaks.',
    passes: 'Tus-Version',
    fails: 'a success without it, such as the Allow line that frameworks answer by themselves',
    matters: 'clients and proxies do not recognise an upload server',
    reads: optionsVersions,
    judge: ({ plain }) => expectHeader(discovered(plain), 'Tus-Version', /\S/, { expected: 'Tus-Version' }),
  }),
  check({
    id: 'core.options.extension-syntax',
    level: tusMust,
    impact: 'interoperability',
    spec: extension,
    says: 'Tus-Extension is a comma-separated list of names.',
    passes: 'lower-case names, none of them twice; names that nobody knows are noted',
    fails: 'an empty item, a name twice, another separator, or capital letters',
    matters: 'clients do not find an extension that is there',
    needs: ['extensions'],
    reads: optionsVersions,
    judge({ plain }) {
      const names = headerMembers(discovered(plain), 'Tus-Extension');
      const isList = names.every((name) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name));
      if (!isList || new Set(names).size < names.length) throw badHeader(plain, 'Tus-Extension');
      const unknown = names.filter((name) => !knownExtensions.has(name));
      return unknown.length === 0 ? undefined : `not in tus 1.0.0: ${unknown.join(', ')}`;
    },
  }),
  check({
    id: 'core.options.extension-omitted',
    level: tusMust,
    impact: 'interoperability',
    spec: extension,
    says: 'A server without extensions leaves Tus-Extension out.',
    passes: 'no Tus-Extension',
    fails: 'an empty one',
    matters: 'clients find an extension without a name',
    needs: ['no-extensions'],
    reads: optionsVersions,
    judge: ({ plain }) => expectNoHeader(discovered(plain), 'Tus-Extension'),
  }),
  check({
    id: 'core.options.dependencies',
    level: tusMust,
    impact: 'interoperability',
    spec: extension,
    says: 'An extension that builds on another is listed together with it.',
    passes: 'whatever is listed has what it builds on beside it',
    fails: 'creation-with-upload without creation, and the like',
    matters: 'clients use an extension whose ground is missing',
    needs: ['extensions'],
    reads: optionsVersions,
    judge({ plain }) {
      const names = headerMembers(discovered(plain), 'Tus-Extension');
      for (const [name, ground] of Object.entries(buildsOn)) {
        if (!names.includes(name) || names.includes(ground)) continue;
        throw new Violation({ actual: `${name} without ${ground}`, evidence: [plain] });
      }
      return undefined;
    },
  }),
  check({
    id: 'core.options.unadvertised',
    level: tusMust,
    impact: 'advice',
    spec: extension,
    says: 'An extension that works is advertised.',
    passes: 'what POST, PATCH and DELETE do is listed in Tus-Extension',
    fails: 'an extension works and is not listed (a warning)',
    matters: 'clients do not use what is there: they cannot remove uploads, for example',
    reads: everyExtension,
    judge(seen, { protocol }) {
      const listed = headerMembers(discovered(seen.options), 'Tus-Extension');
      // The Pulse documents make creation part of the protocol, and a server without extensions lists nothing.
      const isImplied = protocol === 'pulse' || headerOf(seen.options, 'Tus-Extension') === undefined;
      const working: readonly (readonly [string, Exchange | undefined])[] = [
        ['creation', isImplied ? undefined : seen.created],
        ['creation-with-upload', offsetOf(seen.withUpload) === 5 ? seen.withUpload : undefined],
        ['creation-defer-length', saysDeferred(seen.headDeferred) ? seen.deferred : undefined],
        ['checksum', seen.wrongChecksum.answer?.status === 460 ? seen.wrongChecksum : undefined],
        ['termination', isRemoved(seen) ? seen.deleted : undefined],
        ['expiration', [seen.created, seen.wrongChecksum].find(statesExpiry)],
      ];
      const unlisted = working.filter(([name, shown]) =>
        isSuccess(shown) || shown?.answer?.status === 460 ? !listed.includes(name) : false,
      );
      if (unlisted.length === 0) return undefined;
      throw new Violation({
        actual: `it works, but is not listed: ${unlisted.map(([name]) => name).join(', ')}`,
        atMost: 'warn',
        evidence: [seen.options, ...unlisted.map(([, shown]) => shown)],
      });
    },
  }),
];

const limits: readonly Check[] = [
  check({
    id: 'core.options.max-size-syntax',
    level: tusMust,
    impact: 'interoperability',
    spec: maxSize,
    says: 'Tus-Max-Size, where it is stated, is a non-negative integer.',
    passes: 'digits',
    fails: 'Infinity, null, a negative number, or nothing',
    matters: 'clients take it for 0, and refuse every file',
    needs: ['max-size'],
    reads: optionsVersions,
    judge: ({ plain }) =>
      expectHeader(discovered(plain), 'Tus-Max-Size', /^\d+$/, {
        expected: 'Tus-Max-Size: a number of bytes',
      }),
  }),
  check({
    id: 'core.options.max-size-announced',
    level: should,
    impact: 'advice',
    spec: maxSize,
    says: 'A server that does not take uploads of any size says how large they may be.',
    passes: 'an upload of 2^53 - 1 bytes can be created, or Tus-Max-Size is stated',
    fails: 'it is refused with 413 or 400, and nobody says what would not be',
    matters: 'a client learns that a file is too large only by trying',
    reads: largestUpload,
    judge({ options: asked, created }) {
      const { status } = expectAnswer(created);
      if (status !== 413 && status !== 400) return undefined;
      if (headerOf(asked, 'Tus-Max-Size') !== undefined) return undefined;
      const actual = `${outcomeOf(created)} to an upload of 2^53 - 1 bytes, and no Tus-Max-Size`;
      throw new Violation({ actual, evidence: [asked, created] });
    },
  }),
];

const effects: readonly Check[] = [
  check({
    id: 'core.options.any-path',
    level: may,
    impact: 'advice',
    spec: options,
    says: 'OPTIONS may be answered on an upload URL as well.',
    passes: 'a success with the same Tus-Version; a 4xx is noted',
    fails: 'a 5xx, a redirect, or no answer',
    matters: 'browsers ask OPTIONS on the upload URL before they send a chunk',
    reads: optionsEverywhere,
    judge({ plain, onUpload }) {
      const said = expectStatus(onUpload.exchange, ['2xx'], { note: ['4xx'] });
      if (said !== undefined || !isSuccess(plain)) return said;
      const [here, there] = [plain, onUpload.exchange].map((asked) => headerOf(asked, 'Tus-Version'));
      return here === there ? undefined : 'its Tus-Version differs from that of the creation URL';
    },
  }),
  check({
    id: 'core.options.no-side-effect',
    level: tusSafety,
    impact: 'data',
    spec: rfc(9110, '9.3.7'),
    says: 'OPTIONS creates nothing and changes nothing, whatever headers it carries.',
    passes: 'no Location, and the upload stands where it stood',
    fails: 'a success with Location, or an offset that moved',
    matters: 'every preflight of a browser leaves an upload behind',
    reads: optionsEverywhere,
    judge({ asIfCreating, onUpload }) {
      expectAnswer(asIfCreating);
      if (isSuccess(asIfCreating)) expectNoHeader(asIfCreating, 'Location');
      return expectUnmoved(onUpload);
    },
  }),
  check({
    id: 'core.options.cors-preflight',
    level: may,
    impact: 'security',
    spec: cors,
    says: 'A preflight of a browser is answered with what it asks for, or CORS is left alone altogether.',
    passes: 'the three Access-Control-Allow headers, or none; what is missing is noted',
    fails: 'any origin is allowed together with credentials',
    matters: 'any web page could upload with the credentials of its visitor',
    reads: fromAnotherOrigin,
    judge({ preflight }) {
      expectAnswer(preflight);
      const origin = headerOf(preflight, 'Access-Control-Allow-Origin');
      if (origin === undefined) return 'no CORS: web pages on other origins cannot upload';
      if (origin === '*' && headerOf(preflight, 'Access-Control-Allow-Credentials') === 'true') {
        const actual = 'Access-Control-Allow-Origin: * with Access-Control-Allow-Credentials: true';
        throw new Violation({ actual, evidence: [preflight] });
      }
      return missingInPreflight(preflight);
    },
  }),
  check({
    id: 'core.options.cors-expose',
    level: should,
    impact: 'interoperability',
    spec: cors,
    says: 'Where web pages on other origins may upload, they may read the headers that they need for it.',
    passes: 'Access-Control-Expose-Headers names Location and Upload-Offset wherever they are answered',
    fails: 'one of them is hidden; Upload-Length and Tus-Resumable are noted',
    matters: 'uploads from a web page fail with "invalid or missing offset", although the server answered it',
    reads: fromAnotherOrigin,
    judge({ created, patched, headed }) {
      const answers = [created, patched, headed].filter((exchange) => exchange !== undefined);
      const allowing = answers.filter(
        (answer) => headerOf(answer, 'Access-Control-Allow-Origin') !== undefined,
      );
      if (allowing.length === 0) throw new Skip('the server answers no CORS headers');
      for (const answer of allowing) {
        const hidden = hiddenIn(answer, ['Location', 'Upload-Offset']);
        if (hidden.length === 0) continue;
        const actual = `${answer.sent.method}: ${hidden.join(' and ')} cannot be read by a web page`;
        throw new Violation({ actual, evidence: [answer] });
      }
      const noted = allowing.flatMap((answer) => hiddenIn(answer, ['Upload-Length', 'Tus-Resumable']));
      return noted.length === 0 ? undefined : `hidden from web pages: ${[...new Set(noted)].join(', ')}`;
    },
  }),
];

export const coreOptions: Section = {
  number: 4,
  title: 'Core: OPTIONS and discovery',
  untestable: {},
  relevelled: {
    'core.options.cors-expose':
      'CORS is optional, but switched on without these headers it cannot work: the row itself asks for a warning',
  },
  checks: [...discovery, ...limits, ...effects].map((each) => ({
    ...each,
    needs: ['options', ...(each.needs ?? [])],
  })),
};

const knownExtensions = new Set([
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'expiration',
  'checksum',
  'checksum-trailer',
  'termination',
  'concatenation',
  'concatenation-unfinished',
]);

const buildsOn: Readonly<Record<string, string>> = {
  'creation-with-upload': 'creation',
  'creation-defer-length': 'creation',
  'concatenation-unfinished': 'concatenation',
  'checksum-trailer': 'checksum',
};

/** A discovery that succeeded: whether it does is a question of its own (core.options.status). */
function discovered(asked: Exchange): Exchange {
  expectAnswer(asked);
  if (isSuccess(asked)) return asked;
  throw new Skip(`OPTIONS does not succeed: ${outcomeOf(asked)}`);
}

function badHeader(exchange: Exchange, name: string): Violation {
  return new Violation({ actual: `${name}: ${headerOf(exchange, name)}`, evidence: [exchange] });
}

function saysDeferred(headed: Exchange | undefined): boolean {
  return isSuccess(headed) && headerOf(headed, 'Upload-Defer-Length') === '1';
}

function isRemoved({
  deleted,
  headDeleted,
}: {
  deleted: Exchange;
  headDeleted: Exchange | undefined;
}): boolean {
  return isSuccess(deleted) && !isSuccess(headDeleted);
}

function statesExpiry(exchange: Exchange): boolean {
  return isSuccess(exchange) && headerOf(exchange, 'Upload-Expires') !== undefined;
}

function missingInPreflight(preflight: Exchange): string | undefined {
  const wanted = {
    'Access-Control-Allow-Methods': ['patch'],
    'Access-Control-Allow-Headers': ['upload-offset', 'tus-resumable', 'content-type'],
  };
  const missing = Object.entries(wanted).flatMap(([header, names]) => {
    const allowed = headerMembers(preflight, header).map((name) => name.toLowerCase());
    return allowed.includes('*') ? [] : names.filter((name) => !allowed.includes(name));
  });
  return missing.length === 0 ? undefined : `the preflight does not allow ${missing.join(', ')}`;
}

/** Which of these headers the answer has, and keeps from web pages. */
function hiddenIn(answer: Exchange, names: readonly string[]): readonly string[] {
  const exposed = headerMembers(answer, 'Access-Control-Expose-Headers').map((name) => name.toLowerCase());
  if (exposed.includes('*')) return [];
  return names.filter(
    (name) => headerOf(answer, name) !== undefined && !exposed.includes(name.toLowerCase()),
  );
}
