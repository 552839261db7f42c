import { headerMembers, headerOf, isSuccess, jsonOf, outcomeOf } from '../answers.ts';
import { check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectStatus } from '../expect.ts';
import { pulseMay } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { crossOrigin, deepLink } from '../scenarios/pulse-extra.ts';
import { pulseDocs } from '../sources.ts';

const oldApp = 'the old app cannot be paired with this server by a link';
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

export const pulseExtra: Section = {
  number: 20,
  title: 'Pulse classic: adjacent documents',
  untestable: {
    'pulse.extra.adapter':
      'an adapter is judged by all checks of sections 17 to 19: there is no request of its own to ask',
  },
  checks: [
    check({
      id: 'pulse.extra.qr-deeplink',
      level: pulseMay,
      impact: 'advice',
      spec: pulseDocs('uploads/pulsevault', 'Generate Deep Link'),
      says: 'A server that mints links answers /qr/deeplink with the same link as deeplink and qrData.',
      passes: '200 with JSON in which both are the same',
      fails: 'a 5xx, or another answer',
      matters: oldApp,
      reads: deepLink,
      judge({ minted }) {
        offered(minted, '/qr/deeplink');
        expectStatus(minted, [200]);
        const { deeplink, qrData } = jsonOf(minted) ?? {};
        if (typeof deeplink === 'string' && deeplink === qrData) return undefined;
        const actual = `deeplink is ${told(deeplink)}, qrData ${deeplink === qrData ? 'too' : 'another'}`;
        throw new Violation({ actual, evidence: [minted] });
      },
    }),
    check({
      id: 'pulse.extra.qr-link-shape',
      level: pulseMay,
      impact: 'advice',
      spec: pulseDocs('launching', 'Deep link parameters'),
      says: 'The link says what to do, for which draft, where, and with which token.',
      passes: 'pulsecam:// with mode=upload, a draftId that is a version 4 UUID, server and token',
      fails: 'one of them is missing',
      matters: oldApp,
      reads: deepLink,
      judge({ minted }) {
        offered(minted, '/qr/deeplink');
        const link = jsonOf(minted)?.deeplink;
        if (typeof link !== 'string') throw new Skip('/qr/deeplink gave no link');
        const wrong = URL.canParse(link) ? wrongIn(new URL(link)) : ['it is no URL'];
        if (wrong.length === 0) return undefined;
        throw new Violation({ actual: wrong.join('; '), evidence: [minted] });
      },
    }),
    check({
      id: 'pulse.extra.qr-verify',
      level: pulseMay,
      impact: 'security',
      spec: pulseDocs('uploads/pulsevault', 'Verify Token'),
      says: 'Where tokens can be checked before an upload, only good ones are valid.',
      passes: '401 with valid: false to a wrong token, and 200 with valid: true to one that was just minted',
      fails: 'a wrong token is valid, or a good one is not',
      matters: 'the app starts uploads that will be refused at their end',
      reads: deepLink,
      judge({ bad, good }) {
        offered(bad, '/qr/verify');
        if (jsonOf(bad)?.valid === true || isSuccess(bad)) {
          throw new Violation({ actual: `${outcomeOf(bad)} to a wrong token`, evidence: [bad] });
        }
        expectStatus(bad, [401], { note: ['4xx'] });
        if (good === undefined || (isSuccess(good) && jsonOf(good)?.valid === true)) return undefined;
        throw new Violation({ actual: `${outcomeOf(good)} to a token just minted`, evidence: [good] });
      },
    }),
    check({
      id: 'pulse.extra.cors',
      level: pulseMay,
      impact: 'advice',
      spec: pulseDocs('uploads/tus', 'CORS Headers'),
      says: 'A server that serves browsers allows the headers of uploads and shows those of its answers.',
      passes:
        'the preflight allows PATCH, Upload-Offset, Tus-Resumable and X-Upload-Token; answers expose Location and Upload-Offset',
      fails: 'one of them is missing',
      matters: 'uploads from a page in a browser fail, and its console does not say why',
      reads: crossOrigin,
      judge({ preflight, created }) {
        expectAnswer(preflight);
        const answers = [preflight, created];
        if (answers.every((exchange) => headerOf(exchange, 'Access-Control-Allow-Origin') === undefined)) {
          throw new Skip('the server is not meant for browsers: it sends no CORS headers');
        }
        const missing = [
          ...lacking(preflight, 'Access-Control-Allow-Methods', ['PATCH']),
          ...lacking(preflight, 'Access-Control-Allow-Headers', [
            'Upload-Offset',
            'Tus-Resumable',
            'X-Upload-Token',
          ]),
          ...lacking(created, 'Access-Control-Expose-Headers', ['Location', 'Upload-Offset']),
        ];
        if (missing.length === 0) return undefined;
        throw new Violation({ actual: missing.join('; '), evidence: answers });
      },
    }),
  ],
};

/**
 * A page, a redirect and a refusal are what servers answer to a path that they do not know, or not for everybody:
 * nothing of the protocol asks for this one.
 */
function offered(exchange: Exchange, path: string): void {
  const { status } = expectAnswer(exchange);
  const json = jsonOf(exchange);
  // A wrong token is refused in JSON where this is offered.
  const isOffered = json !== undefined && (isSuccess(exchange) || json.valid !== undefined);
  const isBroken = status >= 500 && status !== 501;
  if (!isOffered && !isBroken) throw new Skip(`the server does not offer ${path} (${status})`);
}

function wrongIn(link: URL): readonly string[] {
  const { searchParams: parameters } = link;
  const wrong = {
    'the scheme is not pulsecam': link.protocol !== 'pulsecam:',
    'mode is not upload': parameters.get('mode') !== 'upload',
    'draftId is no version 4 UUID': !UUID_V4.test(parameters.get('draftId') ?? ''),
    'server is no URL': !URL.canParse(parameters.get('server') ?? ''),
    'token is missing': !parameters.get('token'),
  };
  return Object.entries(wrong).flatMap(([what, isWrong]) => (isWrong ? [what] : []));
}

function lacking(exchange: Exchange, header: string, wanted: readonly string[]): readonly string[] {
  const members = headerMembers(exchange, header).map((member) => member.toLowerCase());
  if (members.includes('*')) return [];
  return wanted
    .filter((name) => !members.includes(name.toLowerCase()))
    .map((name) => `${header} lacks ${name}`);
}

/** A link holds a token, so it is not shown. */
function told(value: unknown): string {
  return typeof value === 'string' ? 'a text' : (JSON.stringify(value) ?? 'missing');
}
