import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clients } from '../../peers/clients.ts';
import { rulingRow, unexplained, unruled } from '../../peers/page.ts';
import { rulings } from '../../peers/rulings.ts';
import { servers } from '../../peers/servers.ts';
import { startPeer, troubles, uploadFrom, uploadTo } from '../../peers/trials.ts';
import { extensionsOf, tryWay, WITHOUT_FIRST_BYTES, ways } from '../../peers/ways.ts';
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

/** What @tus/server does not offer: if it ever does, that is tried too. */
const lacking = ['concatenation', 'checksum'];

describe('@tus/server and what our uploader does where it is offered', () => {
  test('offers all but two of the extensions', async () => {
    const offered = await extensionsOf((await startTusNode()).url);
    expect(ways.map(({ needs }) => needs).filter((needs) => !offered.includes(needs))).toEqual(lacking);
  });

  const attempts = ways
    .filter(({ needs }) => !lacking.includes(needs))
    .flatMap((way) => Object.keys(way.troubles).map((trouble) => [way.title, trouble, way] as const));

  test.each(attempts)('%s, over %s', async (_title, trouble, way) => {
    const { exitCode, isStored, said, rightly } = await tryWay(way, await startTusNode(), trouble);
    expect({ exitCode, isStored }, said).toEqual({ exitCode: 0, isStored: true });
    expect(rightly).not.toBe(WITHOUT_FIRST_BYTES);
  });
});

describe('a trial of a way', () => {
  test('shows nothing where its fault never struck', async () => {
    const [way] = ways;
    if (way === undefined) throw new Error('there is no way');
    const never = { on: { method: 'PATCH', nth: 99 }, do: 'swallow-response', by: 'rst' } as const;
    const trial = await tryWay({ ...way, troubles: { never: [never] } }, await startTusNode(), 'never');
    expect(trial).toMatchObject({ exitCode: 0, isStored: false });
    expect(unexplained({ id: 'x' }, [trial])).toHaveLength(1);
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
