import { expect, test } from 'vitest';
import { logLine } from '../../src/output/log-line.ts';

const time = new Date('2026-01-31T12:00:00Z');
const record = { method: 'PATCH', path: '/uploads/a b', status: 204, uploadId: undefined };

test('a log line for people has a pair for each fact, quoted where it must be', () => {
  expect(logLine(record, time, 'logfmt')).toBe(
    'time=2026-01-31T12:00:00.000Z method=PATCH path="/uploads/a b" status=204\n',
  );
});

test('a log line for programs is compact JSON', () => {
  expect(logLine(record, time, 'json')).toBe(
    '{"time":"2026-01-31T12:00:00.000Z","method":"PATCH","path":"/uploads/a b","status":204}\n',
  );
});

test('nobody can forge a line or move the cursor through a path', () => {
  const line = logLine({ path: '/x\nmethod=GET \x1b[2J"' }, time, 'logfmt');
  expect(line).toBe('time=2026-01-31T12:00:00.000Z path="/x\\\\nmethod=GET \\\\u{1b}[2J\\""\n');
});
