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
