import type { Section } from '../check.ts';

export const methodOverride: Section = {
  number: 5,
  title: 'Core: X-HTTP-Method-Override',
  untestable: {},
  checks: [],
};
