import type { StateStore, UploadRecord } from './state-store.ts';

/** Stands in a stored URL where the token stood; no server would have put it there. */
const PLACE = 'pulse-upload.token.here';

/**
 * The same store, which never writes down the token: a server may put it into the URL of an upload, and such an upload
 * must still be found again. The token of the run that resumes takes its place. `clean` takes tokens out of a text.
 */
export function tokenlessStore(
  store: StateStore,
  token: () => string | undefined,
  clean: (text: string) => string,
): StateStore {
  const without = (url: string) => {
    const current = token();
    if (current === undefined) return url;
    const forms = [encodeURIComponent(current), encodeURI(current), current];
    return forms.reduce((rest, form) => rest.replaceAll(form, PLACE), url);
  };
  const within = (url: string) => url.replaceAll(PLACE, encodeURIComponent(token() ?? ''));
  return {
    ...store,
    read: async (key, onSetAside) => {
      const record = await store.read(key, onSetAside);
      return record && withUrls(record, within);
    },
    peek: async (key) => {
      const record = await store.peek(key);
      return record && withUrls(record, within);
    },
    write: ({ finishError, ...record }) =>
      store.write({
        ...withUrls(record, without),
        // What a server said, and servers repeat what they were told.
        ...(finishError !== undefined && { finishError: clean(finishError) }),
      }),
  };
}

/** The record with every URL in it changed. */
function withUrls<R extends Pick<UploadRecord, 'url' | 'parts' | 'joinedUrl'>>(
  record: R,
  change: (url: string) => string,
): R {
  const { url, parts, joinedUrl } = record;
  return {
    ...record,
    url: change(url),
    ...(parts !== undefined && {
      parts: parts.map((part) => (part.url === undefined ? part : { ...part, url: change(part.url) })),
    }),
    ...(joinedUrl !== undefined && { joinedUrl: change(joinedUrl) }),
  };
}
