import type { Section } from '../check.ts';

export const pulseExtra: Section = {
  number: 20,
  title: 'Pulse classic: adjacent documents (not in the seeds)',
  untestable: {},
  checks: [],
};
