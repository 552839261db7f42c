import { headerMembers, headerOf, headerValues, isSuccess, outcomeOf } from '../answers.ts';
import { Blocked, check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectNoHeader, expectStatus, remarks } from '../expect.ts';
import { commonlyMissing, may, tusMust, tusSafety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { wholeRun } from '../scenario.ts';
import { basicFlow, refusals, termination } from '../scenarios/basic-flow.ts';
import { noVersion, optionsVersions, twoVersions, wrongVersion } from '../scenarios/core-version.ts';
import { rfc, tus } from '../sources.ts';
import { isClean, placesOf } from './clean-target.ts';

const resumable = tus('Tus-Resumable', 'tus-resumable');
const versions = tus('Tus-Version', 'tus-version');

export const coreVersion: Section = {
  number: 1,
  title: 'Core: version negotiation and common headers',
  untestable: {},
  checks: [
    check({
      id: 'core.version.response-header',
      level: tusMust,
      impact: 'interoperability',
      spec: resumable,
      says: 'Every answer but those to OPTIONS names the protocol version that the server speaks.',
      passes:
        'Tus-Resumable: 1.0.0 in the answers to POST, PATCH, HEAD and DELETE where uploads are created and kept',
      fails: 'a success without it, or with another value',
      matters: 'clients that check the version take the server for one that does not speak tus, and stop',
      reads: wholeRun(basicFlow, termination),
      judge({ exchanges }, target) {
        const places = placesOf(exchanges, target);
        const successes = exchanges.filter(
          (exchange) =>
            isProtocolRequest(exchange, places) && isSuccess(exchange) && exchange.scenario !== 'discovery',
        );
        if (successes.length === 0) throw new Blocked('no request of the protocol succeeded');
        return everyOne(successes);
      },
    }),
    check({
      id: 'core.version.response-header-on-error',
      level: tusMust,
      impact: 'interoperability',
      spec: resumable,
      says: 'The answers to requests that fail name the protocol version too.',
      passes: 'Tus-Resumable: 1.0.0 in the answers 404, 409, 412, 413 and 415',
      fails: 'an error of the upload layer without it (a warning: proxies answer too)',
      matters: 'clients cannot tell an answer of the upload server from one of something in between',
      reads: refusals,
      judge({ headUnknown, tooEarly, wrongType }) {
        const errors = [headUnknown, tooEarly, wrongType].filter(isOfUploadLayer);
        if (errors.length === 0) throw new Skip('none of the requests was refused by the upload layer');
        return everyOne(errors, 'warn');
      },
    }),
    check({
      id: 'core.version.unsupported.412',
      level: tusMust,
      impact: 'interoperability',
      spec: resumable,
      says: 'A request that announces a version which the server does not speak is answered 412.',
      passes: '412 to POST, PATCH and DELETE with Tus-Resumable: 0.0.9',
      fails: 'a success; any other 4xx is a deviation',
      matters: 'a client of another version believes that it was understood',
      reads: wrongVersion,
      judge({ posted, patched, deleted }) {
        const probes = [posted, patched, ...(deleted ? [deleted] : [])];
        return remarks(...probes.map((probe) => expectStatus(probe, [412], { warn: ['4xx'] })));
      },
    }),
    check({
      id: 'core.version.unsupported.tus-version',
      level: commonlyMissing,
      impact: 'advice',
      spec: resumable,
      says: 'That 412 carries the list of versions that the server does speak.',
      passes: 'Tus-Version with 1.0.0 in the 412',
      fails: 'a 412 without it (known in tusd and @tus/server)',
      matters: 'a client cannot choose a version that both sides speak',
      reads: wrongVersion,
      judge({ posted, patched }) {
        const refused = [posted, patched].filter(({ answer }) => answer?.status === 412);
        if (refused.length === 0) throw new Skip('there is no 412 to look at');
        for (const exchange of refused) {
          if (headerMembers(exchange, 'Tus-Version').includes('1.0.0')) continue;
          const actual = `412 with ${stated(exchange, 'Tus-Version')}`;
          throw new Violation({ expected: 'Tus-Version with 1.0.0', actual, evidence: [exchange] });
        }
        return undefined;
      },
    }),
    check({
      id: 'core.version.unsupported.not-processed',
      level: tusMust,
      impact: 'data',
      spec: resumable,
      says: 'A request of a version that the server does not speak has no effect.',
      passes: 'no Location in the answer to POST, and the offset as before PATCH',
      fails: 'an upload was created, or the offset moved',
      matters: 'bytes are stored under rules that the client did not mean',
      reads: wrongVersion,
      judge({ posted, patched, after }) {
        expectNoHeader(posted, 'Location');
        if (after.bytes === undefined) throw new Blocked('the server does not say where the upload stands');
        if (after.bytes === 0) return undefined;
        const actual = `the upload stands at ${after.bytes}`;
        throw new Violation({ expected: 'offset 0', actual, evidence: [patched, ...after.exchanges] });
      },
    }),
    check({
      id: 'core.version.missing',
      level: may,
      impact: 'advice',
      spec: resumable,
      says: 'A request that announces no version at all may be refused or served.',
      passes: '412 or 400, or 201',
      fails: 'a 5xx, or no answer',
      matters: 'browsers and curl send such requests by accident',
      reads: noVersion,
      judge: ({ posted }) => expectStatus(posted, ['2xx'], { note: ['4xx'], expected: '201, 400 or 412' }),
    }),
    check({
      id: 'core.version.head-unsupported',
      level: commonlyMissing,
      impact: 'advice',
      spec: resumable,
      says: 'HEAD is no exception: a version that the server does not speak is answered 412.',
      passes: '412; a success is noted, because good servers leave HEAD out on purpose',
      fails: 'a 5xx, a redirect, or no answer; any other 4xx is a deviation',
      matters: 'a client of another version believes that it was understood',
      needs: ['head'],
      reads: wrongVersion,
      judge: ({ headed }) => expectStatus(headed, [412], { note: ['2xx'], warn: ['4xx'] }),
    }),
    check({
      id: 'core.version.options-ignores-header',
      level: tusMust,
      impact: 'interoperability',
      spec: tus('OPTIONS', 'options'),
      says: 'OPTIONS disregards Tus-Resumable, whatever its value.',
      passes: 'the same status and the same Tus-* headers with Tus-Resumable: 9.9.9 as without',
      fails: '412, or other capabilities',
      matters: 'a client of a newer version cannot find out what the server speaks',
      needs: ['options'],
      reads: optionsVersions,
      judge({ plain, strange }) {
        for (const asked of [plain, strange]) expectAnswer(asked);
        const [expected, actual] = [capabilities(plain), capabilities(strange)];
        if (expected === actual) return undefined;
        throw new Violation({ expected, actual, evidence: [plain, strange] });
      },
    }),
    check({
      id: 'core.version.list-syntax',
      level: tusMust,
      impact: 'interoperability',
      spec: versions,
      says: 'Tus-Version is a comma-separated list of version numbers with the one in use among them.',
      passes: 'items like 1.0.0, one of them 1.0.0',
      fails: 'an empty item, another separator, or no 1.0.0',
      matters: 'clients find no version that they speak',
      needs: ['options'],
      reads: optionsVersions,
      judge({ plain }) {
        const listed = versionsListed(plain);
        if (listed.every((item) => /^\d+\.\d+\.\d+$/.test(item)) && listed.includes('1.0.0'))
          return undefined;
        throw new Violation({ actual: stated(plain, 'Tus-Version'), evidence: [plain] });
      },
    }),
    check({
      id: 'core.version.list-preference',
      level: tusMust,
      impact: 'advice',
      spec: versions,
      says: 'The version that the server prefers is listed first.',
      passes: 'the first item of Tus-Version is the Tus-Resumable of its other answers',
      fails: 'it is another (a warning: from outside nobody can prove a preference)',
      matters: 'clients choose a version that the server likes less',
      needs: ['options'],
      reads: optionsVersions,
      judge({ plain, created }) {
        const listed = versionsListed(plain);
        if (listed.length < 2) throw new Skip('only one version is listed');
        const spoken = headerOf(created, 'Tus-Resumable');
        if (spoken === undefined) throw new Skip('no other answer states a version');
        if (listed[0] === spoken) return undefined;
        const actual = `${listed[0]} first, but answers speak ${spoken}`;
        throw new Violation({ actual, atMost: 'warn', evidence: [plain, created] });
      },
    }),
    check({
      id: 'core.version.duplicate',
      level: tusSafety,
      impact: 'security',
      spec: rfc(9110, '5.3'),
      says: 'Two contradicting Tus-Resumable lines neither slip past the version check nor harm the server.',
      passes: '201 or any 4xx, and the server goes on',
      fails: 'a 5xx, a dropped connection, or a server that is gone',
      matters: 'one malformed request takes the server down for everybody',
      reads: twoVersions,
      judge({ posted, alive }) {
        expectStatus(posted, [201, '4xx']);
        expectAnswer(alive, { expected: 'the server still answers' });
        return undefined;
      },
    }),
  ],
};

const protocolMethods = new Set(['POST', 'PATCH', 'HEAD', 'DELETE']);

function isProtocolRequest(exchange: Exchange, places: ReadonlySet<string>): boolean {
  return protocolMethods.has(exchange.sent.method) && places.has(exchange.url) && isClean(exchange, places);
}

/** Errors of an authentication layer or a proxy need not speak tus (401, 403, 429, 502 to 504). */
function isOfUploadLayer({ answer }: Exchange): boolean {
  const status = answer?.status ?? 0;
  return status >= 400 && status < 500 && status !== 401 && status !== 403 && status !== 429;
}

function everyOne(exchanges: readonly Exchange[], atMost?: 'warn'): undefined {
  for (const exchange of exchanges) {
    const values = headerValues(exchange.answer, 'Tus-Resumable');
    if (values.length === 1 && values[0] === '1.0.0') continue;
    throw new Violation({
      expected: 'Tus-Resumable: 1.0.0',
      actual: `${exchange.sent.method} answered ${outcomeOf(exchange)} with ${stated(exchange, 'Tus-Resumable')}`,
      evidence: [exchange],
      ...(atMost && { atMost }),
    });
  }
}

function stated(exchange: Exchange, name: string): string {
  const value = headerOf(exchange, name);
  return value === undefined ? `no ${name}` : `${name}: ${value}`;
}

function capabilities(options: Exchange): string {
  const headers = (options.answer?.headers ?? [])
    .filter(([name]) => /^tus-(version|extension|max-size|checksum-algorithm)$/i.test(name))
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .sort();
  return [outcomeOf(options), ...headers].join(', ');
}

function versionsListed(options: Exchange): readonly string[] {
  if (headerOf(options, 'Tus-Version') === undefined) throw new Skip('OPTIONS states no Tus-Version');
  return headerMembers(options, 'Tus-Version');
}
