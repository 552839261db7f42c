import type { Impact } from '../../verify/check.ts';

/** What a violation means for a user's video, worst first: the order in which reports speak of it. */
export const impactTitles = {
  data: 'data lost or wrong',
  resume: 'cannot resume',
  security: 'security',
  interoperability: 'interoperability',
  advice: 'advice',
} as const satisfies Readonly<Record<Impact, string>>;

export const impacts = Object.keys(impactTitles) as readonly Impact[];
