import { expect, it } from 'vitest';
import type { BreakCause } from '../../src/protocol/wire.ts';
import { again, faultOf, resuming } from '../../src/upload/faults.ts';

const request = { method: 'POST', url: new URL('http://h/uploads'), headers: {} } as const;

it('no status ends an upload without a next step', () => {
  const statuses = Array.from({ length: 300 }, (_, index) => 300 + index);
  const silent = statuses.filter((status) => {
    const answer = { kind: 'answer', status, headers: {}, body: new Uint8Array() } as const;
    return faultOf(request, answer, 0).hint === undefined;
  });
  expect(silent).toEqual([]);
});

it('no break ends an upload without a next step', () => {
  // A record, so that the compiler asks for every cause there is.
  const causes: Readonly<Record<BreakCause, true>> = {
    'unknown-host': true,
    refused: true,
    unreachable: true,
    tls: true,
    proxy: true,
    timeout: true,
    reset: true,
    'not-http': true,
    'too-long': true,
  };
  const silent = Object.keys(causes).filter((cause) => {
    const broken = {
      kind: 'break',
      cause: cause as BreakCause,
      detail: 'it broke',
      delivered: true,
    } as const;
    return !faultOf(request, broken, 0).hint;
  });
  expect(silent).toEqual([]);
});

it('a hint says that the next run resumes where its words end a sentence, and nowhere else', () => {
  expect(resuming(again)).toBe(`${again}: it resumes`);
  expect(resuming(`check the network; then ${again}`)).toBe(`check the network; then ${again}: it resumes`);
  expect(resuming(`${again}; if it fails, ask`)).toBe(`${again}: it resumes; if it fails, ask`);
  for (const other of [`${again} later`, `${again} with --name`, `${again}: it starts a new upload`])
    expect(resuming(other)).toBe(other);
  expect(resuming(undefined)).toBe(undefined);
});
