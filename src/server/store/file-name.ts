import { parse } from 'node:path/posix';

/** 255 bytes is the limit of common file systems; the rest is for the suffix of `nameChoices`. */
const longestNameBytes = 200;

/** Names that Windows gives to devices, whatever their extension. */
const deviceName = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;

/** Separators, control characters, and marks that turn the direction of text and so disguise an extension. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const hostileCharacters = /[/\\\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u;

/**
 * The name under which a finished file is stored, or undefined where the client's name is refused: one that leaves
 * the folder, is empty, too long, or means something else on one of the three systems. Characters that only
 * Windows forbids become `_`, so that one name gives one file everywhere.
 */
export function storableName(name: string): string | undefined {
  if (name.trim() === '' || name === '.' || name === '..' || !name.isWellFormed()) return undefined;
  if (hostileCharacters.test(name) || deviceName.test(name) || /[. ]$/.test(name)) return undefined;
  if (Buffer.byteLength(name, 'utf8') > longestNameBytes) return undefined;
  return name.replace(/[<>:"|?*]/g, '_');
}

/** The names to try for an upload, best first. */
export function nameChoices(name: string, uploadId: string): readonly string[] {
  const { name: stem, ext } = parse(name);
  return [name, `${stem}-${uploadId.slice(0, 8)}${ext}`, `${stem}-${uploadId}${ext}`];
}
