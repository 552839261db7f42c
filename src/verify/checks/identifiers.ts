import type { Section } from '../check.ts';

export const identifiers: Section = {
  number: 16,
  title: 'Safety: identifiers, authorisation, exposure',
  untestable: {},
  checks: [],
};
