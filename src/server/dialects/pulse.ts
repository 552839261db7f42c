import type { Dialect } from '../dialect.ts';
import { finalize } from '../requests/finalize.ts';
import { health } from '../requests/health.ts';

/** The Pulse Cam facade: uploads are named and proven by finalize (chunked-uploads.md). */
export const pulse: Dialect = {
  clientPath: '',
  resource: (path) => {
    if (path === '/health') return { verbs: { GET: health, HEAD: health }, isOpen: true };
    return path === '/uploads/finalize' ? { verbs: { POST: finalize }, takesTokenInBody: true } : undefined;
  },
  uploadVerbs: {},
};
