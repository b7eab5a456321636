// axe finds no violation on any page: in both languages, light and dark, on a phone and on a desktop.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AXE, launch, OTHERS, servePreviews, STAGES, VARIANTS } from './preview.mjs';

const PAGES = [...STAGES, ...VARIANTS, ...OTHERS].filter((name) => name !== 'wait');

let server, browser;
before(async () => {
  server = await servePreviews();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

// axe has to run beside the page's own policy, and without its script, which would go on.
async function check(names, { colorScheme, viewport, only }) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce', bypassCSP: true });
  const page = await context.newPage();
  await page.route('**/*.js', (route) => route.abort());
  for (const name of names) {
    let looked = 0;
    for (const language of ['en', 'bn']) {
      await page.goto(`${server.url}${name}.${language}`);
      await page.evaluate(AXE);
      const { violations, passes } = await page.evaluate((rules) => window.axe.run(document,
        { resultTypes: ['violations', 'passes'], ...(rules && { runOnly: rules }) }), only);
      assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`), [], `${name}.${language}`);
      looked += passes.length;
    }
    // axe finds some rules to say nothing about a page whose only script is Bangla
    assert.ok(looked >= (only?.length ?? 20), `axe has looked at ${name}`);
  }
  await context.close();
}

test('no page has a violation on a phone', () => check(PAGES, { colorScheme: 'light', viewport: { width: 360, height: 740 } }));
test('no page has a violation on a desktop', () => check(STAGES, { colorScheme: 'light', viewport: { width: 1280, height: 800 } }));
test('no page has too little contrast in the dark', () => check(PAGES,
  { colorScheme: 'dark', viewport: { width: 360, height: 740 }, only: ['color-contrast'] }));
