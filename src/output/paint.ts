import type { TextStream } from './text-stream.ts';

/** The few colours of the tool, by meaning. */
export interface Paint {
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly good: (text: string) => string;
  readonly accent: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

const same = (text: string) => text;
export const noPaint: Paint = { bad: same, warn: same, good: same, accent: same, faint: same, strong: same };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether this stream gets colours: --no-color, then FORCE_COLOR, then NO_COLOR and TERM=dumb, then a terminal does. */
export function wantsColor(stream: TextStream, environment: Environment, refused: boolean): boolean {
  if (refused) return false;
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined) return !/^(0|false)$/i.test(forced);
  if ((environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb') return false;
  return stream.isTTY === true;
}

/** chalk is loaded only where there is something to colour, and never asked what it thinks of the terminal. */
export async function createPaint(colored: boolean): Promise<Paint> {
  if (!colored) return noPaint;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    bad: chalk.bold.red,
    warn: chalk.yellow,
    good: chalk.green,
    accent: chalk.cyan,
    faint: chalk.dim,
    strong: chalk.bold,
  };
}
