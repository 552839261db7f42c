import { rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from './goals.ts';
import { describeMachine } from './machine.ts';
import { measure } from './measure.ts';
import { type Plan, parsePlan, UsageError, usage } from './options.ts';
import { growthPlot } from './plot.ts';
import { type Result, renderPart, renderResult, resultJson, withMeasurements } from './report.ts';

const docsPage = new URL('../docs/performance.md', import.meta.url);
const docsPlot = new URL('../docs/growth.svg', import.meta.url);

/** A temporary folder that is gone afterwards, also after Ctrl-C: the files in it are large. */
async function inTemporaryFolder<Value>(task: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-upload-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  return task(folder);
}

async function bench(plan: Plan): Promise<void> {
  const time = new Date().toISOString();
  const machine = describeMachine();
  const say = (line: string) => console.error(line);
  const figures = await inTemporaryFolder((folder) => measure({ plan, folder, say }));
  const result: Result = { time, machine, plan, figures, goals: judge(figures) };
  console.log(renderResult(result));
  if (plan.jsonFile !== undefined) await writeFile(plan.jsonFile, resultJson(result));
  if (plan.writeDocs) await writeDocs(result);
}

/** Replaces what the page says of the parts that were measured, and the plot of how cost grows. */
async function writeDocs(result: Result): Promise<void> {
  const page = await readFile(docsPage, 'utf8');
  const written = result.plan.parts.reduce(
    (text, part) => withMeasurements(text, part, renderPart(result, part)),
    page,
  );
  await writeFile(docsPage, written);
  const { growth } = result.figures;
  if (growth !== undefined) await writeFile(docsPlot, growthPlot(growth));
}

try {
  const plan = parsePlan(process.argv.slice(2));
  if (plan === 'help') process.stdout.write(usage);
  else await bench(plan);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
