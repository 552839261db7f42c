import { type LineTemplate, parseLineTemplate, templateFields } from '../output/line-template.ts';
import { rejected } from './rejected.ts';
import { parseText } from './text.ts';

/** `{file} {sha256}`: what is written for each finished file. */
export function parseTemplateOfLines(text: string, source: string): LineTemplate {
  const template = parseLineTemplate(parseText(text, source));
  if (typeof template === 'function') return template;
  const known = templateFields.map((field) => `{${field}}`).join(' ');
  throw rejected(source, text, `known fields, which ${template.unknown} is not`, `the fields are ${known}`);
}
