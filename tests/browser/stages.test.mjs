// Every page there is, as a browser shows it: widths, the policy, the keyboard, and the script against answers that are made for
// it. What needs a gateway is in the other files.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, OTHERS, servePreviews, STAGES, VARIANTS } from './preview.mjs';

const UUID = '0d9f2a51-6c1e-4b7a-9c34-1f2e8d7b6a50';
const PAGES = [...STAGES, ...VARIANTS, ...OTHERS];
const PHONE = { width: 360, height: 740 };

let server, browser;
before(async () => {
  server = await servePreviews();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

// A page of a new browser profile; `faults` collects what the console and the policy complain about.
async function open(name, options = {}) {
  const context = await browser.newContext({ viewport: PHONE, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('dialog', (dialog) => { faults.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  await page.route('https://wallet.example/**', (route) => route.fulfill({ body: 'the wallet' }));
  await page.route('https://shop.example/**', (route) => route.fulfill({ body: 'the shop' }));
  if (name) await page.goto(server.url + name);
  return { page, context, faults };
}

// A page whose time stands still but for `pass`, from before its script begins; what it asks for goes its real way.
async function openStill(name, options) {
  const opened = await open(null, options);
  await opened.page.clock.install({ time: 0 });
  await opened.page.clock.pauseAt(1000);
  if (name) await opened.page.goto(server.url + name);
  const asking = new Set();
  const mine = (request) => request.resourceType() === 'fetch';
  opened.page.on('request', (request) => mine(request) && asking.add(request));
  for (const end of ['requestfinished', 'requestfailed']) opened.page.on(end, (request) => asking.delete(request));
  opened.page.on('framenavigated', () => asking.clear());
  // A page that leaves for another one takes what was asked of it along.
  const leaving = (error) => assert.match(error.message, /context was destroyed/);
  // In steps, as the script goes on when it has its answer. Two looks: an answer may bring the next question.
  const settled = async () => {
    for (let looks = 0, quiet = 0; quiet < 2 && looks < 200; looks++) {
      quiet = asking.size ? 0 : quiet + 1;
      await opened.page.evaluate(() => Promise.resolve()).catch(leaving);
    }
  };
  const pass = async (ms, seen = () => {}) => {
    for (let at = 0; at < ms; at += 100) {
      await opened.page.clock.runFor(100).catch(leaving);
      await settled();
      seen(at + 100);
    }
  };
  return { ...opened, pass };
}

const stageOf = (page) => page.getByTestId('status').getAttribute('data-status');

test('nothing scrolls sideways at 320 and 360 px, and what is pressed is 44 px high', async () => {
  for (const width of [320, 360]) {
    const { page, context } = await open(null, { viewport: { width, height: 640 } });
    for (const name of PAGES.filter((n) => n !== 'wait')) {
      for (const language of ['en', 'bn']) {
        await page.goto(`${server.url}${name}.${language}`);
        const seen = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          small: [...document.querySelectorAll('button, a.button')].filter((b) => b.offsetParent && b.getBoundingClientRect().height < 44).length,
        }));
        assert.deepEqual(seen, { wide: 0, small: 0 }, `${name}.${language} at ${width}`);
      }
    }
    await context.close();
  }
});

test('the pay button is on a small phone\'s first screen', async () => {
  const { page, context } = await open(null, { viewport: { width: 360, height: 640 } });
  for (const language of ['en', 'bn']) {
    await page.goto(`${server.url}open.${language}`);
    const box = await page.getByTestId('pay').boundingBox();
    assert.ok(box.y + box.height <= 640, `${language}: ends at ${box.y + box.height}`);
  }
  await context.close();
});

test('hostile texts stay texts, and no page breaks its own policy', async () => {
  const { page, context, faults } = await open(null);
  for (const name of PAGES.filter((n) => n !== 'wait')) {
    await page.goto(`${server.url}${name}.en`);
    assert.equal(await page.locator('img, b, script:not([src])').count(), 0, name);
  }
  await page.goto(`${server.url}open-hostile.en`);
  assert.match(await page.getByTestId('merchant').textContent(), /^<script>alert\(1\)<\/script> "&' Shop/);
  assert.deepEqual(faults.filter((f) => !/Failed to load resource/.test(f)), []);
  await context.close();
});

test('texts are not cut when letters are twice as large', async () => {
  const { page, context } = await open('at_wallet.bn', { viewport: { width: 360, height: 740 } });
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; document.body.style.fontSize = '32px'; });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  await context.close();
});

test('the keyboard alone reaches all, in order, and the focus is seen', async () => {
  const { page, context } = await open('at_wallet.en');
  const order = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('Tab');
    order.push(await page.evaluate(() => document.activeElement.dataset.testid));
    const outline = await page.evaluate(() => parseFloat(getComputedStyle(document.activeElement).outlineWidth));
    assert.ok(outline >= 2, `${order.at(-1)} shows its focus`);
  }
  assert.deepEqual(order, ['language', 'continue', 'pay', 'cancel']);
  await context.close();
});

describe('the script', { concurrency: false }, () => {
  const answer = (stage, more = {}) => ({ stage, version: 9, tag: `${stage}-9`, wallet_url: null, seconds_left: 1000, ...more });

  test('shows the next stage without a reload, reads it out and keeps the focus', async () => {
    server.state.json = answer('open', { tag: 'open-3-1-10-' });
    server.state.html = 'confirming.en';
    const { page, context, faults } = await open('open.en');
    await page.evaluate(() => { window.mark = 1; });
    await page.getByTestId('pay').focus();
    const status = await page.getByTestId('status').elementHandle();
    server.state.json = answer('confirming', { tag: 'confirming-3-1-10-' });
    await page.waitForFunction(() => document.querySelector('[data-testid=status]').dataset.status === 'confirming', null, { timeout: 15000 });
    assert.equal(await page.evaluate(() => window.mark), 1, 'no reload');
    assert.equal(await status.evaluate((s) => s.isConnected && s.getAttribute('role')), 'status', 'the live region is the same element');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'head');
    assert.equal(await page.title(), 'Confirming your payment… · Dhaka Handloom');
    assert.equal(await page.getByTestId('pay').count(), 0);
    server.state.html = 'paid.en';
    server.state.json = answer('paid', { tag: 'paid-3-1-10-' });
    await page.waitForFunction(() => document.querySelector('[data-testid=status]').dataset.status === 'paid', null, { timeout: 15000 });
    assert.equal(await page.evaluate(() => window.mark), 1);
    assert.deepEqual(faults.filter((f) => !/Failed to load resource/.test(f)), []);
    await context.close();
  });

  test('asks less often while nothing happens, and not at all while nobody looks', async () => {
    server.state.json = answer('confirming', { tag: 'confirming-3-1-10-' });
    const { page, context, pass } = await openStill('confirming.en');
    let count = 0;
    const asked = [];
    page.on('request', (request) => { count += request.url().endsWith('/state') ? 1 : 0; });
    await pass(7000, (at) => {
      while (asked.length < count) asked.push(at);
    });
    const gaps = asked.slice(1).map((at, i) => at - asked[i]);
    assert.ok(asked.length >= 3 && asked.length <= 7, `${asked.length} questions in 7 s`);
    assert.ok(gaps.at(-1) > gaps[0] && gaps.at(-1) <= 3100, `gaps ${gaps}`);
    const look = (hidden) => page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
    await look(true);
    await pass(3500);
    const before = count;
    await pass(4000);
    assert.equal(count, before, 'none while hidden');
    const again = page.waitForRequest((request) => request.url().endsWith('/state'));
    await look(false);
    await again;
    assert.equal(count, before + 1, 'at once when it is seen again');
    await context.close();
  });

  test('goes on asking after an answer was lost', async () => {
    server.state.json = null;
    const { page, context, pass } = await openStill('confirming.en');
    const lost = page.waitForResponse((response) => response.url().endsWith('/state') && response.status() === 404);
    await pass(1500);
    await lost;
    server.state.html = 'paid.en';
    server.state.json = answer('paid', { tag: 'paid-3-1-10-' });
    await pass(3200);
    assert.equal(await stageOf(page), 'paid');
    await context.close();
  });

  test('counts the time down in the page\'s digits', async () => {
    server.state.json = answer('open', { tag: 'open-3-1-10-', seconds_left: 3452 });
    const { page, context, pass } = await openStill('open.bn');
    assert.equal(await page.locator('#left').textContent(), '৫৭:৩২');
    await pass(2000);
    assert.equal(await page.locator('#left').textContent(), '৫৭:৩০');
    await context.close();
  });

  test('sends the payer back 3 s after the end is shown, and once', async () => {
    const { page, context, faults, pass } = await openStill('paid.en');
    const posts = [];
    page.on('request', (request) => request.method() === 'POST' && posts.push([request.url(), request.postData()]));
    await page.getByText('You will be taken back in a moment.').waitFor();
    await pass(2900);
    assert.equal(posts.length, 0, 'not before');
    await page.clock.runFor(200);
    await page.waitForURL('https://shop.example/**', { timeout: 8000 });
    assert.equal(posts[0][0], 'https://shop.example/thanks?lang=bn');
    assert.deepEqual([...new URLSearchParams(posts[0][1])],
      [['order_id', 'INV-2041'], ['uuid', UUID], ['sign', 'c2lnbmF0dXJlLW9mLXRoZS1yZXR1cm4=']]);
    await page.goBack();
    assert.equal(await stageOf(page), 'paid');
    await pass(4500);
    assert.equal(await stageOf(page), 'paid', 'Back stays');
    assert.equal(posts.length, 1);
    await page.getByTestId('return').click();
    await page.waitForURL('https://shop.example/**');
    assert.equal(posts.length, 2, 'the button still works');
    assert.deepEqual(faults, []);
    await context.close();
  });

  test('stays when the payer says so', async () => {
    const { page, context, pass } = await openStill('failed.bn');
    await page.getByRole('button', { name: 'এখানেই থাকুন' }).click();
    await pass(4000);
    assert.equal(await stageOf(page), 'failed');
    assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), 'return');
    await context.close();
  });

  test('a double press of pay posts once', async () => {
    server.state.json = answer('open', { tag: 'open-3-1-10-' });
    const { page, context } = await open('open.en');
    const posts = [];
    await page.route('**/pay', async (route) => {
      posts.push(route.request().postData());
      await new Promise((done) => { setTimeout(done, 800); }); // the second press comes meanwhile
      await route.fulfill({ status: 204 });
    });
    const answered = page.waitForResponse('**/pay');
    await page.getByTestId('pay').dblclick();
    await answered;
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); }));
    assert.deepEqual(posts, ['token=0123456789abcdef0123456789abcdef']);
    await context.close();
  });
});

test('the waiting page leaves for the wallet, with and without JavaScript; the payment\'s page never does', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, context, pass } = javaScriptEnabled ? await openStill('at_wallet.en') : await open('at_wallet.en', { javaScriptEnabled });
    await (pass ? pass(1500) : page.waitForTimeout(1500));
    assert.equal(await page.getByTestId('continue').getAttribute('href'),
      'https://wallet.example/?paymentId=TR0011x1720518383420&hash=a%2Bb&mode=0011');
    await page.goto(`${server.url}leaving.en`);
    await pass?.(1500);
    await page.waitForURL('https://wallet.example/**');
    await context.close();
  }
});
