import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clients } from '../../peers/clients.ts';
import { rulingRow, unruled } from '../../peers/page.ts';
import { rulings } from '../../peers/rulings.ts';
import { servers } from '../../peers/servers.ts';
import { startPeer, troubles, uploadFrom, uploadTo } from '../../peers/trials.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks } from '../../src/verify/verify.ts';
import { findings, RUN_MS, verified } from '../golden/findings.ts';

/** What npm and Debian have is tried here; `npm run peers` tries the others, and writes docs/peers.md. */
const NO_CACHE = '';
const tusNode = servers.find(({ id }) => id === 'tus-node');

async function startTusNode() {
  if (tusNode === undefined) throw new Error('there is no tus-node');
  const server = await startPeer(tusNode, NO_CACHE);
  onTestFinished(server.stop);
  return server;
}

describe('@tus/server', () => {
  test('has exactly the findings that are ruled on', { timeout: RUN_MS }, async () => {
    const { url } = await startTusNode();
    expect(unruled('tus-node', findings(await verified('tus-node', url, ['--protocol', 'tus'])))).toEqual([]);
  });

  test.each(Object.keys(troubles))('takes a whole file from our uploader over %s', async (trouble) => {
    const { exitCode, isStored, said } = await uploadTo(await startTusNode(), trouble);
    expect({ exitCode, isStored }, said).toEqual({ exitCode: 0, isStored: true });
  });
});

describe.each(clients.filter(({ id }) => id !== 'aiotus'))('$title to our server', (client) => {
  const missing = client.fetch(NO_CACHE);
  if (missing !== undefined) console.warn(`${client.title} is not tried: ${missing}`);

  test.skipIf(missing !== undefined).each(Object.keys(troubles))(
    'sends a whole file over %s',
    async (trouble) => {
      const { exitCode, isStored, said } = await uploadFrom(client, NO_CACHE, trouble);
      expect({ exitCode, isStored }, said).toEqual({ exitCode: 0, isStored: true });
    },
  );
});

describe('docs/peers.md', () => {
  const page = readFileSync('docs/peers.md', 'utf8');

  test('has every ruling, word for word', () => {
    const rows = Object.values(rulings).flatMap((its) => its.map(rulingRow));
    expect(rows.filter((row) => !page.includes(row))).toEqual([]);
  });

  test('names every peer in its version, and every check by its name', () => {
    expect([...servers, ...clients].filter(({ title }) => !page.includes(title))).toEqual([]);
    const ids = new Set(allChecks(suite).map(({ id }) => id));
    const named = Object.values(rulings).flatMap((its) =>
      its.map(({ finding }) => finding.split(' ')[1] ?? ''),
    );
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
  });
});
