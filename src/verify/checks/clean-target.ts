/**
 * Whether a path is spelt as it is meant. What is not a server, or what stands before it, may redirect to the right
 * spelling (RFC 3986, 6.2.2.3; routers of Go do), or resolve first: then something else than the upload answers.
 */
export function isClean(target: string): boolean {
  return !/\/\/|(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)|.\/$/i.test(target.replace(/\?.*$/, ''));
}
