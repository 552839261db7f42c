import { describe, expect, it } from 'vitest';
import type { Body, BodyListener } from '../../src/server/http/body.ts';
import { Intake } from '../../src/server/http/intake.ts';
import { freshHold } from '../../src/server/store/hold.ts';

function scriptedBody(): Body & { listener?: BodyListener; paused: boolean } {
  return {
    paused: false,
    listen(listener) {
      this.listener = listener;
    },
    ignore() {
      delete this.listener;
    },
    pause() {
      this.paused = true;
    },
    resume() {
      this.paused = false;
    },
  };
}

function intakeOf(body: Body, hold = freshHold(), roomBytes = Number.MAX_SAFE_INTEGER): Intake {
  return new Intake({ body, hold, roomBytes, idleMs: 60_000, onBytes: () => {} });
}

describe('the intake', () => {
  it('takes nothing for a holder that was stopped before it began', async () => {
    const [body, hold] = [scriptedBody(), freshHold()];
    hold.stop();
    const intake = intakeOf(body, hold);
    expect(body.listener).toBeUndefined();
    expect(await intake.next()).toEqual({ kind: 'stopped' });
    intake.close();
  });

  it('makes the sender wait while a MiB waits for the disk, and hands it over in one', async () => {
    const body = scriptedBody();
    const intake = intakeOf(body);
    const piece = Buffer.alloc(64 * 1024);
    for (let count = 0; count < 16; count++) {
      expect(body.paused).toBe(false);
      body.listener?.data(piece);
    }
    expect(body.paused).toBe(true);
    expect(await intake.next()).toHaveLength(16);
    expect(body.paused).toBe(false);
    intake.close();
  });

  it('hands over what came before the end, then the end', async () => {
    const body = scriptedBody();
    const intake = intakeOf(body, freshHold(), 3);
    body.listener?.data(Buffer.from('12345'));
    body.listener?.broken();
    expect(await intake.next()).toEqual([Buffer.from('123')]);
    expect(await intake.next()).toEqual({ kind: 'overrun' });
    intake.close();
    expect(body.listener).toBeUndefined();
  });

  it('is no sign of a silent sender while the disk is behind', async () => {
    const [body, hold] = [scriptedBody(), freshHold()];
    const intake = intakeOf(body, hold);
    body.listener?.data(Buffer.from('1'));
    expect(hold.waitsForSender).toBe(false);
    await intake.next();
    expect(hold.waitsForSender).toBe(false);
    const next = intake.next();
    expect(hold.waitsForSender).toBe(true);
    body.listener?.end();
    await next;
    intake.close();
  });
});
