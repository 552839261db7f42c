import { expect, test } from 'vitest';
import { resumeCommand } from '../../src/cli/upload/run-upload.ts';

test('the command that resumes keeps every option but those that would start over', () => {
  const given = new Map<string, readonly string[]>([
    ['server', ['http://host/']],
    ['checksum', ['sha1']],
    ['limitRate', ['1MiB']],
    ['noResume', []],
  ]);
  expect(resumeCommand(given, ['a.mp4'])).toBe(
    'pulse-upload a.mp4 --server http://host/ --limit-rate 1MiB --checksum sha1',
  );
});
