import { expect, it } from 'vitest';
import { faultOf } from '../../src/upload/faults.ts';

it('no status ends an upload without a next step', () => {
  const request = { method: 'POST', url: new URL('http://h/uploads'), headers: {} } as const;
  const statuses = Array.from({ length: 300 }, (_, index) => 300 + index);
  const silent = statuses.filter((status) => {
    const answer = { kind: 'answer', status, headers: {}, body: new Uint8Array() } as const;
    return faultOf(request, answer, 0).hint === undefined;
  });
  expect(silent).toEqual([]);
});
