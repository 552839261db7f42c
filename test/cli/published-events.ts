import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

interface EventSchema {
  readonly properties: { readonly type: { readonly const: string } };
}

const schema = JSON.parse(readFileSync('schema/events.schema.json', 'utf8')) as {
  readonly definitions: Readonly<Record<string, EventSchema>>;
};

/** `upload:upload.start`, and so on. */
export const publishedEvents: readonly string[] = Object.keys(schema.definitions);

const validators = new Map<string, ValidateFunction>();

/** The published schema is open for fields to come; one that is written today and not in it is a mistake. */
function validatorOf(name: string): ValidateFunction | undefined {
  const definition = schema.definitions[name];
  if (definition === undefined) return undefined;
  const validator = validators.get(name) ?? new Ajv().compile({ ...definition, additionalProperties: false });
  validators.set(name, validator);
  return validator;
}

/** These write JSON that is no event, or none of them. */
const otherCommands = /^(serve|report|ledger|completion)$/;
const otherFlags = /^--(help|help-bulk|help-tus|version)$/;

const groupOf: Readonly<Record<string, string>> = {
  verify: 'verify',
  serve: 'serve',
  list: 'list',
  forget: 'list',
  abort: 'list',
};

/** A flag wins over the variable of --json. */
const excludingFlags = /^--output-template(=|$)/;

/** Throws where a line that the tool wrote with --json is not what schema/events.schema.json says. */
export function refuseOddEvents(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  stdout: string,
): void {
  const isExcluded = argv.some((word) => excludingFlags.test(word));
  if (!argv.includes('--json') && (env.PULSE_UPLOAD_JSON !== '1' || isExcluded)) return;
  const [command = ''] = argv;
  const isOther = otherCommands.test(command) && !argv.includes('--list-defects');
  if (isOther || argv.some((word) => otherFlags.test(word))) return;
  const group = groupOf[command] ?? 'upload';
  // The last line of a process that was killed may be torn.
  for (const line of stdout.split('\n').slice(0, -1)) refuseOddEvent(group, line);
}

export function refuseOddEvent(group: string, line: string): void {
  const event = JSON.parse(line) as { readonly type?: unknown };
  const validate = validatorOf(`${group}:${event.type}`);
  if (validate === undefined)
    throw new Error(`schema/events.schema.json has no event ${group}:${event.type}: ${line}`);
  if (validate(event)) return;
  throw new Error(`not as schema/events.schema.json says: ${JSON.stringify(validate.errors)}: ${line}`);
}
