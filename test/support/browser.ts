import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** The reason to skip browser tests, or false. In CI, a missing browser fails them instead. */
export const noBrowser: string | false =
  existsSync(EXECUTABLE) || process.env['CI'] === 'true' ? false : `no ${EXECUTABLE} here`;

export interface Visit {
  page: Page;
  /** Console errors, exceptions, and responses with a status of 4xx or 5xx. */
  complaints: string[];
  /** URLs of requests to other origins than the service. */
  foreign: string[];
}

/** Opens a new page in Chromium, which is closed when the test ends. */
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
