import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allExtensions } from '../../src/server/extensions.ts';
import type { Behaviour } from '../../src/server/parts.ts';
import type { ServedProtocol, ServerSettings } from '../../src/server/server.ts';
import { subject } from '../server/harness.ts';

/** The page of the reference server in a real browser, with the real video. */

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
if (executablePath === undefined) console.log('skipped: no Chromium here (Debian: apt-get install chromium)');

const sample = 'fixtures/sample.mp4';
const sampleSha256 = createHash('sha256')
  .update(await readFile(sample))
  .digest('hex');

describe.skipIf(executablePath === undefined)('the page', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
  });

  afterAll(() => browser.close());

  async function opened(settings: Partial<ServerSettings> = {}) {
    const server = await subject({ page: true, ...settings });
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // A request that the test cuts is an error to the browser, and what the page is for.
      const isCut = /ERR_ABORTED|Failed to load resource/.test(message.text());
      if (message.type() === 'error' && !isCut) complaints.push(message.text());
    });
    const foreign: string[] = [];
    const { origin } = new URL(server.url);
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
        foreign.push(request.url());
    });
    await page.goto(`${origin}/`);
    await page.locator('#file:enabled').waitFor();
    return { server, page, complaints, foreign };
  }

  /** So that what the page cuts has not been answered before. */
  const slowlyAnswering = (requests: RegExp): Behaviour => ({
    filter: async ({ request }, next) => {
      if (requests.test(`${request.method} ${request.path}`)) await sleep(100);
      return next();
    },
  });

  const status = (page: Page) => page.locator('#status');
  const proven = (page: Page) =>
    expect.poll(() => status(page).textContent(), { timeout: 60_000 }).toMatch(/proven/);

  it.each([
    ['pulse', 'sample.mp4'],
    ['tus', 'sample.mp4'],
    ['pulse-v1', /^[0-9a-f-]{36}\.mp4$/],
  ] as const)('%s: brings a video over a line that is cut, and across a reload', async (protocol, stored) => {
    const extensions = protocol === 'tus' ? { extensions: allExtensions } : {};
    const { server, page, complaints, foreign } = await opened({
      protocol: protocol as ServedProtocol,
      ...extensions,
    });
    await page.selectOption('#speed', '524288');
    await page.setInputFiles('#file', sample);
    await expect
      .poll(() => status(page).textContent(), { timeout: 30_000 })
      .toMatch(/[1-9]\.\d MiB of 4\.0 MiB/);
    await page.click('#cut');
    await expect
      .poll(() => page.locator('#wire').textContent(), { timeout: 30_000 })
      .toMatch(/no answer.*HEAD/);
    await page.click('#pause');
    await expect.poll(() => status(page).textContent(), { timeout: 30_000 }).toMatch(/Paused/);
    const before = server.log.filter(({ method }) => method === 'POST').length;

    await page.reload();
    await proven(page);
    // Gone on with, not begun again: no second creation, and HEAD before the first chunk.
    const creations = server.log.filter(({ method, status }) => method === 'POST' && status === 201);
    expect(creations).toHaveLength(1);
    expect(before).toBe(1);
    expect(await page.locator('#wire li').nth(1).textContent()).toMatch(/^HEAD .*200/);
    expect(await page.locator('#result').textContent()).toContain(sampleSha256);

    const names = (await readdir(server.dir)).filter((name) => name !== '.incomplete');
    expect(names).toEqual([expect.stringMatching(stored)]);
    expect(
      createHash('sha256')
        .update(await readFile(join(server.dir, names[0] ?? '')))
        .digest('hex'),
    ).toBe(sampleSha256);

    await page.getByRole('button', { name: /^Play/ }).click();
    await expect
      .poll(() => page.locator('#player').evaluate((player: { videoWidth?: number }) => player.videoWidth), {
        timeout: 30_000,
      })
      .toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
  });

  it('lets nobody choose a file before it can take one', async () => {
    const { page, server } = await opened();
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await page.route('**/page/facts', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`${new URL(server.url).origin}/`);
    expect(await page.locator('#file').isDisabled()).toBe(true);
    goOn();
    await page.locator('#file:enabled').waitFor();
    await page.setInputFiles('#file', sample);
    await proven(page);
  });

  it('goes on when the line is cut again while it waits behind a cut', async () => {
    const { page } = await opened({ behaviour: slowlyAnswering(/^HEAD /) });
    await page.selectOption('#speed', '524288');
    await page.setInputFiles('#file', sample);
    await expect
      .poll(() => status(page).textContent(), { timeout: 30_000 })
      .toMatch(/[1-9]\.\d MiB of 4\.0 MiB/);
    // The second cut comes as soon as the page says that the first one has met a chunk; from then on it need not be slow.
    await page.evaluate(`(() => {
      const cut = document.getElementById('cut');
      document.getElementById('speed').value = '0';
      new MutationObserver((_records, observer) => {
        if (!/doubtful chunk/.test(document.getElementById('wire').textContent)) return;
        observer.disconnect();
        cut.click();
      }).observe(document.getElementById('wire'), { childList: true, subtree: true });
      cut.click();
    })()`);
    await proven(page);
    const wire = (await page.locator('#wire').textContent()) ?? '';
    expect(wire.match(/no answer/g)).toHaveLength(2);
    expect(wire).toMatch(/HEAD [^→]*→ no answer.*HEAD /);
  });

  it.each([
    ['pulse', /POST \S*\/finalize [^→]*→ no answer/],
    ['tus', /GET \S*\/page\/checksum\/\S* → no answer/],
  ] as const)(
    '%s: is cut behind the last chunk, and proves this file and the next',
    async (protocol, cut) => {
      // Answered when it has been cut, however long that takes.
      let goOn = () => {};
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const filter: Behaviour['filter'] = async ({ request }, next) => {
        if (/\/(finalize|checksum\/.*)$/.test(request.path)) await held;
        return next();
      };
      const { page } = await opened({ protocol, behaviour: { filter } });
      const oneChunk = (name: string) => ({ name, mimeType: 'video/mp4', buffer: Buffer.alloc(1024 * 1024) });
      await page.selectOption('#speed', '524288');
      await page.setInputFiles('#file', oneChunk('first.mp4'));
      await expect
        .poll(() => page.locator('#wire').textContent(), { timeout: 30_000 })
        .toMatch(/PATCH .*← Upload-Offset: 1048576/);
      await page.click('#cut');
      goOn();
      await proven(page);
      expect(await page.locator('#wire').textContent()).toMatch(cut);

      await expect.poll(() => page.locator('#file').isEnabled()).toBe(true);
      await page.selectOption('#speed', '0');
      await page.setInputFiles('#file', oneChunk('next.mp4'));
      await expect.poll(() => status(page).textContent(), { timeout: 30_000 }).toMatch(/^next\.mp4.*proven/);
    },
  );

  it('does not go on with what the server no longer has, whatever is reloaded afterwards', async () => {
    const { page, server } = await opened();
    await page.selectOption('#speed', '524288');
    await page.setInputFiles('#file', sample);
    await expect
      .poll(() => status(page).textContent(), { timeout: 30_000 })
      .toMatch(/[1-9]\.\d MiB of 4\.0 MiB/);
    const { origin } = new URL(server.url);
    await page.goto('about:blank');
    const uploadId = server.log.find(({ method }) => method === 'POST')?.uploadId;
    expect((await fetch(`${origin}/uploads/${uploadId}`, { method: 'DELETE' })).status).toBe(204);

    await page.goto(`${origin}/`);
    await expect
      .poll(() => status(page).textContent(), { timeout: 30_000 })
      .toBe('Stopped: the server no longer has this upload.');
    const asked = () => server.log.filter(({ method }) => method === 'HEAD').length;
    const before = asked();
    await page.reload({ waitUntil: 'networkidle' });
    expect(await status(page).textContent()).not.toMatch(/Stopped/);
    expect(asked()).toBe(before);
  });

  it('does not go on with what finalize no longer finds, either', async () => {
    const { page } = await opened({
      behaviour: {
        filter: async ({ request }, next) =>
          request.path === '/uploads/finalize' ? { status: 404 } : next(),
      },
    });
    await page.selectOption('#speed', '0');
    await page.setInputFiles('#file', sample);
    await expect
      .poll(() => status(page).textContent(), { timeout: 60_000 })
      .toBe('Stopped: the server no longer has this upload.');
    await page.reload({ waitUntil: 'networkidle' });
    expect(await page.locator('#wire').textContent()).not.toMatch(/going on with/);
  });

  it('never claims proof for other bytes', async () => {
    const { page } = await opened({
      behaviour: { measure: async () => ({ sizeBytes: 4_204_671, sha256: '0'.repeat(64) }) },
    });
    await page.selectOption('#speed', '0');
    await page.setInputFiles('#file', sample);
    await expect
      .poll(() => page.locator('#result').textContent(), { timeout: 60_000 })
      .toContain('no, the file has');
    expect(await status(page).textContent()).not.toMatch(/proven/);
  });

  it('asks for the token of a server that has one, and shows nothing without it', async () => {
    const token = 'token-of-the-page';
    const { page, server } = await opened({ token });
    await expect.poll(() => page.locator('#empty').textContent()).toMatch(/asks for its token/);
    await page.fill('#token', token);
    await page.locator('#token').blur();
    await page.selectOption('#speed', '0');
    await page.setInputFiles('#file', sample);
    await proven(page);
    await page.getByRole('button', { name: /^Play/ }).click();
    await expect
      .poll(() => page.locator('#player').evaluate((player: { videoWidth?: number }) => player.videoWidth), {
        timeout: 30_000,
      })
      .toBeGreaterThan(0);
    expect(JSON.stringify(server.log)).not.toContain(token);
  });

  it('can be used by keyboard alone', async () => {
    const { page } = await opened();
    await page.keyboard.press('Tab');
    const focused = () => page.evaluate('document.activeElement?.id');
    expect(await focused()).toBe('file');
    await page.selectOption('#speed', '524288');
    await page.setInputFiles('#file', sample);
    await expect.poll(() => page.locator('#pause').isEnabled()).toBe(true);
    await page.locator('#pause').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => status(page).textContent(), { timeout: 30_000 }).toMatch(/Paused/);
    await page.keyboard.press('Enter');
    await proven(page);
  });
});
