// A payer pays in a real browser, through the gateway and the wallet's own page, and comes back to the shop.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { phpJson } from '../api/lib/notify.mjs';
import { until } from '../api/lib/process.mjs';
import { AXE, launch } from './preview.mjs';

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };
const ONCE = { timeout: 60000 };

suite('paying in a browser', {}, (w) => {
  let browser;
  before(async () => { browser = await launch(); });
  after(async () => { await browser?.close(); });

  const create = (more = {}) => w.create({
    amount: '1234.50',
    desc: 'Cotton saree',
    success_redirect_url: `${w.receiver.url}/shop/thanks?from=kassa`,
    fail_redirect_url: `${w.receiver.url}/shop/failed`,
    ...more,
  });

  // A payer's browser, new and empty. `faults` collects what console, policy and scripts complain about.
  async function payer({ language = 'en-GB', viewport = PHONE, javaScript = true, ...more } = {}) {
    const context = await browser.newContext({ locale: language, viewport, javaScriptEnabled: javaScript, ...more });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    const faults = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(`${message.text()} at ${page.url()}`));
    page.on('pageerror', (error) => faults.push(String(error)));
    return { context, page, faults, close: () => context.close() };
  }

  const shown = (page, status) => page.locator(`[data-testid=status][data-status=${status}]`).waitFor();
  const atWallet = (page) => page.waitForURL(`${w.simUrl}/**`);
  const press = (page, id) => page.getByTestId(id).click();

  // The shop's view of a payer who came back.
  function checkReturn(note, payment, path) {
    assert.equal(note.method, 'POST');
    assert.equal(note.target, path);
    const fields = Object.fromEntries(new URLSearchParams(note.text));
    assert.deepEqual(Object.keys(fields).sort(), ['order_id', 'sign', 'uuid']);
    assert.equal(fields.order_id, payment.order_id);
    assert.equal(fields.uuid, payment.uuid);
    const text = phpJson({ order_id: payment.order_id, uuid: payment.uuid });
    const sign = Buffer.from(fields.sign, 'base64');
    assert.ok(crypto.verify('sha1', Buffer.from(text), w.certs.notifications.publicKey, sign), 'the sign verifies');
    assert.ok(!crypto.verify('sha1', Buffer.from(`${text} `), w.certs.notifications.publicKey, sign));
  }

  async function comesBack(page, payment, path) {
    await page.waitForURL(`${w.receiver.url}/shop/**`);
    const notes = w.receiver.notes.filter((note) => note.text.includes(payment.uuid) && note.path.startsWith('/shop/'));
    checkReturn(notes.at(-1), payment, path);
    return notes.length;
  }

  for (const javaScript of [true, false]) {
    for (const [language, viewport] of [['en-GB', PHONE], ['bn-BD', PHONE], ['bn-BD', DESKTOP]]) {
      it(`pays with${javaScript ? '' : 'out'} JavaScript, ${language}, ${viewport.width} px`, ONCE, async () => {
        const payment = await create();
        const { page, faults, close } = await payer({ language, viewport, javaScript });
        await page.goto(payment.url);
        await shown(page, 'open');
        const bangla = language === 'bn-BD';
        assert.equal(await page.locator('html').getAttribute('lang'), bangla ? 'bn' : 'en');
        assert.equal(await page.getByTestId('amount').textContent(), bangla ? '৳১,২৩৪.৫০' : '৳1,234.50');
        assert.match(await page.getByTestId('merchant').textContent(), /^Shop /);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
        await press(page, 'pay');
        await atWallet(page);
        await press(page, 'approve');
        await shown(page, 'paid');
        assert.equal(page.url(), payment.url, 'the end is shown at the payment\'s own address');
        if (!javaScript) {
          await press(page, 'return');
        }
        assert.equal(await comesBack(page, payment, '/shop/thanks?from=kassa'), 1);
        assert.equal((await w.status(payment)).payment_status, 'paid');
        assert.deepEqual(faults, []);
        await close();
      });
    }
  }

  it('a wallet\'s cancel and decline end the attempt only: the payer tries again and pays', ONCE, async () => {
    const payment = await create();
    const { page, faults, close } = await payer();
    await page.goto(payment.url);
    await press(page, 'pay');
    await atWallet(page);
    await press(page, 'cancel');
    await shown(page, 'open');
    await page.getByText('You came back from bKash without paying.').waitFor();
    await press(page, 'pay');
    await atWallet(page);
    await press(page, 'decline');
    await shown(page, 'open');
    await page.getByText('bKash did not accept the payment').waitFor();
    assert.equal((await w.status(payment)).payment_status, 'wait');
    await press(page, 'pay');
    await atWallet(page);
    await press(page, 'wrong-pin');
    await page.getByTestId('pin-error').waitFor();
    await press(page, 'approve');
    await shown(page, 'paid');
    assert.deepEqual(faults, []);
    await close();
  });

  it('three wrong PINs end the attempt, not the payment', ONCE, async () => {
    const payment = await create();
    const { page, close } = await payer({ javaScript: false });
    await page.goto(payment.url);
    await press(page, 'pay');
    await atWallet(page);
    for (let i = 0; i < 5 && page.url().startsWith(w.simUrl); i++) {
      await press(page, 'wrong-pin');
    }
    await shown(page, 'open');
    assert.equal(await page.getByTestId('pay').isEnabled(), true);
    await close();
  });

  for (const javaScript of [true, false]) {
    it(`cancels on the page with${javaScript ? '' : 'out'} JavaScript and comes back to the shop's other address`, ONCE, async () => {
      const payment = await create();
      const { page, faults, close } = await payer({ language: 'bn', javaScript });
      await page.goto(payment.url);
      await press(page, 'cancel');
      await shown(page, 'cancelled');
      await press(page, 'return');
      await comesBack(page, payment, '/shop/failed');
      assert.equal((await w.status(payment)).payment_status, 'cancel');
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it('without a return address the page simply stays', ONCE, async () => {
    const payment = await w.create({});
    const { page, close } = await payer();
    await page.clock.install();
    await page.goto(payment.url);
    await press(page, 'cancel');
    await shown(page, 'cancelled');
    await page.clock.runFor(4000);
    assert.equal(page.url(), payment.url);
    assert.equal(await page.getByTestId('return').count(), 0);
    await close();
  });

  it('Back from the wallet shows the payment, which does not leave by itself', ONCE, async () => {
    const payment = await create();
    const { page, faults, close } = await payer();
    await page.clock.install();
    await page.goto(payment.url);
    await press(page, 'pay');
    await atWallet(page);
    await page.goBack();
    await shown(page, 'at_wallet');
    await page.clock.runFor(2500);
    assert.equal(page.url(), payment.url);
    await press(page, 'continue');
    await atWallet(page);
    await press(page, 'approve');
    await shown(page, 'paid');
    await comesBack(page, payment, '/shop/thanks?from=kassa');
    await page.goBack();
    await page.clock.runFor(4500);
    assert.equal(page.url(), payment.url, 'nor does it return a second time');
    assert.deepEqual(faults, []);
    await close();
  });

  it('a new attempt from the page is one of its own, and the old one cannot be paid as well', ONCE, async () => {
    const payment = await create();
    const { page, close } = await payer();
    await page.goto(payment.url);
    await press(page, 'pay');
    await atWallet(page);
    const first = page.url();
    await page.goBack();
    await press(page, 'pay');
    await page.waitForURL((url) => url.href.startsWith(w.simUrl) && url.href !== first);
    await press(page, 'approve');
    await shown(page, 'paid');
    await close();
    assert.equal((await w.status(payment)).payment_amount, '1234.50');
  });

  it('a double press of pay is one attempt', ONCE, async () => {
    for (const javaScript of [true, false]) {
      const payment = await create();
      const { page, close } = await payer({ javaScript });
      await page.goto(payment.url);
      await page.getByTestId('pay').dblclick({ noWaitAfter: true });
      await atWallet(page);
      assert.equal((await w.sim.byInvoice(`K${payment.id}-1`)).length, 1);
      assert.equal((await w.sim.byInvoice(`K${payment.id}-2`)).length, 0);
      await close();
    }
  });

  it('two browsers see one truth: the page left open turns paid without a reload', ONCE, async () => {
    const payment = await create({ success_redirect_url: null });
    const other = await payer();
    await other.page.goto(payment.url);
    await other.page.evaluate(() => { window.mark = 1; });
    await w.pay(payment);
    await shown(other.page, 'paid');
    assert.equal(await other.page.evaluate(() => window.mark), 1);
    assert.deepEqual(other.faults, []);
    await other.close();
  });

  it('the way back works also when the end came without a reload', ONCE, async () => {
    const payment = await create();
    const { page, faults, close } = await payer();
    await page.goto(payment.url);
    await w.pay(payment);
    await shown(page, 'paid');
    await comesBack(page, payment, '/shop/thanks?from=kassa');
    assert.deepEqual(faults, []);
    await close();
  });

  it('waits while the wallet\'s answer is unknown, then shows it', ONCE, async () => {
    const payment = await create();
    const { page, faults, close } = await payer({ language: 'bn' });
    await page.goto(payment.url);
    await press(page, 'pay');
    await atWallet(page);
    await w.sim.fault('execute', 'drop_after_commit');
    await press(page, 'approve');
    await shown(page, 'confirming');
    assert.equal(await page.getByTestId('pay').count(), 0);
    assert.equal(await page.getByTestId('cancel').count(), 0);
    await page.evaluate(() => { window.mark = 1; });
    await w.clock.advance(120);
    await shown(page, 'paid');
    assert.equal(await page.evaluate(() => window.mark), 1);
    assert.deepEqual(faults, []);
    await close();
  });

  it('a wallet out of reach is told, and paying works once it is back', ONCE, async () => {
    const payment = await create();
    const { page, close } = await payer({ javaScript: false });
    await page.goto(payment.url);
    await w.sim.fault('create', 'status_500', { commit: false });
    await press(page, 'pay');
    await shown(page, 'open');
    await page.getByRole('heading', { level: 1 }).waitFor();
    assert.notEqual(await page.getByRole('heading', { level: 1 }).textContent(), 'Ready to pay');
    await w.sim.clearFaults();
    await page.reload();
    await press(page, 'pay');
    await atWallet(page);
    await close();
  });

  it('is paid by keyboard alone', ONCE, async () => {
    const payment = await create();
    const { page, close } = await payer();
    await page.goto(payment.url);
    const tabTo = async (id) => {
      for (let i = 0; i < 10; i++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate((wanted) => document.activeElement.dataset.testid === wanted, id)) {
          return;
        }
      }
      assert.fail(`${id} is not reached`);
    };
    await tabTo('pay');
    await page.keyboard.press('Enter');
    await atWallet(page);
    await tabTo('approve');
    await page.keyboard.press('Enter');
    await shown(page, 'paid');
    await tabTo('return');
    await page.keyboard.press('Space');
    await comesBack(page, payment, '/shop/thanks?from=kassa');
    await close();
  });

  for (const javaScript of [true, false]) {
    it(`the language is switched and remembered with${javaScript ? '' : 'out'} JavaScript`, ONCE, async () => {
      const [first, second] = [await create(), await create()];
      const { page, close } = await payer({ javaScript });
      await page.goto(first.url);
      await press(page, 'language');
      await page.locator('html[lang=bn]').waitFor();
      assert.equal(page.url(), first.url);
      assert.equal(await page.getByTestId('pay').textContent(), 'bKash দিয়ে পেমেন্ট করুন');
      await page.goto(second.url);
      await page.locator('html[lang=bn]').waitFor();
      await press(page, 'language');
      await page.locator('html[lang=en]').waitFor();
      await close();
      const elsewhere = await payer({ language: 'en-GB' });
      await elsewhere.page.goto(first.url);
      await elsewhere.page.locator('html[lang=bn]').waitFor();
      await elsewhere.close();
    });
  }

  it('works where cookies are off', ONCE, async () => {
    const payment = await create();
    const { page, context, close } = await payer();
    await context.route('**/*', async (route) => {
      const headers = await route.request().allHeaders();
      delete headers.cookie;
      await route.continue({ headers });
    });
    page.on('framenavigated', () => context.clearCookies().catch(() => {}));
    await page.goto(payment.url);
    await context.clearCookies();
    await press(page, 'cancel');
    await shown(page, 'cancelled');
    await close();
  });

  it('a form on another site cannot act on the payment', ONCE, async () => {
    const payment = await create();
    const { page, close } = await payer();
    await page.goto(payment.url);
    w.receiver.on('/evil', {
      headers: { 'Content-Type': 'text/html' },
      body: `<form method="post" action="${payment.url}/cancel"><button id="go">win a prize</button></form>`,
    });
    await page.goto(`${w.receiver.url.replace('127.0.0.1', 'localhost')}/evil`);
    await page.locator('#go').click();
    await page.locator('[data-testid=error][data-error="403"]').waitFor();
    await page.goto(payment.url);
    await shown(page, 'open');
    await close();
  });

  it('cannot be framed by another site', ONCE, async () => {
    const payment = await create();
    const { page, close } = await payer();
    w.receiver.on('/frame', { headers: { 'Content-Type': 'text/html' }, body: `<iframe src="${payment.url}"></iframe>` });
    await page.goto(`${w.receiver.url}/frame`);
    await until(() => page.frames()[1]?.url().startsWith('chrome-error:'), { what: 'the refusal of the frame' });
    assert.equal(await page.frames()[1].locator('[data-testid=pay]').count(), 0);
    await close();
  });

  it('axe finds no violation on the pages as they are served', { timeout: 120000 }, async () => {
    const { page, close } = await payer({ bypassCSP: true });
    const check = async (name) => {
      await page.evaluate(AXE);
      const found = await page.evaluate(() => window.axe.run(document));
      assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes[0].html}`), [], name);
    };
    const payment = await create({ success_redirect_url: null });
    await page.goto(payment.url);
    await check('open');
    await press(page, 'pay');
    await atWallet(page);
    await page.goBack();
    await shown(page, 'at_wallet');
    await check('at_wallet');
    await w.sim.fault('execute', 'drop_after_commit');
    await press(page, 'continue');
    await press(page, 'approve');
    await shown(page, 'confirming');
    await check('confirming');
    await w.clock.advance(120);
    await shown(page, 'paid');
    await check('paid');
    await page.goto(`${w.payUrl}/no-such-page`);
    await check('404');
    await close();
  });

  it('the first view is at most 14 KiB over the wire, all together', ONCE, async () => {
    for (const language of ['en-GB', 'bn-BD']) {
      const payment = await create({ desc: 'ক'.repeat(128), order_id: `${language}-${Date.now()}-${'x'.repeat(90)}` });
      const { page, context, close } = await payer({ language });
      const cdp = await context.newCDPSession(page);
      const bytes = new Map();
      await cdp.send('Network.enable');
      cdp.on('Network.loadingFinished', (event) => bytes.set(event.requestId, event.encodedDataLength));
      await page.goto(payment.url, { waitUntil: 'networkidle' });
      const total = [...bytes.values()].reduce((sum, n) => sum + n, 0);
      assert.ok(bytes.size >= 3, 'page, stylesheet and script');
      assert.ok(total <= 14 * 1024, `${language}: ${total} bytes in ${bytes.size} answers`);
      await close();
    }
  });

  it('what is not paid within its lifetime expires on the open page', ONCE, async () => {
    const payment = await create({ lifetime: 900 });
    const { page, faults, close } = await payer();
    await page.goto(payment.url);
    await w.clock.advance(901);
    await shown(page, 'expired');
    await press(page, 'return');
    await comesBack(page, payment, '/shop/failed');
    assert.deepEqual(faults, []);
    await close();
  });
});
