import process from 'node:process';
import { openLedger } from '../bulk/ledger-file.ts';
import { createKnown } from '../bulk/ledger-known.ts';
import { makePlan } from '../bulk/plan.ts';
import { type BulkTools, runBulk } from '../bulk/run.ts';
import type { PulseEvent } from '../events.ts';
import { createOutput } from '../output/output.ts';
import { createTransport } from '../transport/http.ts';
import type { TransportSettings } from '../transport/settings.ts';
import type { UploadSettings } from '../upload/settings.ts';
import { systemClock } from '../upload/system-clock.ts';
import type { BulkValues } from './bulk-options.ts';
import { goOnWith } from './bulk-retry.ts';
import { bulkSettings, bulkSources, planChoices } from './bulk-settings.ts';
import type { CommandLine } from './command-line.ts';
import { watchForSignals } from './interruption.ts';
import { insecureWarning } from './network-options.ts';
import { outputChoice, type UploadValues } from './options.ts';
import { readTokenFile } from './parse/token.ts';
import { exitCodeOf, withSignalCode } from './signal-code.ts';
import { uploadTools } from './upload-tools.ts';

/** Everything that many files need is put together here; loaded only once there are many. */
export async function runBulkUpload(
  line: CommandLine,
  values: UploadValues & BulkValues,
  upload: UploadSettings,
  network: TransportSettings,
): Promise<number> {
  const sources = bulkSources(values, line.operands);
  const choices = planChoices(values, process.env);
  const settings = bulkSettings(values, upload);
  const known = createKnown(upload.server.href, upload.requireProof);
  const ledger = values.ledger === undefined ? undefined : await openLedger(values.ledger, known.add);
  const output = await createOutput(
    { ...outputChoice(values), many: true },
    { out: process.stdout, err: process.stderr, environment: process.env, now: () => new Date() },
  );
  const interruption = watchForSignals();
  const transport = createTransport(network);
  try {
    const plan = await makePlan(sources, choices, known, systemClock.nowMs());
    const left = new Set(plan.items);
    const report = (event: PulseEvent) => output.report(withSignalCode(event, interruption));
    const tools: BulkTools = {
      ...uploadTools({ line, values, settings: upload, send: transport.send, report }),
      known,
      readTokenFile: (path) => readTokenFile(path, 'tokenFile'),
      onDone: (item) => left.delete(item),
      ...(ledger !== undefined && { ledger }),
      signal: interruption.signal,
    };
    const warning = insecureWarning(values, upload.server);
    if (warning !== undefined) output.warn(warning);
    const outcome = await runBulk(plan, settings, tools);
    if (left.size > 0) output.printNext(goOnWith(line, values, [...left]));
    return exitCodeOf(outcome, interruption);
  } finally {
    interruption.release();
    output.close();
    await ledger?.close();
    await transport.close();
  }
}
