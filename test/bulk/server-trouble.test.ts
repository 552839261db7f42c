import { describe, expect, test } from 'vitest';
import { createServerTrouble, type ServerTrouble } from '../../src/bulk/server-trouble.ts';
import { PulseError } from '../../src/errors.ts';
import type { PulseEvent } from '../../src/events.ts';
import type { Outcome, WireRequest } from '../../src/protocol/wire.ts';
import { createRunTools } from '../../src/upload/host/host.ts';
import { type Clock, defaultSettings } from '../../src/upload/settings.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { systemClock } from '../../src/upload/system-clock.ts';
import { quickClock } from '../upload/harness.ts';

const nobody: Outcome = { kind: 'break', cause: 'refused', detail: 'connection refused', delivered: false };
const noAnswer = new PulseError('temporary', 'the server cannot be reached');

function troubleOf(maxOutageMs: number, clock: Clock = systemClock) {
  const settings = { ...defaultSettings, server: new URL('http://127.0.0.1/'), maxOutageMs };
  const events: PulseEvent[] = [];
  const tools = createRunTools(settings, {
    send: async () => nobody,
    report: (event) => events.push(event),
    clock,
    random: () => 0.5,
    store: openStateStore('/nowhere'),
  });
  return { trouble: createServerTrouble(settings, tools), host: tools.host, events };
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

describe('a proxy with nobody behind it', () => {
  const badGateway: Outcome = { kind: 'answer', status: 502, headers: {}, body: new Uint8Array(0) };
  const error = new PulseError('temporary', 'PATCH answered 502');

  /** A file whose requests are answered as `set` said last. */
  function fileOf(trouble: ServerTrouble) {
    let answer: Outcome = badGateway;
    const watched = trouble.watched(async () => answer);
    const ask = (method: WireRequest['method'], id: string) =>
      watched.send(
        { method, url: new URL(`http://127.0.0.1/uploads/${id}`), headers: {} },
        { idleTimeoutMs: 1 },
      );
    return {
      answered: async (method: WireRequest['method'], offsetBytes: number, id = 'a') => {
        const headers = { 'upload-offset': String(offsetBytes) };
        answer = { kind: 'answer', status: method === 'HEAD' ? 200 : 204, headers, body: new Uint8Array(0) };
        await ask(method, id);
      },
      refused: async (status = 502) => {
        answer = { kind: 'answer', status, headers: {}, body: new Uint8Array(0) };
        await ask('PATCH', 'a');
        return watched.isWorthAnother(error, watched.last());
      },
    };
  }

  test('is waited for only so long, however often HEAD answers, or the same is sent once more', async () => {
    for (const inBetween of [
      (file: ReturnType<typeof fileOf>) => file.answered('HEAD', 50),
      (file: ReturnType<typeof fileOf>, turn: number) => file.answered('PATCH', 50, `anew-${turn}`),
    ]) {
      const { trouble, events } = troubleOf(60_000, quickClock());
      const file = fileOf(trouble);
      await file.answered('PATCH', 50);
      let turns = 0;
      while (await file.refused()) {
        await inBetween(file, turns);
        turns += 1;
        expect(turns).toBeLessThan(20);
      }
      expect(turns).toBeGreaterThan(3);
      expect(trouble.failed(error, badGateway)).toMatchObject({ kind: 'temporary' });
      expect(events.map(({ type }) => type)).toEqual(['outage.start']);
    }
  });

  test('goes on although HEAD finds what an earlier run left, and is over once it shows more', async () => {
    const { trouble, events } = troubleOf(60_000, quickClock());
    const file = fileOf(trouble);
    const types = () => events.map(({ type }) => type);
    expect(await fileOf(trouble).refused()).toBe(true);
    await file.answered('HEAD', 10);
    await file.refused(504);
    await file.answered('HEAD', 10);
    expect(types()).toEqual(['outage.start']);
    await file.answered('HEAD', 20);
    expect(types()).toEqual(['outage.start', 'outage.end']);
  });

  test('only for one file is waited for as long, while the others advance; then that file fails and the run goes on', async () => {
    const { trouble, events } = troubleOf(60_000, quickClock());
    const [stuck, other] = [fileOf(trouble), fileOf(trouble)];
    let turns = 0;
    for (; await stuck.refused(); turns += 1) await other.answered('PATCH', turns + 1, 'other');
    expect(turns).toBeGreaterThan(3);
    expect(trouble.failed(error, badGateway)).toBeUndefined();
    expect(events.map(({ type }) => type)).toEqual(['outage.start', 'outage.end']);
  });

  test('for one file after another stops the run, although each of them advances in between', async () => {
    const { trouble } = troubleOf(60_000, quickClock());
    const stops = [];
    for (const other of [fileOf(trouble), fileOf(trouble), fileOf(trouble)]) {
      const stuck = fileOf(trouble);
      for (let bytes = 1; await stuck.refused(); bytes += 1) await other.answered('PATCH', bytes, 'other');
      stops.push(trouble.failed(error, badGateway)?.kind);
    }
    expect(stops).toEqual([undefined, undefined, 'temporary']);
  });
});

describe('a server that accepts connections and answers nobody', () => {
  const cut: Outcome = { kind: 'break', cause: 'reset', detail: 'connection reset', delivered: true };
  const error = new PulseError('temporary', 'POST: connection reset');
  const answer: Outcome = { kind: 'answer', status: 200, headers: {}, body: new Uint8Array(0) };
  const request: WireRequest = { method: 'POST', url: new URL('http://127.0.0.1/uploads'), headers: {} };

  /** A file that spent its tries; whether it is worth another. */
  function fileOf(trouble: ServerTrouble) {
    const met = { outcome: cut };
    const watched = trouble.watched(async () => met.outcome);
    const meets = async (outcome: Outcome) => {
      met.outcome = outcome;
      await watched.send(request, { idleTimeoutMs: 1000 });
    };
    const fails = async () => {
      await meets(cut);
      return watched.isWorthAnother(error, cut);
    };
    return { meets, fails };
  }

  test('is told from a file by the third in a row, between which nobody was answered', async () => {
    const { trouble, events } = troubleOf(60_000, quickClock());
    const files = Array.from({ length: 6 }, () => fileOf(trouble));
    const [good = fileOf(trouble), ...bad] = files;
    const failed = [];
    for (const [index, file] of bad.entries()) {
      if (index === 2) await good.meets(answer);
      failed.push(await file.fails());
    }
    expect(failed).toEqual([false, false, false, false, true]);
    expect(trouble.failed(error, cut)).toBeUndefined();
    expect(events.map(({ type }) => type)).toEqual(['outage.start']);
    await good.meets(answer);
    expect(events.map(({ type }) => type)).toEqual(['outage.start', 'outage.end']);
    expect(await fileOf(trouble).fails()).toBe(false);
  });

  test('stops the run at the third where no outage is waited for, and however often one file is tried it is one', async () => {
    const { trouble } = troubleOf(0);
    const first = fileOf(trouble);
    const stops = [];
    for (const file of [first, first, first, fileOf(trouble), fileOf(trouble)]) {
      expect(await file.fails()).toBe(false);
      stops.push(trouble.failed(error, cut)?.kind);
    }
    expect(stops).toEqual([undefined, undefined, undefined, undefined, 'temporary']);
  });
});
