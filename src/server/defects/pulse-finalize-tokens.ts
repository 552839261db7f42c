import { refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import { finalize } from '../requests/finalize.ts';
import { type Asked, asking, spoken } from './asking.ts';
import type { Defect } from './defect.ts';

const guarded = { guarded: true } as const;
const refused = refusal(401, 'the upload token is missing or wrong');
/** What every server with a token does that asks for it at creation. */
const strict = 'pulse.create.unauthenticated';

export const pulseFinalizeTokensDefects: readonly Defect[] = [
  {
    id: 'token-in-body-only',
    says: 'Finalize wants the token in the body.',
    breaks: [strict, 'pulse.finalize.token-header'],
    serve: guarded,
    behaviour: () => asking(({ fields, next }) => (fields.uploadToken === undefined ? refused : next())),
  },
  {
    id: 'token-in-header-only',
    says: 'Finalize wants the token in the header, as the published adapter.',
    breaks: [strict, 'pulse.finalize.token-body'],
    source: 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md',
    serve: guarded,
    behaviour: () => ({ rules: { finalize: { bodyToken: () => false } } }),
  },
  {
    id: 'token-in-body-rescues',
    says: 'Lets a right token in the body make up for a wrong one in the header.',
    breaks: [strict, 'pulse.finalize.token-precedence'],
    serve: guarded,
    behaviour: () => letting(({ fields, parts }) => parts.rules.finalize.bodyToken(fields.uploadToken)),
  },
  {
    id: 'finalize-without-token',
    says: 'Finalizes where no token is given at all.',
    breaks: [strict, 'pulse.finalize.token-missing'],
    serve: guarded,
    behaviour: () => letting(({ fields, exchange }) => tokensOf(fields, exchange).length === 0),
  },
  {
    id: 'finalize-with-any-token',
    says: 'Finalizes with any token, as long as there is the same one in header and body.',
    breaks: [
      strict,
      'pulse.finalize.token-wrong',
      'pulse.finalize.token-refused-keeps-upload',
      'pulse.finalize.foreign-upload',
    ],
    source: 'https://github.com/mieweb/pulse/blob/main/docs/docs/uploads/chunked.md',
    serve: guarded,
    behaviour: () =>
      letting(({ fields, exchange }) => {
        const [header, body] = tokensOf(fields, exchange);
        return header !== undefined && header === body;
      }),
  },
  {
    id: 'refused-finalize-removes',
    says: 'Removes an upload whose finalize was refused for its token.',
    breaks: [strict, 'pulse.finalize.token-refused-keeps-upload'],
    serve: guarded,
    behaviour: () =>
      asking(async ({ fields, parts, next }) => {
        const reply = await next();
        const upload = await parts.uploads.find(String(fields.uploadId));
        if (reply.status === 401 && upload !== undefined) await parts.uploads.remove(upload);
        return reply;
      }),
  },
  {
    id: 'token-prefix',
    says: 'Compares only the first eight characters of the token when it finalizes.',
    breaks: [strict, 'pulse.finalize.foreign-upload'],
    serve: guarded,
    behaviour: () => {
      let right: string | undefined;
      return letting(({ fields, exchange, parts }) => {
        const [header] = tokensOf(fields, exchange);
        if (header !== undefined && parts.rules.finalize.bodyToken(header)) right = header.slice(0, 8);
        return header !== undefined && header.slice(0, 8) === right;
      });
    },
  },
];

/** Finalizes without asking for a token where the mistake says so. */
function letting(pass: (asked: Asked) => boolean): Behaviour {
  return asking((asked) => {
    if (!pass(asked)) return asked.next();
    const { exchange, parts, text } = asked;
    const { 'x-upload-token': _, ...headers } = exchange.request.headers;
    const rules = { ...parts.rules, finalize: { ...parts.rules.finalize, bodyToken: () => true } };
    const request = { ...exchange.request, headers };
    return finalize({ ...exchange, request, body: spoken(text) }, { ...parts, rules });
  });
}

function tokensOf(fields: Asked['fields'], { request }: Asked['exchange']): readonly string[] {
  return [request.headers['x-upload-token'], fields.uploadToken].filter((token) => typeof token === 'string');
}
