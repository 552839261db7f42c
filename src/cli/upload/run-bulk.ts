import { existsSync } from 'node:fs';
import process from 'node:process';
import { createKnown, type Known } from '../../bulk/ledger/known.ts';
import { type Ledger, openLedger, readLedger, refuseOther } from '../../bulk/ledger/ledger-file.ts';
import { makePlan, type Plan } from '../../bulk/plan.ts';
import { type BulkSettings, runBulk } from '../../bulk/run.ts';
import { exitCodes } from '../../errors.ts';
import type { PulseEvent } from '../../events.ts';
import { readTokenFile } from '../../input/token.ts';
import { refuseTokenInTheOpen } from '../../input/token-in-the-open.ts';
import { createOutput, type Output } from '../../output/output.ts';
import { createTransport } from '../../transport/http.ts';
import { planFiles } from '../../upload/plan.ts';
import { systemClock } from '../../upload/system-clock.ts';
import { type Interruption, watchForSignals } from '../interruption.ts';
import type { BulkValues } from '../options/bulk.ts';
import { insecureWarnings, openTokenRule } from '../options/network.ts';
import { outputChoice, type UploadValues } from '../options/upload.ts';
import { exitCodeOf, withSignalCode } from '../signal-code.ts';
import { surroundings } from '../surroundings.ts';
import type { Asked } from './asked.ts';
import { goOnWith } from './bulk-retry.ts';
import { bulkSettings, bulkSources, planChoices } from './bulk-settings.ts';
import { tidyCopy } from './sent-copy.ts';
import { unlessInterrupted } from './unless-interrupted.ts';
import { uploadTools } from './upload-tools.ts';

/** What was asked for, and what is known already. */
interface Task extends Omit<Asked, 'settings'> {
  readonly settings: BulkSettings;
  readonly known: Known;
  readonly ledger?: Ledger;
  readonly plan: Plan;
  readonly interruption: Interruption;
}

/** Everything that many files need is put together here; loaded only once there are many. */
export async function runBulkUpload(asked: Asked): Promise<number> {
  const { line, values, settings: upload, network } = asked;
  const sources = bulkSources(values, line.operands);
  const choices = planChoices(values, process.env);
  const settings = bulkSettings(values, upload, line.operands);
  const known = createKnown(upload.server.href, upload.requireProof);
  // From here on a signal has a lock to give back.
  const interruption = watchForSignals();
  let ledger: Ledger | undefined;
  // Whose reader has gone, or whose user asks a second time to end, ends without what is in `finally`.
  const freeLedger = () => ledger?.freeAtOnce();
  process.on('exit', freeLedger);
  try {
    ledger = await ledgerOf(values, known);
    const planned = makePlan(sources, choices, known, systemClock);
    const plan = await unlessInterrupted(planned, interruption);
    // Of a manifest it is enough to know that it names one: none is read yet.
    const credentials = { tokens: plan.items.map(({ own }) => own?.tokenFile), headers: {} };
    refuseTokenInTheOpen(upload.server, credentials, network, openTokenRule(values));
    const output = await createOutput(
      { ...outputChoice(values), many: true, ...(values.dryRun && { progress: 'none' }) },
      surroundings,
    );
    const task = { ...asked, settings, known, plan, interruption };
    return await run({ ...task, ...(ledger && { ledger }) }, output).finally(output.close);
  } finally {
    // A run tells of it; where there was none, what kept it from being made is the error to tell.
    await ledger?.close().catch(() => undefined);
    process.off('exit', freeLedger);
    interruption.release();
  }
}

/** A dry run reads the ledger, and leaves it and its lock alone. */
async function ledgerOf({ ledger: path, dryRun }: UploadValues & BulkValues, known: Known) {
  if (path === undefined) return undefined;
  if (!dryRun) return openLedger(path, known.add);
  await refuseOther(path);
  if (existsSync(path)) await readLedger(path, known.add);
  return undefined;
}

async function run(task: Task, output: Output): Promise<number> {
  const { line, values, settings, network, known, ledger, plan, interruption } = task;
  const transport = createTransport(network);
  const left = new Set(plan.items);
  const named = new Set(line.operands);
  const report = (event: PulseEvent) => output.report(withSignalCode(event, interruption));
  const asked = { line, values, settings: settings.upload };
  const { tools, close } = uploadTools(asked, transport.send, report);
  insecureWarnings(values, settings.upload.server).forEach(output.warn);
  try {
    if (values.dryRun) {
      const leftOut = { skipped: plan.skipped, tooYoung: plan.young.length };
      const { exitCode } = await planFiles(plan.items, settings.upload, tools, leftOut);
      if (plan.young.length > 0) output.printNext(goOnWith(line, values, plan.young, undefined));
      return exitCode;
    }
    const outcome = await runBulk(plan, settings, {
      ...tools,
      known,
      readTokenFile: (path) => readTokenFile(path, 'tokenFile'),
      onDone: async (item, { gone = false }) => {
        left.delete(item);
        // What only lies in a folder that is sent may be meant for another server.
        if (named.has(item.file) && (await tidyCopy(item.file, gone, settings.upload, output)))
          named.delete(item.file);
      },
      ...(ledger !== undefined && { ledger }),
      signal: interruption.signal,
    });
    // What could not even be looked at has to be mended first; to be told the same command again would lead in a circle.
    const forNextRun = [...[...left].filter(({ problem }) => problem === undefined), ...plan.young];
    // What makes no sense makes none the next time either.
    if (forNextRun.length > 0 && outcome.exitCode !== exitCodes.usage)
      output.printNext(goOnWith({ ...line, operands: [...named] }, values, forNextRun, outcome.redirected));
    return exitCodeOf(outcome, interruption);
  } finally {
    interruption.release();
    close();
    await transport.close();
  }
}
