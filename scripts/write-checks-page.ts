// Writes docs/checks.md from the checks themselves: `node --import tsx scripts/write-checks-page.ts`.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checksPage } from '../src/output/verify/checks-page.ts';
import { suite } from '../src/verify/suite.ts';

writeFileSync(fileURLToPath(new URL('../docs/checks.md', import.meta.url)), checksPage(suite));
