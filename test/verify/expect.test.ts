import { describe, expect, it } from 'vitest';
import { Blocked, Skip, Violation } from '../../src/verify/check.ts';
import {
  expectContent,
  expectFinished,
  expectHeader,
  expectNoHeader,
  expectOffset,
  expectRefused,
  expectStatus,
  needed,
  remarks,
} from '../../src/verify/expect.ts';
import { positionPayload } from '../../src/verify/payload.ts';
import type { Content } from '../../src/verify/probe/content.ts';
import { anExchange } from './made-up.ts';

/** What a word of the judges does: passes, remarks, or violates with these details. */
function outcome(judge: () => string | undefined) {
  try {
    const remark = judge();
    return remark === undefined ? 'passes' : { remark };
  } catch (thrown) {
    if (thrown instanceof Violation) return { ...thrown.details, evidence: undefined };
    if (thrown instanceof Blocked) return { blocked: thrown.message };
    if (thrown instanceof Skip) return { skip: thrown.message };
    throw thrown;
  }
}

const silent = anExchange({ broken: { cause: 'timeout', detail: 'no answer came within 5 ms' } });

describe('a status', () => {
  it('passes as a number or as a class', () => {
    expect(outcome(() => expectStatus(anExchange({ status: 204 }), [200, 204]))).toBe('passes');
    expect(outcome(() => expectStatus(anExchange({ status: 418 }), ['4xx']))).toBe('passes');
    expect(outcome(() => expectRefused(anExchange({ status: 400 })))).toBe('passes');
  });

  it('is remarked, a deviation, or a violation', () => {
    const of = (status: number) =>
      outcome(() => expectStatus(anExchange({ status }), [415], { note: [400, 403], warn: ['4xx'] }));
    expect(of(403)).toEqual({ remark: 'answered 403 rather than 415' });
    expect(of(404)).toMatchObject({ atMost: 'warn', expected: 'status 415', actual: '404' });
    expect(of(200)).not.toHaveProperty('atMost');
    expect(of(500)).toMatchObject({ expected: 'status 415', actual: '500' });
  });

  it('is a violation where no answer came', () => {
    expect(outcome(() => expectStatus(silent, ['4xx', '5xx']))).toMatchObject({
      actual: 'no answer came within 5 ms',
    });
  });

  it('is blocked where the scenario did not come so far', () => {
    expect(outcome(() => expectStatus(undefined, ['2xx']))).toHaveProperty('blocked');
  });
});

describe('a header', () => {
  const exchange = anExchange({ status: 200, headers: { 'Upload-Length': '10' } });

  it('is found in any case, and compared as text or by a pattern', () => {
    expect(outcome(() => expectHeader(exchange, 'upload-length', '10'))).toBe('passes');
    expect(outcome(() => expectHeader(exchange, 'Upload-Length', /^\d+$/))).toBe('passes');
    expect(outcome(() => expectHeader(exchange, 'Upload-Length', '11'))).toMatchObject({
      actual: 'Upload-Length: 10',
    });
    expect(outcome(() => expectHeader(exchange, 'Upload-Offset', '0'))).toMatchObject({
      actual: 'no Upload-Offset',
    });
  });

  it('is missed where it must not be', () => {
    expect(outcome(() => expectNoHeader(exchange, 'Location'))).toBe('passes');
    expect(outcome(() => expectNoHeader(exchange, 'Upload-Length'))).toMatchObject({
      actual: 'Upload-Length: 10',
    });
    expect(outcome(() => expectNoHeader(silent, 'Location'))).toMatchObject({
      actual: 'no answer came within 5 ms',
    });
  });
});

describe('an offset', () => {
  const at = (value: string) => anExchange({ status: 204, headers: { 'Upload-Offset': value } });

  it('is a number, or between two', () => {
    expect(outcome(() => expectOffset(at('7'), 7))).toBe('passes');
    expect(outcome(() => expectOffset(at('7'), { from: 7, to: 9 }))).toBe('passes');
    expect(outcome(() => expectOffset(at('9'), { from: 7, to: 9 }))).toBe('passes');
  });

  it.each(['6', '10', '07', '7.0', '7, 7', '', '-7', 'NaN'])('is not %j', (value) => {
    expect(outcome(() => expectOffset(at(value), { from: 7, to: 9 }))).toHaveProperty('actual');
  });
});

