import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { VerifyReport } from '../../../src/output/verify/report.ts';
import { htmlReport } from '../../../src/output/verify/reports/html.ts';
import { lost, report, uploadUrl } from './made-up.ts';

/** The HTML report as a browser shows it. CHROMIUM names another executable. */

const executablePath = [process.env.CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== '' && existsSync(path),
);
if (executablePath === undefined) console.log('skipped: no Chromium here (set CHROMIUM to its path)');

const hostile = `<img src="http://127.0.0.1:9/x" onerror="document.title='ran'"><script>document.title='ran'</script>`;
const made: VerifyReport = report();
const spoiled: VerifyReport = {
  ...made,
  results: made.results.map((result) => ({
    ...result,
    ...(result.violation && { violation: { ...result.violation, actual: hostile } }),
  })),
};

describe.skipIf(executablePath === undefined)('the HTML report in Chromium', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-html-'));
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** The page, and everything that it asked for and complained of. */
  async function opened(value: VerifyReport, options: BrowserContextOptions = {}) {
    const path = join(dir, 'verify.html');
    writeFileSync(path, htmlReport(value));
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(path).href);
    return { page, requests, complaints, url: pathToFileURL(path).href };
  }

  const shownIds = (page: Page) =>
    page.locator('.result:visible').evaluateAll((all) => [...new Set(all.map((one) => one.dataset.id))]);

  it('shows every result and asks the network for nothing', async () => {
    const { page, requests, complaints, url } = await opened(made);
    expect((await shownIds(page)).sort()).toEqual(made.results.map(({ id }) => id).sort());
    expect({ requests, complaints }).toEqual({ requests: [url], complaints: [] });
  });

  it('shows a finding open, and its exchanges behind one click', async () => {
    const { page } = await opened(made);
    const finding = page.locator(`.result[data-id="${lost.id}"]`).first();
    expect(await finding.getByText(lost.violation?.expected ?? '', { exact: true }).isVisible()).toBe(true);
    const exchanges = finding.locator('.evidence pre');
    expect(await exchanges.isVisible()).toBe(false);
    await finding.locator('.evidence summary').click();
    expect(await exchanges.isVisible()).toBe(true);
    expect(await exchanges.innerText()).toContain(`PATCH ${new URL(uploadUrl).pathname}`);
  });

  it('finds by id and by word, and says how many', async () => {
    const { page } = await opened(made);
    await page.getByLabel('Search').fill(lost.id);
    expect(await shownIds(page)).toContain(lost.id);
    expect((await shownIds(page)).length).toBeLessThan(made.results.length);
    expect(await page.getByRole('status').innerText()).toMatch(/^\d+ checks?$/);
    await page.getByLabel('Search').fill('nothing has this word');
    expect(await shownIds(page)).toEqual([]);
    expect(await page.getByRole('status').innerText()).toBe('0 checks');
    await page.getByLabel('Search').fill('');
    expect(await shownIds(page)).toHaveLength(made.results.length);
  });

  it('is dark where the reader wants it dark, and readable both ways', async () => {
    const grounds: number[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await opened(made, { colorScheme });
      const { ground, contrasts } = await page.evaluate<PageColours>(coloursOfPage);
      grounds.push(ground);
      // WCAG 2.1, 1.4.3: 4.5 for text of this size.
      expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      expect(contrasts.length).toBeGreaterThan(20);
    }
    expect(grounds[0]).toBeGreaterThan(0.8);
    expect(grounds[1]).toBeLessThan(0.2);
  });

  it.each([1280, 390])('needs no sideways scrolling at %i pixels', async (width) => {
    const { page } = await opened(made, { viewport: { width, height: 800 } });
    await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it('runs and loads nothing that a server said', async () => {
    const { page, requests, url } = await opened(spoiled);
    expect(await page.getByText(hostile, { exact: true }).count()).toBeGreaterThan(0);
    expect(await page.title()).not.toContain('ran');
    expect(requests).toEqual([url]);
  });
});

interface PageColours {
  /** How bright it is behind the text, from 0 to 1. */
  readonly ground: number;
  readonly contrasts: readonly { readonly text: string; readonly ratio: number }[];
}

/** Runs in the page, and is text because the types of browsers are not those of this project. */
const coloursOfPage = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundOf = (element) => {
    if (element === null) return 'rgb(255, 255, 255)';
    const color = getComputedStyle(element).backgroundColor;
    return channels(color)[3] === 0 ? groundOf(element.parentElement) : color;
  };
  const hasText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const contrasts = [...document.querySelectorAll('body *')]
    .filter((one) => one.checkVisibility() && hasText(one))
    .map((one) => {
      const both = [luminance(getComputedStyle(one).color), luminance(groundOf(one))].sort((a, b) => a - b);
      return { text: one.textContent.slice(0, 40), ratio: (both[1] + 0.05) / (both[0] + 0.05) };
    });
  return { ground: luminance(groundOf(document.body)), contrasts };
})()`;
