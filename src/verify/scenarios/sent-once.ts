import type { RequestOptions } from '../probe/request.ts';

/**
 * For requests that may take a server down: a body with a pace of its own goes over a connection of its own, so that
 * its end is never taken for that of an idle connection, and the request never sent again.
 */
export const sentOnce: RequestOptions = { bodyPace: {} };
