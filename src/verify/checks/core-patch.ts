import type { Section } from '../check.ts';

export const corePatch: Section = {
  number: 3,
  title: 'Core: PATCH',
  untestable: {},
  checks: [],
};
