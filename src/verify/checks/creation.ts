import type { Section } from '../check.ts';

export const creation: Section = {
  number: 6,
  title: 'Extension: Creation',
  untestable: {},
  checks: [],
};
