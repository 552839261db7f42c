import { headerOf, jsonOf, outcomeOf } from '../answers.ts';
import { Blocked, type Check, check, type Section, Violation } from '../check.ts';
import { expectHeader, expectStatus, remarks } from '../expect.ts';
import { v1May, v1Must, v1Safety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { answersOfAllKinds, capabilitiesAsked, statedMaximum } from '../scenarios/v1-capabilities.ts';
import { derived, pulseV1 } from '../sources.ts';

/** Section 21: what a client must know before it sends anything. */

const discovery = pulseV1('2. Capability discovery');
const versioning = pulseV1('7. Versioning');
const unreachable = 'the app calls the server unreachable, or refuses to pair';

type Json = Readonly<Record<string, unknown>>;

/** The fields, for everything that builds on them. */
function fields(exchange: Exchange): Json {
  const json = jsonOf(exchange);
  if (json === undefined) throw new Blocked(`the capabilities are no JSON object: ${outcomeOf(exchange)}`);
  return json;
}

function expectField(exchange: Exchange, isRight: boolean, expected: string, name: string): undefined {
  if (isRight) return;
  const actual = `${name} is ${JSON.stringify(fields(exchange)[name]) ?? 'missing'}`;
  throw new Violation({ expected, actual, evidence: [exchange] });
}

/** One field of the capabilities, and what it must be. */
function field(
  name: string,
  value: Omit<Check, 'spec' | 'reads' | 'judge' | 'impact'> & { readonly spec?: Check['spec'] },
  isRight: (value: unknown, json: Json) => boolean,
): Check {
  return check({
    spec: discovery,
    impact: 'interoperability',
    ...value,
    reads: capabilitiesAsked,
    judge: ({ open }) => {
      const json = fields(open);
      return expectField(open, isRight(json[name], json), value.passes, name);
    },
  });
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const areTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 1;

export const v1Capabilities: Section = {
  number: 21,
  title: 'Pulse v1: capabilities and versioning',
  untestable: {
    'v1.caps.extra-fields': 'it allows further fields, so no answer could violate it',
  },
  checks: [
    check({
      id: 'v1.caps.200',
      level: v1Must,
      impact: 'interoperability',
      spec: discovery,
      says: 'GET /capabilities answers 200.',
      passes: '200',
      fails: 'anything else',
      matters: unreachable,
      reads: capabilitiesAsked,
      judge: ({ open }) => expectStatus(open, [200]),
    }),
    check({
      id: 'v1.caps.public',
      level: v1Must,
      impact: 'interoperability',
      spec: discovery,
      says: 'The capabilities are told to anyone.',
      passes: '200 without a credential and with a senseless one',
      fails: '401, 403, or another status',
      matters: 'a client asks before it has a token, and cannot pair',
      reads: capabilitiesAsked,
      judge({ open, garbage }) {
        expectStatus(open, [200]);
        return expectStatus(garbage, [200]);
      },
    }),
    check({
      id: 'v1.caps.json-object',
      level: v1Must,
      impact: 'interoperability',
      spec: discovery,
      says: 'The capabilities are a JSON object.',
      passes: 'application/json with an object',
      fails: 'another media type, an array, text, or broken JSON',
      matters: unreachable,
      reads: capabilitiesAsked,
      judge({ open }) {
        expectHeader(open, 'Content-Type', /^application\/json\b/i, {
          expected: 'Content-Type: application/json',
        });
        if (jsonOf(open) !== undefined) return undefined;
        throw new Violation({ actual: 'the body is no JSON object', evidence: [open] });
      },
    }),
    field(
      'protocolVersion',
      {
        id: 'v1.caps.protocol-version',
        level: v1Must,
        says: 'protocolVersion is an integer.',
        passes: 'an integer of at least 1',
        fails: 'missing, text, or a fraction',
        matters: unreachable,
      },
      isCount,
    ),
    check({
      id: 'v1.caps.min-max',
      level: v1Must,
      impact: 'interoperability',
      spec: versioning,
      says: 'minSupportedVersion and maxSupportedVersion are integers, the first not above the second.',
      passes: 'two integers, min ≤ max',
      fails: 'one is missing or no integer, or min > max',
      matters: unreachable,
      reads: capabilitiesAsked,
      judge({ open }) {
        const { minSupportedVersion: min, maxSupportedVersion: max } = fields(open);
        if (isCount(min) && isCount(max) && min <= max) return undefined;
        throw new Violation({ actual: `min is ${JSON.stringify(min)}, max is ${JSON.stringify(max)}` });
      },
    }),
    check({
      id: 'v1.caps.range-contains',
      level: v1Safety,
      impact: 'interoperability',
      spec: derived('a server speaks its own version'),
      says: 'The version of the server lies in the range that it supports.',
      passes: 'min ≤ protocolVersion ≤ max',
      fails: 'it lies outside',
      matters: 'clients of exactly that version refuse to pair',
      reads: capabilitiesAsked,
      judge: ({ open }) => expectInRange(open, Number(fields(open).protocolVersion)),
    }),
    check({
      id: 'v1.caps.supports-1',
      level: v1Safety,
      impact: 'interoperability',
      spec: derived('the apps that are out speak version 1'),
      says: 'Clients of version 1 are supported.',
      passes: 'min ≤ 1 ≤ max',
      fails: '1 lies outside',
      matters: 'the app of today refuses this server',
      reads: capabilitiesAsked,
      judge: ({ open }) => expectInRange(open, 1),
    }),
    field(
      'uploadUnit',
      {
        id: 'v1.caps.upload-unit',
        level: v1Must,
        says: 'uploadUnit is segment or merged.',
        passes: 'one of the two words',
        fails: 'another word, or none',
        matters: unreachable,
      },
      (value) => value === 'segment' || value === 'merged',
    ),
    check({
      id: 'v1.caps.kinds',
      level: v1Must,
      impact: 'interoperability',
      spec: discovery,
      says: 'kinds lists the kinds of artifacts that are taken.',
      passes: 'a list of words, video among them',
      fails: 'missing, empty, or no list of words; without video it is a warning',
      matters: 'the app does not know what it may send',
      reads: capabilitiesAsked,
      judge({ open }) {
        const { kinds } = fields(open);
        expectField(open, areTexts(kinds) && kinds.length > 0, 'a list of words', 'kinds');
        if (areTexts(kinds) && kinds.includes('video')) return undefined;
        throw new Violation({
          actual: `kinds is ${JSON.stringify(kinds)}`,
          atMost: 'warn',
          evidence: [open],
        });
      },
    }),
    field(
      'allowedExtensions',
      {
        id: 'v1.caps.allowed-extensions',
        level: v1Must,
        says: 'allowedExtensions says for each kind which endings are taken.',
        passes: 'an object with a list of endings such as .mp4 for every kind',
        fails: 'missing, a kind without endings, or endings without a dot',
        matters: 'the app cannot name its files so that they are taken',
      },
      (value, { kinds }) =>
        typeof value === 'object' &&
        value !== null &&
        areTexts(kinds) &&
        kinds.every((kind) => {
          const endings: unknown = Object.hasOwn(value, kind)
            ? Object.entries(value).find(([key]) => key === kind)?.[1]
            : undefined;
          return areTexts(endings) && endings.length > 0 && endings.every((ending) => ending.startsWith('.'));
        }),
    ),
    field(
      'maxUploadSize',
      {
        id: 'v1.caps.max-upload-size',
        level: v1Must,
        says: 'maxUploadSize is an integer number of bytes.',
        passes: 'a positive integer',
        fails: 'missing, text, or null (a server without a limit must name a large one)',
        matters: 'the app cannot tell the user beforehand that a video is too large',
      },
      isCount,
    ),
    check({
      id: 'v1.caps.max-upload-size-true',
      level: v1Safety,
      impact: 'interoperability',
      spec: derived('the stated maximum is the one that counts'),
      says: 'An upload of maxUploadSize is taken, one of a byte more is refused.',
      passes: '201, and 413 (or another 4xx); 507, for want of room, is noted',
      fails: 'the first is refused, or the second is taken',
      matters: 'videos that fit are refused, or fail after hours',
      reads: statedMaximum,
      judge({ atMost, above }) {
        return remarks(
          expectStatus(atMost, ['2xx'], { note: [507] }),
          expectStatus(above, [413], { note: ['4xx', 507] }),
        );
      },
    }),
    field(
      'checksum',
      {
        id: 'v1.caps.checksum',
        level: v1May,
        says: 'checksum.algorithms, where there is one, is a list of names.',
        passes: 'a list of words, or nothing',
        fails: 'anything else',
        matters: 'the app cannot choose a digest',
      },
      (value) => value === undefined || areTexts(algorithmsOf(value)) || algorithmsOf(value) === undefined,
    ),
    check({
      id: 'v1.caps.checksum-md5',
      level: v1Safety,
      impact: 'interoperability',
      spec: derived('the app of today sends md5 digests'),
      says: 'A server that verifies digests verifies md5.',
      passes: 'md5 is listed, or no algorithm at all',
      fails: 'others are listed and md5 is not (a warning)',
      matters: 'what the app sends along is not compared',
      reads: capabilitiesAsked,
      judge({ open }) {
        const names = algorithmsOf(fields(open).checksum);
        if (!areTexts(names) || names.length === 0 || names.includes('md5')) return undefined;
        throw new Violation({ actual: `listed are ${names.join(', ')}`, atMost: 'warn', evidence: [open] });
      },
    }),
    check({
      id: 'v1.caps.no-secret',
      level: v1Must,
      impact: 'security',
      spec: discovery,
      says: 'The capabilities hold no secret.',
      passes: 'no field that is named like a secret, and no long random text',
      fails: 'such a field (a warning, to be looked at by a person)',
      matters: 'anyone can read them',
      reads: capabilitiesAsked,
      judge({ open }) {
        const suspects = secretsIn(fields(open));
        if (suspects.length === 0) return undefined;
        throw new Violation({
          actual: `looks like a secret: ${suspects.join(', ')}`,
          atMost: 'warn',
          evidence: [open],
        });
      },
    }),
    check({
      id: 'v1.caps.stable',
      level: v1Safety,
      impact: 'interoperability',
      spec: derived('a client asks once and relies on the answer'),
      says: 'Asked twice, the server says the same.',
      passes: 'equal answers',
      fails: 'different ones (a warning: several servers behind one name, perhaps)',
      matters: 'what the client was told does not hold for the server that it then meets',
      reads: capabilitiesAsked,
      judge({ open, again }) {
        if (JSON.stringify(fields(open)) === JSON.stringify(fields(again))) return undefined;
        throw new Violation({ actual: 'the second answer differs', atMost: 'warn', evidence: [open, again] });
      },
    }),
    check({
      id: 'v1.header.protocol-version',
      level: v1Must,
      impact: 'interoperability',
      spec: versioning,
      says: 'Every answer names the protocol version in Protocol-Version.',
      passes: 'the integer of the capabilities on successes and refusals alike',
      fails: 'missing or another value',
      matters: 'a client cannot tell an update of the server from a mistake',
      reads: answersOfAllKinds,
      judge({ capabilities, named }) {
        const version = String(fields(capabilities).protocolVersion);
        for (const { exchange } of named) expectHeader(exchange, 'Protocol-Version', version);
      },
    }),
    check({
      id: 'v1.header.protocol-version.unknown-route',
      level: v1Must,
      impact: 'advice',
      spec: versioning,
      says: 'Read to the letter, that includes the 404 of a route that does not exist.',
      passes: 'the header is there',
      fails: 'it is absent (noted only: the reference implementation omits it)',
      matters: 'nothing to the clients that are out',
      reads: answersOfAllKinds,
      judge({ capabilities, unknownRoute }) {
        const version = String(fields(capabilities).protocolVersion);
        const given = headerOf(unknownRoute, 'Protocol-Version');
        if (given === version) return undefined;
        const actual = given === undefined ? 'no Protocol-Version' : `Protocol-Version: ${given}`;
        throw new Violation({ actual, atMost: 'note', evidence: [unknownRoute] });
      },
    }),
    check({
      id: 'v1.header.protocol-version.capabilities',
      level: v1Must,
      impact: 'interoperability',
      spec: versioning,
      says: 'The capabilities may carry Protocol-Version; if they do, it is the right one.',
      passes: 'absent, or equal to protocolVersion',
      fails: 'another value',
      matters: 'two answers in one contradict each other',
      reads: answersOfAllKinds,
      judge({ capabilities }) {
        if (headerOf(capabilities, 'Protocol-Version') === undefined)
          return fields(capabilities) && undefined;
        return expectHeader(capabilities, 'Protocol-Version', String(fields(capabilities).protocolVersion));
      },
    }),
  ],
};

function expectInRange(exchange: Exchange, version: number): undefined {
  const { minSupportedVersion: min, maxSupportedVersion: max } = fields(exchange);
  if (Number(min) <= version && version <= Number(max)) return;
  const actual = `the range is ${JSON.stringify(min)} to ${JSON.stringify(max)}`;
  throw new Violation({ expected: `a range that holds ${version}`, actual, evidence: [exchange] });
}

function algorithmsOf(checksum: unknown): unknown {
  return typeof checksum === 'object' && checksum !== null && 'algorithms' in checksum
    ? checksum.algorithms
    : undefined;
}

/** Names and values that look like a secret, wherever they stand. */
function secretsIn(value: unknown, name = ''): readonly string[] {
  if (/token|secret|password|passwd|apikey|api_key|private|credential|bucket/i.test(name)) return [name];
  if (typeof value === 'string') return /^[A-Za-z0-9+/_-]{32,}={0,2}$/.test(value) ? [name] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, key));
}
