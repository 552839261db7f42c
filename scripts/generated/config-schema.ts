import type { CommandName } from '../../src/cli/commands.ts';
import { configurable, numericPlaceholders } from '../../src/cli/config/settings-file.ts';
import { choicesOf, commandTables, meaningOf } from '../../src/cli/options/command-tables.ts';
import { type OptionSpec, type OptionTable, placeholderOf } from '../../src/cli/options/option-table.ts';

type Schema = Readonly<Record<string, unknown>>;

/** schema/config.schema.json: what a config file may hold, for editors. Draft 7, which all of them know. */
export function configSchema(): Schema {
  const { upload, ...others } = commandTables;
  const sections = Object.entries(others)
    .map(([name, table]) => [name as CommandName, objectOf(table)] as const)
    .filter(([, section]) => Object.keys(section.properties).length > 0);
  const { properties, ...top } = objectOf(upload);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Config file of pulse-upload',
    ...top,
    properties: {
      $schema: { type: 'string' },
      ...properties,
      ...Object.fromEntries(sections.map(([name, section]) => [name, either(properties[name], section)])),
    },
  };
}

/** A command whose name is also that of an option of uploading has an object, or the option its value. */
function either(option: Schema | undefined, section: Schema): Schema {
  return option === undefined ? section : { anyOf: [option, section] };
}

function objectOf(table: OptionTable) {
  const properties = Object.entries(configurable(table)).map(([key, spec]) => [key, schemaOf(spec)]);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties) as Readonly<Record<string, Schema>>,
  };
}

function schemaOf(spec: OptionSpec): Schema {
  const description = meaningOf(spec);
  if (spec.kind === 'flag') return { type: 'boolean', description };
  if (spec.kind === 'list') return { type: 'array', items: { type: 'string' }, description };
  const choices = choicesOf(spec);
  const fallback = spec.fallback === undefined ? {} : { default: spec.fallback };
  if (choices.length > 0) return { enum: choices, description, ...fallback };
  const type = numericPlaceholders.has(placeholderOf(spec)) ? ['string', 'number'] : 'string';
  return { type, description, ...fallback };
}
