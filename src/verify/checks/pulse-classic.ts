import type { Section } from '../check.ts';

export const pulseClassic: Section = {
  number: 17,
  title: 'Pulse classic: health, create, head, patch',
  untestable: {},
  checks: [],
};
