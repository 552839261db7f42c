import { resolve } from 'node:path';
import type { Report } from '../../events.ts';
import type { Send } from '../../protocol/wire.ts';
import { createPace, pacedSend } from '../../transport/pace.ts';
import { noted, redacted, secretTokens } from '../../upload/redact.ts';
import type { Tools, UploadSettings } from '../../upload/settings.ts';
import { openServerMemory } from '../../upload/state/server-memory.ts';
import { openStateStore, type StateStore } from '../../upload/state/state-store.ts';
import { systemClock } from '../../upload/system-clock.ts';
import { tokenReader, type UploadValues } from '../options/upload.ts';
import { stateDir } from '../state-dir.ts';
import type { Asked } from './asked.ts';
import { observedSend } from './observed-send.ts';
import { openTranscript, type Transcript } from './transcript.ts';

export interface UploadTools {
  /** What the uploader gets of the outside world, as the command line wants it. */
  readonly tools: Tools;
  readonly close: () => void;
}

export function uploadTools(
  { line, values, settings }: Pick<Asked, 'line' | 'values' | 'settings'>,
  send: Send,
  report: Report,
): UploadTools {
  const tokens = secretTokens(settings.token, settings.headers);
  const transcript = transcriptOf(values, settings, line.operands, tokens, report);
  const readToken = tokenReader(values, line.given);
  const { limitRate } = values;
  const paced = limitRate === undefined ? send : pacedSend(send, createPace(limitRate));
  const shown = redacted(report, tokens);
  const sendHiding = (own: ReadonlySet<string>) => {
    const written = transcript?.written(paced, own) ?? paced;
    return values.verbose ? observedSend(written, redacted(shown, own), systemClock.nowMs) : written;
  };
  const tools: Tools = {
    send: sendHiding(new Set()),
    sendHiding,
    report,
    clock: systemClock,
    random: Math.random,
    store: storeOf(values.ledger),
    memory: openServerMemory(stateDir(), systemClock.dateMs),
    ...(readToken !== undefined && { readToken: noted(readToken, tokens) }),
  };
  return { tools, close: () => transcript?.close() };
}

/** What is begun for a ledger is remembered with it, for whoever asks how to go on. */
function storeOf(path: string | undefined): StateStore {
  const store = openStateStore(stateDir());
  if (path === undefined) return store;
  const ledger = resolve(path);
  return { ...store, write: (record) => store.write({ ...record, ledger }) };
}

function transcriptOf(
  { transcript: path, dryRun }: UploadValues,
  { headers }: UploadSettings,
  files: readonly string[],
  tokens: ReadonlySet<string>,
  report: Report,
): Transcript | undefined {
  // What only looks sends nothing, and leaves alone what an earlier run wrote there.
  if (path === undefined || dryRun) return undefined;
  const onTrouble = (message: string) => report({ type: 'upload.warning', file: '', message });
  return openTranscript(path, { givenHeaders: headers, tokens, files, onTrouble });
}
