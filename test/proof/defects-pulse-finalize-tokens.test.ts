import { pulseFinalizeTokensDefects } from '../../src/server/defects/pulse-finalize-tokens.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(pulseFinalizeTokensDefects);
