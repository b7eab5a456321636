// A payer sends money by Rocket to a number and types the TrxID, in a real browser.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { suite } from '../api/lib/harness.mjs';
import { addNumber } from '../api/lib/number.mjs';
import { AXE, launch } from './preview.mjs';

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };
const ONCE = { timeout: 60000 };

suite('money sent to a number, in a browser', { config: { limits: { trxids_per_minute: 100 } } }, (w) => {
  let browser, rocket, bkash, trx = 6606790000;
  before(async () => {
    browser = await launch();
    rocket = await addNumber(w, 'rocket', '017111111112');
    await rocket.alive();
    bkash = await addNumber(w, 'bkash', '01711111119');
    await bkash.alive();
  });
  after(async () => { await browser?.close(); });

  const next = () => String(trx += 1);
  async function payer({ language = 'en-GB', viewport = PHONE, javaScript = true } = {}) {
    const context = await browser.newContext({ locale: language, viewport, javaScriptEnabled: javaScript });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    const faults = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(String(error)));
    return { context, page, faults, close: () => context.close() };
  }
  const shown = (page, status) => page.locator(`[data-testid=status][data-status=${status}]`).waitFor();
  const head = (page, text) => page.locator('#head', { hasText: text }).waitFor();
  async function type(page, id, payer = '515') {
    await page.getByTestId('trx').fill(id);
    await page.getByTestId('payer').fill(payer);
    await page.getByTestId('trx-send').click();
  }

  for (const javaScript of [true, false]) {
    for (const [language, viewport] of [['en-GB', PHONE], ['bn-BD', PHONE], ['bn-BD', DESKTOP]]) {
      it(`S3 S5 a short payment, a top-up with${javaScript ? '' : 'out'} JavaScript, ${language}, ${viewport.width} px`, ONCE, async () => {
        const bangla = language === 'bn-BD', first = next(), second = next();
        const payment = await w.create({ customer_code: 'rocket', amount: '500.00' });
        const { page, faults, close } = await payer({ language, viewport, javaScript });
        await page.goto(payment.url);
        await shown(page, 'open');
        assert.equal(await page.getByTestId('number').textContent(), '017111111112');
        assert.equal(await page.getByTestId('left-amount').textContent(), bangla ? '৳৫০০.০০' : '৳500.00');
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
        // SMS first
        await rocket.tell(200, first);
        await type(page, first);
        await head(page, bangla ? 'বাকি ৳৩০০.০০' : '৳300.00 left');
        // TrxID first
        await type(page, second);
        await head(page, second);
        if (javaScript) {
          await page.evaluate(AXE);
          const { violations } = await page.evaluate(() => window.axe.run());
          assert.deepEqual(violations.map((v) => v.id), []);
        }
        await rocket.tell(300, second);
        await shown(page, 'paid'); // by itself: the script asks, else the page is loaded anew
        assert.equal((await w.status(payment)).payment_status, 'paid');
        assert.deepEqual(faults, []);
        await close();
      });
    }
  }

  // kassad does not compress; a proxy in front may. With its QR code and second stylesheet this page is larger than the wallets'.
  it('the first view is at most 19 KiB over the wire, all together, and 14 KiB as a proxy compresses it', ONCE, async () => {
    for (const language of ['en-GB', 'bn-BD']) {
      const payment = await w.create({ customer_code: 'bkash', amount: '500.00', desc: 'ক'.repeat(128) });
      const { page, context, close } = await payer({ language });
      const cdp = await context.newCDPSession(page);
      const bytes = new Map(), bodies = [];
      await cdp.send('Network.enable');
      cdp.on('Network.loadingFinished', (event) => bytes.set(event.requestId, event.encodedDataLength));
      page.on('response', (response) => bodies.push(response.body()));
      await page.goto(`${payment.url}?way=number`, { waitUntil: 'networkidle' });
      await page.getByTestId('number').waitFor();
      const total = [...bytes.values()].reduce((sum, n) => sum + n, 0);
      const plain = (await Promise.all(bodies)).reduce((sum, body) => sum + body.length, 0);
      const packed = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0);
      assert.ok(bytes.size >= 4, 'page, stylesheets and script');
      assert.ok(total <= 19 * 1024, `${language}: ${total} bytes in ${bytes.size} answers`);
      assert.ok(total - plain + packed <= 14 * 1024, `${language}: ${total - plain + packed} bytes compressed`);
      await close();
    }
  });

  it('what is no TrxID is told beside the field, and the number can be copied', ONCE, async () => {
    const payment = await w.create({ customer_code: 'rocket', amount: '500.00' });
    const { page, context, close } = await payer({});
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: w.payUrl });
    await page.goto(payment.url);
    await page.locator('[data-copy]').first().click();
    await page.locator('[data-copy]', { hasText: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '017111111112');
    await type(page, 'DK61AAAAAA');
    assert.match(await page.getByTestId('trx-error').textContent(), /This is no TrxID of Rocket/);
    assert.equal(await page.getByTestId('trx').getAttribute('aria-invalid'), 'true');
    await type(page, next(), 'abc');
    assert.match(await page.getByTestId('payer-error').textContent(), /Please enter 3 digits/);
    assert.equal(await page.getByTestId('payer').getAttribute('aria-invalid'), 'true');
    assert.equal(await page.getByTestId('payer').getAttribute('inputmode'), 'numeric');
    if (process.env.KASSA_SHOT) await page.screenshot({ path: process.env.KASSA_SHOT, fullPage: true });
    await close();
  });

  for (const javaScript of [true, false]) {
    for (const language of ['en-GB', 'bn-BD']) {
      it(`the payer switches from the wallet's page to the number and back, with${javaScript ? '' : 'out'} JavaScript, ${language}`, ONCE, async () => {
        const payment = await w.create({ customer_code: 'bkash', amount: '500.00' }), id = 'DK61AA' + String(trx += 1).slice(-4);
        const { page, faults, close } = await payer({ language, javaScript });
        await page.goto(payment.url);
        await page.getByTestId('pay').waitFor();
        await page.getByTestId('way').click();
        await page.getByTestId('number').waitFor();
        assert.equal(await page.getByTestId('pay').count(), 0);
        await page.getByTestId('language').click();
        await page.locator(`html[lang=${language === 'en-GB' ? 'bn' : 'en'}]`).waitFor();
        await page.getByTestId('number').waitFor();
        await page.getByTestId('way').click();
        // at the wallet and back by the browser's button, then the number after all
        await page.getByTestId('pay').click();
        await page.waitForURL((url) => url.port === String(w.simPort));
        await page.goto(payment.url);
        await page.getByTestId('continue').waitFor();
        await page.getByTestId('way').click();
        if (javaScript) {
          await page.evaluate(AXE);
          const { violations } = await page.evaluate(() => window.axe.run());
          assert.deepEqual(violations.map((v) => v.id), []);
        }
        await type(page, id, '111');
        await head(page, id);
        assert.equal(await page.getByTestId('way').count(), 0);
        await bkash.tell(500, id);
        await shown(page, 'paid');
        assert.equal((await w.status(payment)).payment_status, 'paid');
        assert.deepEqual(faults, []);
        await close();
      });
    }
  }
});
