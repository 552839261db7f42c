import type { Section } from '../check.ts';

export const pulseMultipart: Section = {
  number: 18,
  title: 'Pulse classic: multipart chunks',
  untestable: {},
  checks: [],
};
