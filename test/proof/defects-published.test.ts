import { publishedDefects } from '../../src/server/defects/published.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(publishedDefects);
