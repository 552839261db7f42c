/**
 * Dictionaries of structured fields (RFC 9651, 3.2). Parsing is strict, as it says (4.2): what is malformed anywhere
 * is as good as absent.
 */
const KEY = '[a-z*][a-z0-9_.*-]*';
const BARE_ITEMS = {
  decimal: String.raw`-?\d{1,12}\.\d{1,3}`,
  integer: String.raw`-?\d{1,15}`,
  string: String.raw`"(?:[ !#-[\]-~]|\\["\\])*"`,
  token: "[A-Za-z*][\\w!#$%&'*+.^`|~:/-]*",
  bytes: ':[A-Za-z0-9+/=]*:',
  boolean: String.raw`\?[01]`,
  date: String.raw`@-?\d{1,15}`,
  display: '%"(?:[ !#$&-~]|%[0-9a-f]{2})*"',
};
const BARE_ITEM = `(?:${Object.values(BARE_ITEMS).join('|')})`;
const PARAMETERS = `(?:; *${KEY}(?:=${BARE_ITEM})?)*`;
const ITEM = `${BARE_ITEM}${PARAMETERS}`;
const INNER_LIST = String.raw`\( *(?:${ITEM}(?: +${ITEM})* *)?\)`;
/** Without a value it is true. */
const MEMBER = `(?<key>${KEY})(?:=(?:(?<item>${BARE_ITEM})|${INNER_LIST}))?${PARAMETERS}`;

/** One member, and the comma before each but the first. */
const first = new RegExp(MEMBER, 'y');
const next = new RegExp(`[ \\t]*,[ \\t]*${MEMBER}`, 'y');

/**
 * The bare items of a dictionary as they are written, by key; undefined where a member is a list or has no value. Of
 * a repeated key the last one counts (4.2.2). Undefined where the text is no dictionary.
 */
export function parseDictionary(text: string): ReadonlyMap<string, string | undefined> | undefined {
  const members = new Map<string, string | undefined>();
  const whole = text.trim();
  for (let at = 0; at < whole.length; ) {
    const pattern = at === 0 ? first : next;
    pattern.lastIndex = at;
    const { key, item } = pattern.exec(whole)?.groups ?? {};
    if (key === undefined) return undefined;
    members.set(key, item);
    at = pattern.lastIndex;
  }
  return members;
}
