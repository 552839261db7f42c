import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { generatedFiles } from '../../scripts/generated/files.ts';
import { configurable, parseConfig } from '../../src/cli/config/settings-file.ts';
import { commandTables } from '../../src/cli/options/command-tables.ts';
import { longFlag } from '../../src/cli/options/option-table.ts';
import { publishedEvents, refuseOddEvent } from './published-events.ts';

describe('what is generated', () => {
  test.each(Object.entries(generatedFiles()))('%s is current', (path, text) => {
    const hint = `${path} is not current: run node --import tsx scripts/write-generated.ts`;
    expect(readFileSync(path, 'utf8') === text, hint).toBe(true);
  });

  test('is shipped', () => {
    const { files, man } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(files).toEqual(expect.arrayContaining(['man', 'schema']));
    expect(man).toBe('./man/pulse-upload.1');
  });
});

describe('the man page', () => {
  const page = 'man/pulse-upload.1';
  const groff = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-cbou', page], { encoding: 'utf8' });
  const hasGroff = groff.error === undefined;
  if (!hasGroff) console.warn('groff is not installed: whether the man page renders is not tested');

  test('names the uses of ledger, and each variable of an option once', () => {
    const [synopsis = '', ...options] = readFileSync(page, 'utf8')
      .replaceAll('\\-', '-')
      .split(/^\.TP$/m);
    for (const usage of ['ledger <file>', 'ledger check <file>', 'ledger merge <out> <in...>'])
      expect(synopsis).toContain(`\n${usage}`);
    for (const option of options)
      for (const [variable] of option.matchAll(/PULSE_UPLOAD_[A-Z_]+/g))
        expect(option.match(new RegExp(`${variable}(?!_)`, 'g')), option).toHaveLength(1);
  });

  test.skipIf(!hasGroff)('renders without a warning, and names every option', () => {
    expect({ code: groff.status, warnings: groff.stderr }).toEqual({ code: 0, warnings: '' });
    const shown = groff.stdout.replaceAll('‐', '-');
    for (const table of Object.values(commandTables))
      for (const spec of Object.values(table)) expect(shown).toContain(longFlag(spec));
    expect(shown).toContain('PULSE_UPLOAD_CHUNK_SIZE');
  });
});

describe('the schema of config files', () => {
  const schema = JSON.parse(readFileSync('schema/config.schema.json', 'utf8'));
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
  const { upload, ...others } = commandTables;

  const accepts = (config: Readonly<Record<string, unknown>>) => {
    try {
      const text = JSON.stringify(config);
      for (const [name, table] of Object.entries(others))
        parseConfig(text, 'c.json', { upload, section: { name, table }, sections: Object.keys(others) });
      return true;
    } catch {
      return false;
    }
  };

  const samples = [true, 7, '7', ['7'], [7], null, {}];

  test('accepts for every key just what the tool accepts', () => {
    for (const [key, spec] of Object.entries(upload)) {
      for (const sample of samples) {
        // Which words and texts an option takes is its own matter.
        const isFree = !('enum' in (schema.properties[key] ?? {})) || typeof sample !== 'string';
        if (!isFree || (typeof sample === 'number' && spec.kind === 'value' && spec.parse.length === 0))
          continue;
        const config = { [key]: sample };
        expect({ config, valid: validate(config) }).toEqual({ config, valid: accepts(config) });
      }
    }
  });

  test('has every other command, and refuses what is unknown', () => {
    // One key is also that of an option: it may be either.
    const sectionOf = (name: string) => schema.properties[name].anyOf?.at(-1) ?? schema.properties[name];
    for (const [name, table] of Object.entries(others)) {
      for (const key of Object.keys(configurable(table)))
        expect(sectionOf(name).properties).toHaveProperty(key);
    }
    expect(validate({ verify: { nonsense: 1 } })).toBe(false);
    expect(validate({ nonsense: 1 })).toBe(false);
    expect(validate({ token: 'x' })).toBe(false);
  });

  test('accepts the example of docs/scripting.md, as the tool does', () => {
    const example = JSON.parse(
      /```json\n([\s\S]*?)```/.exec(readFileSync('docs/scripting.md', 'utf8'))?.[1] ?? '',
    );
    expect(validate(example)).toBe(true);
    expect(accepts(example)).toBe(true);
  });
});

describe('the schema of events', () => {
  const time = '2026-01-31T12:00:00.000Z';

  test('is a valid schema that accepts an event with fields to come, and refuses one without a field', () => {
    const validate = new Ajv().compile(JSON.parse(readFileSync('schema/events.schema.json', 'utf8')));
    const event = { type: 'upload.created', time, file: 'a', url: 'http://h/1' };
    expect(validate({ ...event, later: 1 })).toBe(true);
    expect(validate({ ...event, url: undefined })).toBe(false);
    expect(validate({ ...event, type: 'upload.unheard' })).toBe(false);
  });

  test('refuses in tests what it does not name', () => {
    const line = (fields: object) =>
      JSON.stringify({ type: 'upload.created', time, file: 'a', url: 'u', ...fields });
    expect(() => refuseOddEvent('upload', line({}))).not.toThrow();
    expect(() => refuseOddEvent('upload', line({ later: 1 }))).toThrow('additionalProperties');
    expect(() => refuseOddEvent('upload', line({ file: 7 }))).toThrow('must be string');
    expect(() => refuseOddEvent('verify', line({}))).toThrow('no event verify:upload.created');
  });

  test('has every event that docs/events.md names, and no other', () => {
    const page = readFileSync('docs/events.md', 'utf8');
    const named = [...page.matchAll(/^\| ((?:`[a-z]+(?:\.[a-z]+)?` ?)+)\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, type]) => type),
    );
    const types = publishedEvents.map((name) => name.split(':')[1]);
    expect(named.toSorted()).toEqual(types.toSorted());
  });
});
