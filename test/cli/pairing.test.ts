import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { payload, subject } from '../server/harness.ts';
import { startScriptedServer } from '../upload/scripted-server.ts';
import { runBin, temporaryFolder } from './run-bin.ts';

const claims = (exp: number) =>
  `${Buffer.from(JSON.stringify({ artifactId: 'x', exp })).toString('base64url')}.c2lnbmF0dXJl`;

async function paired(token: string, serverToken = token) {
  const dir = await temporaryFolder();
  const server = await subject({ protocol: 'pulse-v1', token: serverToken });
  const artifactId = randomUUID();
  const link = `pulsecam://?${new URLSearchParams({ v: '1', artifactId, server: server.url, token })}`;
  const file = join(dir, 'video.mp4');
  await writeFile(file, payload(100_000));
  const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
  return { dir, server, artifactId, link, file, env };
}

it('a link in a file is all that an upload needs, and its token is never shown', async () => {
  const token = claims(Date.now() / 1000 + 600);
  const { dir, server, artifactId, link, file, env } = await paired(token);
  const linkFile = join(dir, 'link');
  await writeFile(linkFile, `${link}\n`);
  const { code, stdout, stderr } = await runBin([file, '--pairing-link', `@${linkFile}`, '-v'], { env });
  expect(stderr).toMatch(/--read-back compares the content/);
  expect(code).toBe(0);
  expect(stdout).toContain(server.url);
  expect(`${stdout}${stderr}`).not.toContain(token.slice(0, 20));
  expect((await readFile(join(server.dir, `${artifactId}.mp4`))).equals(await readFile(file))).toBe(true);
});

it('a token that has expired is noticed before anything is sent', async () => {
  const { server, link, file, env } = await paired(claims(1_700_000_000));
  const { code, stderr } = await runBin([file], { env: { ...env, PULSE_UPLOAD_PAIRING_LINK: link } });
  expect([code, stderr]).toEqual([5, expect.stringMatching(/the token expired at 2023-11-14T22:13:20/)]);
  expect(server.log).toEqual([]);
});

it.each([
  [['--server', 'http://127.0.0.1:1'], /--pairing-link and --server exclude each other/],
  [['--protocol', 'tus'], /a pairing link is for pulse-v1/],
  [['other.mp4'], /names one artifact, expected one file, got 2/],
])('a link with %j is a usage error', async (further, words) => {
  const { link, file, env } = await paired('s3cret');
  const { code, stderr } = await runBin([file, '--pairing-link', link, ...further], { env });
  expect([code, stderr]).toEqual([2, expect.stringMatching(words)]);
  expect(stderr).not.toContain('s3cret');
});

describe('beside a link in a variable', () => {
  it('--server wins, and neither artifact nor token of the link goes there', async () => {
    const { server, link, file, env } = await paired('s3cret');
    const other = await startScriptedServer();
    onTestFinished(() => other.close());
    const { code, stderr } = await runBin([file, '--server', other.url, '--protocol', 'pulse'], {
      env: { ...env, PULSE_UPLOAD_PAIRING_LINK: link },
    });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(other.finished.size).toBe(1);
    expect(JSON.stringify(other.seen.map(({ headers }) => headers))).not.toContain('s3cret');
    expect(server.log).toEqual([]);
  });

  it.each(['--token', '--token-file'])('%s wins over the token of the link', async (flag) => {
    const { dir, artifactId, server, link, file, env } = await paired('s3cret', 'another');
    const tokenFile = join(dir, 'token');
    await writeFile(tokenFile, 'another\n');
    const { code, stderr } = await runBin([file, flag, flag === '--token' ? 'another' : tokenFile], {
      env: { ...env, PULSE_UPLOAD_PAIRING_LINK: link },
    });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((await readFile(join(server.dir, `${artifactId}.mp4`))).equals(await readFile(file))).toBe(true);
  });

  it('a protocol that is not its own is refused by the name of the variable', async () => {
    const { link, file, env } = await paired('s3cret');
    const { code, stderr } = await runBin([file, '--protocol', 'tus'], {
      env: { ...env, PULSE_UPLOAD_PAIRING_LINK: link },
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining('link of PULSE_UPLOAD_PAIRING_LINK is for')]);
  });
});
