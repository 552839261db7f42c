import { v1ArtifactsDefects } from '../../src/server/defects/v1-artifacts.ts';
import { proveDefects } from './prove-defects.ts';

proveDefects(v1ArtifactsDefects);