describe('the content', () => {
  const file = positionPayload(1, 3000);
  const content = (changes: Partial<Content>): Content => ({
    by: 'finalize',
    expected: { payload: file.record, sizeBytes: 3000, sha256: file.sha256() },
    attempts: [],
    ...changes,
  });
  const good = { sizeBytes: 3000, sha256: file.sha256() };

  it('is what was sent', () => {
    expect(outcome(() => expectContent(content({ stored: good })))).toBe('passes');
    expect(outcome(() => expectContent(content({ stored: { sha256: file.sha256() } })))).toBe('passes');
  });

  it('is not, where size or digest differ, or nobody says', () => {
    expect(outcome(() => expectContent(content({ stored: { ...good, sizeBytes: 3001 } })))).toHaveProperty(
      'actual',
    );
    expect(outcome(() => expectContent(content({ stored: { ...good, sha256: 'f' } })))).toHaveProperty(
      'actual',
    );
    expect(outcome(() => expectContent(content({ stored: { ...good, sha256: 'f' } })))).toMatchObject({
      isLoss: true,
    });
    expect(outcome(() => expectContent(content({ unknown: 'finalize answered 409' })))).toMatchObject({
      actual: 'finalize answered 409',
    });
  });

  it('says which bytes are wrong, from what was read back or from what was sent', () => {
    const runs = [{ at: 0, lengthBytes: 2000, from: 0 }];
    const stored = { sizeBytes: 2000, sha256: positionPayload(1, 3000).sha256().replace(/^./, 'x') };
    expect(outcome(() => expectContent(content({ stored, runs })))).toMatchObject({
      actual: expect.stringContaining('bytes 2,000 to 2,999 are missing'),
    });
  });

  it('an upload that stays locked is said to be locked, whatever the question was', () => {
    const locked = anExchange({ status: 423 });
    const stuck = { complete: false, offset: 5, exchanges: [locked], trouble: 'PATCH at 5 answered 423' };
    const says = { matters: expect.stringContaining('still holds the lock') };
    expect(outcome(() => expectFinished(stuck))).toMatchObject(says);
    expect(outcome(() => expectContent(content({ exchange: locked, unknown: '423' })))).toMatchObject(says);
    const refused = anExchange({ status: 409 });
    expect(outcome(() => expectFinished({ ...stuck, exchanges: [refused] }))).not.toHaveProperty('matters');
    expect(outcome(() => expectContent(content({ exchange: refused, unknown: '409' })))).not.toHaveProperty(
      'matters',
    );
  });

  it('is not judged where nothing reads it back', () => {
    expect(outcome(() => expectContent(content({ by: 'none', unknown: 'content not verified' })))).toEqual({
      skip: 'content not verified',
    });
  });
});

it('what a question builds on blocks it, unless it succeeded', () => {
  expect(needed(anExchange({ status: 201 }), 'the creation').answer?.status).toBe(201);
  expect(() => needed(anExchange({ status: 500 }), 'the creation')).toThrow('the creation was refused: 500');
  expect(() => needed(silent, 'the creation')).toThrow(Blocked);
  expect(() => needed(undefined, 'the creation')).toThrow(Blocked);
});

it('an upload that could not be sent to its end is a violation with its trouble', () => {
  expect(outcome(() => expectFinished({ complete: true, exchanges: [] }))).toBe('passes');
  const stuck = { complete: false, offset: 1200, exchanges: [], trouble: 'PATCH at 1200 answered 423' };
  expect(outcome(() => expectFinished(stuck))).toMatchObject({ actual: 'PATCH at 1200 answered 423' });
});

it('several remarks are one, each said once', () => {
  expect(remarks(undefined, undefined)).toBeUndefined();
  expect(remarks('a', undefined, 'a', 'b')).toBe('a; b');
});
