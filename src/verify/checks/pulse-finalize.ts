import type { Section } from '../check.ts';

export const pulseFinalize: Section = {
  number: 19,
  title: 'Pulse classic: finalize',
  untestable: {},
  checks: [],
};
