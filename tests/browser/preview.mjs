// Serves the pages that page-preview wrote, each with its own policy; run by hand it takes pictures of them:
//     KASSA_BUILD=build node tests/browser/preview.mjs FOLDER [NAME...]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

export const STAGES = ['open', 'waiting', 'at_wallet', 'confirming', 'paid', 'cancelled', 'failed', 'expired'];
export const VARIANTS = ['open-came-back', 'open-refused', 'open-blocked', 'wait', 'cancelled-received', 'open-hostile', 'paid-hostile',
  'number', 'number-part', 'number-waits', 'number-silent', 'number-late', 'ways-checkout', 'ways-came-back', 'ways-number', 'ways-at-wallet'];
export const OTHERS = ['error-403', 'error-404', 'error-429', 'error-500', 'error-503', 'home'];

// axe's program, to be evaluated in a page.
export const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const TYPES = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };

export function launch() {
  return chromium.launch({
    executablePath: process.env.KASSA_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
      '--disable-background-networking', '--disable-component-update'],
  });
}

// Answers {url, state, end}: page NAME.LANGUAGE is at url + NAME.LANGUAGE; the script's questions get `state.json`.
export async function servePreviews() {
  const folder = mkdtempSync(join(tmpdir(), 'kassa-preview-'));
  execFileSync(join(resolve(process.env.KASSA_BUILD ?? 'build'), 'tests/browser/page-preview'), [folder]);
  const state = { json: null, html: null };
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://x').pathname;
    const asset = join(folder, path), page = join(folder, `${path}.html`);
    if (/^\/assets\/[\w.]+$/.test(path) && existsSync(asset)) {
      response.writeHead(200, { 'Content-Type': TYPES[path.split('.').pop()] }).end(readFileSync(asset));
    } else if (/^\/[\w.-]+$/.test(path) && existsSync(page)) {
      response.writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': readFileSync(join(folder, `${path}.csp`), 'utf8'),
      }).end(readFileSync(page));
    } else if (path.endsWith('/state') && state.json) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(state.json));
    } else if (state.html && /^\/[0-9a-f-]{36}$/.test(path)) {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
        .end(readFileSync(join(folder, `${state.html}.html`)));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`, folder, state,
    end: () => new Promise((done) => { server.closeAllConnections?.(); server.close(done); }),
  };
}

async function pictures(out, names) {
  mkdirSync(out, { recursive: true });
  const server = await servePreviews();
  const browser = await launch();
  try {
    for (const [width, height] of [[360, 740], [1280, 800]]) {
      for (const colorScheme of ['light', 'dark']) {
        const page = await browser.newPage({ viewport: { width, height }, colorScheme, deviceScaleFactor: 1, reducedMotion: 'reduce' });
        for (const name of names) {
          for (const language of ['en', 'bn']) {
            await page.goto(`${server.url}${name}.${language}`);
            await page.screenshot({ path: join(out, `${name}.${language}.${width}.${colorScheme}.png`) });
          }
        }
        await page.close();
      }
    }
  } finally {
    await browser.close();
    await server.end();
  }
}

if (process.argv[1] && resolve(process.argv[1]) === resolve(new URL(import.meta.url).pathname)) {
  const [out, ...names] = process.argv.slice(2);
  await pictures(out, names.length ? names : [...STAGES, ...VARIANTS.filter((name) => name !== 'wait'), ...OTHERS]);
}
