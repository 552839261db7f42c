import { artifactOf } from '../artifact.ts';
import { refusal } from '../http/exchange.ts';
import type { Behaviour } from '../parts.ts';
import type { Defect } from './defect.ts';

/** Mistakes in the pairing links that are handed out; what they lead to is as it should be. */

const serve = { protocol: 'pulse-v1' } as const;

/** The link with other fields: undefined takes one out. */
function fields(changes: Readonly<Record<string, string | undefined>>): () => Behaviour {
  return () => ({ handOut: (link) => withFields(link, changes) });
}

function withFields(link: string, changes: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams(link.slice(link.indexOf('?') + 1));
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
  }
  return `pulsecam://?${query}`;
}

export const v1LinkDefects: readonly Defect[] = [
  {
    id: 'v1-link-of-the-web',
    says: 'Hands out a link with one slash less, as code for URLs with a host writes it.',
    breaks: ['v1.link.scheme'],
    serve,
    behaviour: () => ({ handOut: (link) => link.replace('pulsecam://', 'pulsecam:/') }),
  },
  {
    id: 'v1-link-without-version',
    says: 'Hands out a link that does not state its version.',
    breaks: ['v1.link.v'],
    serve,
    behaviour: fields({ v: undefined }),
  },
  {
    id: 'v1-link-numbers-artifacts',
    says: 'Hands out a link whose artifact has a number.',
    breaks: ['v1.link.artifact-id', 'v1.link.unreserved'],
    serve,
    behaviour: fields({ artifactId: '42' }),
  },
  {
    id: 'v1-link-elsewhere-below',
    says: 'Hands out a link with a path prefix below which nothing is.',
    breaks: ['v1.link.server'],
    serve,
    behaviour: () => ({
      handOut: (link) => {
        const server = new URLSearchParams(link.slice(link.indexOf('?'))).get('server');
        return withFields(link, { server: `${server}/vault` });
      },
    }),
  },
  {
    id: 'v1-link-in-the-open',
    says: 'Hands out a link to a public name by http, which begins like a private address.',
    breaks: ['v1.link.server', 'v1.link.server-https'],
    serve,
    behaviour: fields({ server: 'http://10.0.0.1.example.com' }),
  },
  {
    id: 'v1-link-empty-token',
    says: 'Hands out a link with an empty token, because it asks for none.',
    breaks: ['v1.link.token'],
    serve,
    behaviour: fields({ token: '' }),
  },
  {
    id: 'v1-link-master-token',
    says: 'Hands out the token that opens everything with each link.',
    breaks: ['v1.link.token-scoped'],
    serve: { ...serve, guarded: true },
    behaviour: () => ({ handOut: (link, token) => withFields(link, { token }) }),
  },
  {
    id: 'v1-link-unit-of-old',
    says: 'Hands out a link with an upload unit of old.',
    breaks: ['v1.link.upload-unit'],
    serve,
    behaviour: fields({ uploadUnit: 'beat' }),
  },
  {
    id: 'v1-link-wants-reservation',
    says: 'Wants the artifact of a link to be reserved before it is created.',
    breaks: ['v1.link.unreserved'],
    serve,
    behaviour: () => {
      const handedOut = new Set<string>();
      return {
        handOut: (link) => {
          handedOut.add(new URLSearchParams(link.slice(link.indexOf('?'))).get('artifactId') ?? '');
          return link;
        },
        filter: async ({ request }, next) => {
          const artifact = artifactOf(request.headers['upload-metadata']);
          const isOfLink = request.method === 'POST' && 'id' in artifact && handedOut.has(artifact.id);
          return isOfLink ? refusal(409, 'reserve this artifact first') : next();
        },
      };
    },
  },
];
