import { readdirSync, readFileSync } from 'node:fs';

/** One `pulse-upload …` of a page, without what a shell makes of the rest of the line. */
export interface ShownCommand {
  readonly page: string;
  readonly text: string;
  readonly argv: readonly string[];
  /** Stands in a block of its own, to be copied; else in the middle of a sentence. */
  readonly isBlock: boolean;
}

export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function commandsOf(page: string): readonly ShownCommand[] {
  const text = readFileSync(page, 'utf8').replaceAll(/ \\\n\s*/g, ' ');
  const fenced = [...text.matchAll(/^```.*\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block.split('\n'),
  );
  const unfenced = text.replaceAll(/^```.*\n[\s\S]*?^```$/gm, '');
  const indented = unfenced.match(/^ {4}.*$/gm) ?? [];
  const blocks = [...fenced, ...indented];
  const prose = unfenced.replaceAll(/^ {4}.*$/gm, '');
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll(/\s+/g, ' '));
  return [...shown(page, blocks, true), ...shown(page, spans, false)];
}

/** Where a command begins: at the start of a line, behind a prompt, `npx`, `run:`, `$(` or `<(`. */
const START = /(?:^|[$(|-] ?|run: |npx |\bnode bin\/)pulse-upload(?:\.js)? (.*)$/;

function shown(page: string, lines: readonly string[], isBlock: boolean): readonly ShownCommand[] {
  return lines.flatMap((line) => {
    const found = START.exec(line.trim())?.[1];
    return found === undefined ? [] : [{ page, text: line.trim(), argv: wordsOf(found), isBlock }];
  });
}

/** Words as a shell splits them, up to the end of the command. */
function wordsOf(text: string): readonly string[] {
  const command = /^(?:'[^']*'|"[^"]*"|\$\{\{.*?\}\}|<[^<>]*>|[^|>&;)#'"]|(?<=\S)#)*/.exec(text)?.[0] ?? '';
  const words = command.trim().match(/(?:'[^']*'|"[^"]*"|\$\{\{.*?\}\}|<[^<>]*>|[^\s'"])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, a?: string, b?: string) => a ?? b ?? ''),
  );
}
