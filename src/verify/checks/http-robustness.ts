import type { Section } from '../check.ts';

export const httpRobustness: Section = {
  number: 15,
  title: 'Safety: HTTP robustness',
  untestable: {},
  checks: [],
};
