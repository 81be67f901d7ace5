import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Why there is no browser to test with, or false. In CI there has to be one. */
export const noBrowser: string | false =
  existsSync(EXECUTABLE) || process.env['CI'] === 'true' ? false : `no ${EXECUTABLE} here`;

export interface Visit {
  page: Page;
  /** What the page complained about: errors on the console, exceptions, answers of 4xx and 5xx. */
  complaints: string[];
  /** Requests that went elsewhere than to the service. */
  foreign: string[];
}

/** A fresh page in Chromium, which goes with the test. */
export async function visit(t: Test, origin: string): Promise<Visit> {
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) foreign.push(url);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  return { page, complaints, foreign };
}
