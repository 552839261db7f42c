import { describe, expect, test } from 'vitest';
import { createServerTrouble } from '../../src/bulk/server-trouble.ts';
import { PulseError } from '../../src/errors.ts';
import type { Outcome } from '../../src/protocol/wire.ts';
import { createRunTools } from '../../src/upload/host/host.ts';
import { defaultSettings } from '../../src/upload/settings.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { systemClock } from '../../src/upload/system-clock.ts';

const nobody: Outcome = { kind: 'break', cause: 'refused', detail: 'connection refused', delivered: false };
const noAnswer = new PulseError('temporary', 'the server cannot be reached');

function troubleOf(maxOutageMs: number) {
  const settings = { ...defaultSettings, server: new URL('http://127.0.0.1/'), maxOutageMs };
  const tools = createRunTools(settings, {
    send: async () => nobody,
    report: () => {},
    clock: systemClock,
    random: () => 0.5,
    store: openStateStore('/nowhere'),
  });
  return { trouble: createServerTrouble(settings, tools), host: tools.host };
}

describe('a file that made no request itself', () => {
  test('stops the run where what all of them asked for failed, since nobody is there', () => {
    const { trouble, host } = troubleOf(0);
    expect(trouble.failed(noAnswer, undefined)).toBeUndefined();
    host.outage.saw(nobody);
    expect(trouble.failed(noAnswer, undefined)).toMatchObject({ kind: 'temporary' });
  });

  test('stops nothing while the server is waited for, or where the file itself is to blame', () => {
    const { trouble, host } = troubleOf(60_000);
    host.outage.saw(nobody);
    expect(trouble.failed(noAnswer, undefined)).toBeUndefined();
    const other = troubleOf(0);
    other.host.outage.saw(nobody);
    expect(other.trouble.failed(new PulseError('input', 'no such file'), undefined)).toBeUndefined();
  });
});
