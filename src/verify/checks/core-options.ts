import type { Section } from '../check.ts';

export const coreOptions: Section = {
  number: 4,
  title: 'Core: OPTIONS and discovery',
  untestable: {},
  checks: [],
};
