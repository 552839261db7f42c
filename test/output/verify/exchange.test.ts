import { expect, test } from 'vitest';
import { exchangeLine } from '../../../src/output/verify/exchange.ts';
import type { Exchange } from '../../../src/verify/recording.ts';
import { finalized } from './made-up.ts';

const sentWith = (changes: Partial<Exchange['sent']>) =>
  exchangeLine({ ...finalized, sent: { ...finalized.sent, ...changes } });

test('of a request with JSON the JSON is shown; its type only where it is another one or none, its size where it was cut', () => {
  expect(exchangeLine(finalized)).toMatch(/^POST \/uploads\/finalize \(\{"uploadId":[^ ]*\}\) -> 200/);
  expect(sentWith({ headers: [['Content-Type', 'text/plain']] })).toContain('(Content-Type: text/plain, {"');
  expect(sentWith({ headers: [] })).toContain('(no Content-Type, {"');
  expect(sentWith({ cut: 'reset', writtenBytes: 10 })).toMatch(
    /\(94 bytes, \{.*\}, reset \(RST\) after 10\)/,
  );
});

test('headers that are there for their size alone are one detail', () => {
  const fillers = Array.from({ length: 16 }, (_, index) => [`X-Filler-${index}`, 'x'.repeat(4080)] as const);
  const line = sentWith({ headers: [['Upload-Offset', '0'], ...fillers, ['Content-MD5', 'abc']] });
  expect(line).toContain('(Upload-Offset: 0, Content-MD5: abc, X-Filler-0 to X-Filler-15: 65,510 bytes, ');
  expect(sentWith({ headers: fillers.slice(0, 2) })).toMatch(/\(X-Filler-0: x{79}…, X-Filler-1: x{79}…, /);
});
