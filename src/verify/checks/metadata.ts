import type { Section } from '../check.ts';

export const metadata: Section = {
  number: 8,
  title: 'Extension: Creation › Upload-Metadata',
  untestable: {},
  checks: [],
};
