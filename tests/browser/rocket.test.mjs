// A payer pays by Rocket in a real browser: the bank's page posts back to one address, which finds the payment again.
// KASSA_PICTURES=FOLDER keeps pictures of the way.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { Rocket } from '../api/lib/rocket.mjs';
import { launch } from './preview.mjs';

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };
const ONCE = { timeout: 60000 };

suite('paying by Rocket in a browser', {}, (w) => {
  const rocket = new Rocket(w);
  let browser;
  before(async () => {
    await rocket.start();
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
  const atBank = (page) => page.waitForURL(`${rocket.url}/ecomm2/ClientHandler?**`);
  const press = (page, id) => page.getByTestId(id).click();
  const create = () => rocket.create({ amount: '1234.50', desc: 'Cotton saree', success_redirect_url: `${w.receiver.url}/shop/thanks` });

  for (const javaScript of [true, false]) {
    for (const [language, viewport] of [['en-GB', PHONE], ['bn-BD', PHONE], ['bn-BD', DESKTOP], ['en-GB', DESKTOP]]) {
      it(`pays with${javaScript ? '' : 'out'} JavaScript, ${language}, ${viewport.width} px`, ONCE, async () => {
        const payment = await create();
        const { page, faults, picture, close } = await payer({ language, viewport, javaScript });
        await page.goto(payment.url);
        await shown(page, 'open');
        await picture('open');
        await press(page, 'pay');
        await atBank(page);
        assert.match(await page.getByTestId('amount').textContent(), /1234\.50/);
        await picture('bank');
        await press(page, 'wrong-pin');
        await page.getByTestId('pin-error').waitFor();
        await press(page, 'approve');
        await picture('back');
        await press(page, 'return');
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
    }
  }

  it('who cancels at the bank tries again and pays', ONCE, async () => {
    const payment = await create();
    const { page, faults, picture, close } = await payer();
    await page.goto(payment.url);
    await press(page, 'pay');
    await atBank(page);
    await press(page, 'cancel');
    await press(page, 'return');
    await shown(page, 'open');
    await page.getByText('You came back from Rocket without paying.').waitFor();
    await picture('cancelled');
    await press(page, 'pay');
    await atBank(page);
    await press(page, 'insufficient');
    await press(page, 'return');
    await page.getByText('Rocket did not accept the payment').waitFor();
    await press(page, 'pay');
    await atBank(page);
    await press(page, 'approve');
    await press(page, 'return');
    await shown(page, 'paid');
    assert.equal((await w.show(payment)).attempts.length, 3);
    assert.deepEqual(faults, []);
    await close();
  });
});
