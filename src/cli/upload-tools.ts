import { homedir } from 'node:os';
import process from 'node:process';
import type { Report } from '../events.ts';
import type { Send } from '../protocol/wire.ts';
import { createPace, pacedSend } from '../transport/pace.ts';
import { redacted, secretTokens } from '../upload/redact.ts';
import { openServerMemory } from '../upload/server-memory.ts';
import type { Tools, UploadSettings } from '../upload/settings.ts';
import { openStateStore } from '../upload/state-store.ts';
import { systemClock } from '../upload/system-clock.ts';
import type { BulkValues } from './bulk-options.ts';
import type { CommandLine } from './command-line.ts';
import { observedSend } from './observed-send.ts';
import { tokenReader, type UploadValues } from './options.ts';
import { stateDirOf } from './state-dir.ts';

interface Given {
  readonly line: CommandLine;
  readonly values: UploadValues & BulkValues;
  readonly settings: UploadSettings;
  readonly send: Send;
  readonly report: Report;
}

/** What the uploader gets of the outside world, as the command line wants it. */
export function uploadTools({ line, values, settings, send, report }: Given): Tools {
  const tokens = secretTokens(settings.token);
  const observe = redacted(report, tokens);
  const readToken = tokenReader(values, line.given);
  const stateDir = stateDirOf(process.env, process.platform, homedir());
  const paced = values.limitRate === undefined ? send : pacedSend(send, createPace(values.limitRate));
  return {
    send: values.verbose ? observedSend(paced, observe, systemClock.nowMs) : paced,
    report,
    clock: systemClock,
    random: Math.random,
    store: openStateStore(stateDir),
    memory: openServerMemory(stateDir, systemClock.nowMs),
    ...(readToken !== undefined && {
      readToken: () => {
        const token = readToken();
        tokens.add(token);
        return token;
      },
    }),
  };
}
