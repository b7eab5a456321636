// A payer pays by Nagad in a real browser: the money moves at Nagad's page, and what the browser brings back decides nothing.
// KASSA_PICTURES=FOLDER keeps pictures of the way.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { Nagad, SIM_ARGS } from '../api/lib/nagad.mjs';
import { launch } from './preview.mjs';

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };
const ONCE = { timeout: 60000 };

suite('paying by Nagad in a browser', { simArgs: SIM_ARGS }, (w) => {
  const nagad = new Nagad(w);
  let browser;
  before(async () => {
    await nagad.start();
    browser = await launch();
  });
  after(async () => { await browser?.close(); });

  async function payer({ language = 'en-GB', viewport = PHONE, javaScript = true } = {}) {
    const context = await browser.newContext({ locale: language, viewport, javaScriptEnabled: javaScript });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    const faults = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(`${message.text()} at ${page.url()}`));
    page.on('pageerror', (error) => faults.push(String(error)));
    const picture = async (name) => {
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, name);
      if (process.env.KASSA_PICTURES) {
        await page.screenshot({ path: path.join(process.env.KASSA_PICTURES, `${name}-${language.slice(0, 2)}-${viewport.width}.png`) });
      }
    };
    return { page, faults, picture, close: () => context.close() };
  }

  const shown = (page, status) => page.locator(`[data-testid=status][data-status=${status}]`).waitFor();
  const atWallet = (page) => page.waitForURL(`${w.simUrl}/nagad/**`);
  const press = (page, id) => page.getByTestId(id).click();
  const create = () => nagad.create({ amount: '1234.50', desc: 'Cotton saree',
    success_redirect_url: `${w.receiver.url}/shop/thanks` });
  const refOf = (page) => decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1));

  for (const javaScript of [true, false]) {
    for (const [language, viewport] of [['en-GB', PHONE], ['bn-BD', PHONE], ['bn-BD', DESKTOP], ['en-GB', DESKTOP]]) {
      it(`pays with${javaScript ? '' : 'out'} JavaScript, ${language}, ${viewport.width} px`, ONCE, async () => {
        const payment = await create();
        const { page, faults, picture, close } = await payer({ language, viewport, javaScript });
        await page.goto(payment.url);
        await shown(page, 'open');
        assert.match(await page.getByTestId('pay').textContent(), /Nagad/);
        await picture('open');
        await press(page, 'pay');
        await atWallet(page);
        assert.match(await page.getByTestId('amount').textContent(), /1234\.50/);
        await picture('wallet');
        await press(page, 'approve');
        await shown(page, 'paid');
        await picture('paid');
        if (!javaScript) {
          await press(page, 'return');
        }
        await page.waitForURL(`${w.receiver.url}/shop/**`);
        assert.equal((await w.status(payment)).payment_status, 'paid');
        assert.deepEqual(faults, []);
        await close();
      });

      it(`waits for Nagad's word when it is slow, with${javaScript ? '' : 'out'} JavaScript, ${language}, ${viewport.width} px`, ONCE, async () => {
        const payment = await create();
        const { page, faults, picture, close } = await payer({ language, viewport, javaScript });
        await page.goto(payment.url);
        await press(page, 'pay');
        await atWallet(page);
        await nagad.fault('verify', 'status_500', { payment_id: refOf(page) });
        await press(page, 'approve');
        await shown(page, 'confirming');
        assert.equal(await page.getByTestId('pay').count(), 0, 'nobody is asked to pay again');
        await picture('confirming');
        await w.clock.advance(12);
        await shown(page, 'paid');
        assert.deepEqual(faults, []);
        await close();
      });
    }
  }

  it('Nagad\'s cancel and failure end the attempt only: the payer tries again and pays', ONCE, async () => {
    const payment = await create();
    const { page, faults, picture, close } = await payer();
    await page.goto(payment.url);
    await press(page, 'pay');
    await atWallet(page);
    await press(page, 'cancel');
    await shown(page, 'open');
    await page.getByText('You came back from Nagad without paying.').waitFor();
    await picture('cancelled');
    await press(page, 'pay');
    await atWallet(page);
    await press(page, 'decline');
    await shown(page, 'open');
    await page.getByText('Nagad did not accept the payment').waitFor();
    await picture('refused');
    await press(page, 'pay');
    await atWallet(page);
    await press(page, 'approve');
    await shown(page, 'paid');
    assert.equal((await w.show(payment)).attempts.length, 3);
    assert.deepEqual(faults, []);
    await close();
  });

  it('N3 who pays and closes Nagad\'s page finds the payment paid', ONCE, async () => {
    const payment = await create();
    const first = await payer();
    await first.page.goto(payment.url);
    await press(first.page, 'pay');
    await atWallet(first.page);
    await press(first.page, 'leave');
    await first.page.getByText('You have paid.').waitFor();
    await first.close();
    await w.clock.advance(11);
    await w.state(payment, 'paid');
    const second = await payer({ language: 'bn-BD' });
    await second.page.goto(payment.url);
    await shown(second.page, 'paid');
    await second.close();
  });
});
