import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { start as adapter } from '../../fixtures/servers/adapter.js';
import { start as binary } from '../../fixtures/servers/binary.js';
import { start as documentedBinary } from '../../fixtures/servers/documented-binary.js';
import { start as multipart } from '../../fixtures/servers/multipart.js';
import { temporaryFolder } from '../cli/run-bin.ts';
import { quickMultipart, type Start } from '../fixtures/quick-multipart.ts';
import { findings, type Result, RUN_MS, verified } from './findings.ts';

/** What `pulse-upload verify` finds in the servers of fixtures/servers, exactly. After a deliberate change: npm run golden. */

async function verifiedServer(name: string, start: Start): Promise<readonly Result[]> {
  const server = await start({ port: 0, dir: join(await temporaryFolder(), 'uploads') });
  onTestFinished(() => server.close());
  return verified(name, server.url);
}

describe.each([
  ['multipart', multipart],
  ['binary', binary],
  ['adapter', adapter],
] as const)('%s', (name, start) => {
  test('is conformant: nothing fails, nothing is warned about', { timeout: RUN_MS }, async () => {
    const results = await verifiedServer(name, start);
    expect(findings(results)).toEqual([]);
    expect(results.filter(({ verdict }) => verdict === 'pass').length).toBeGreaterThan(200);
  });
});

describe.each([
  ['documented-multipart', quickMultipart],
  ['documented-binary', documentedBinary],
] as const)('%s', (name, start) => {
  test('has exactly the mistakes that are written down', { timeout: RUN_MS }, async () => {
    const results = await verifiedServer(name, start);
    const found = findings(results);
    await expect(`${found.join('\n')}\n`).toMatchFileSnapshot(`${name}.golden.txt`);
    expect(found.length).toBeGreaterThanOrEqual(8);
    // The app deletes a recording of which the server holds a part.
    expect(found).toContain('fail pulse.finalize.incomplete');
    const cut = results.find(({ id }) => id === 'data.disconnect.mid-chunk');
    if (name === 'documented-binary') {
      // How many bytes had come when the connection was cut is the network's.
      expect(cut?.violation?.actual).toMatch(/bytes 1,048,576 to [\d,]+ are there twice/);
    } else {
      expect(cut?.verdict).toBe('pass');
    }
  });
});
