// A wallet that is served in two ways: at its own page, and by money sent to a number. Which is shown, who may choose the other, and
// that nobody is charged in both.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { request } from './lib/http.mjs';
import { Nagad, SIM_ARGS } from './lib/nagad.mjs';
import { addNumber } from './lib/number.mjs';

const CONFIG = { ways: { nagad: 'number' }, limits: { trxids_per_minute: 1000 } };

suite('a wallet in two ways', { config: CONFIG, simArgs: SIM_ARGS }, (w) => {
  const nagad = new Nagad(w);
  let numbers, trx = 1000;
  before(async () => {
    await nagad.start();
    numbers = { bkash: await addNumber(w, 'bkash', '01711111119'), nagad: await addNumber(w, 'nagad', '01811111119') };
    await numbers.bkash.alive();
    await numbers.nagad.alive();
  });
  const next = (wallet) => (wallet === 'nagad' ? `75HK${trx++}` : `DK61AA${trx++}`);
  const page = async (payment, query = '') => (await w.payer(payment).send('GET', `${payment.url}${query}`)).text;
  const has = (html, ...testids) => assert.deepEqual(
    ['pay', 'continue', 'number', 'trx', 'way'].filter((id) => html.includes(`data-testid="${id}"`)), testids);
  const type = async (payment, trxId) => {
    const answer = await w.payer(payment).press('trx-send', { extra: [['trx_id', trxId], ['payer', '111']], html: await page(payment, '?way=number') });
    assert.equal(answer.status, 303, answer.text);
  };
  const status = async (payment) => {
    const { payment_status: text, payment_amount: amount } = await w.status(payment);
    return [text, amount];
  };

  it('the operator says which way is first, and the page leads to the other', async () => {
    const bkash = await w.create({ amount: '500.00' }), byNagad = await nagad.create({ amount: '500.00' });
    has(await page(bkash), 'pay', 'way');
    has(await page(bkash, '?way=number'), 'number', 'trx', 'way');
    assert.match(await page(bkash, '?way=number'), new RegExp(`href="/${bkash.uuid}\\?way=checkout"`));
    has(await page(byNagad), 'number', 'trx', 'way');
    has(await page(byNagad, '?way=checkout'), 'pay', 'way');
    has(await page(bkash, '?way=nothing'), 'pay', 'way');
    // what is chosen stays chosen when the language changes, and where the script asks
    assert.match(await page(bkash, '?way=number'), /data-way="\?way=number"/);
    const answer = await w.payer(bkash).press('language', { html: await page(bkash, '?way=number') });
    assert.equal(answer.headers.location, `/${bkash.uuid}?way=number`);
  });

  it('who chose the number pays there, and who chose the page pays there', async () => {
    const bkash = await w.create({ amount: '500.00' }), byNagad = await nagad.create({ amount: '500.00' });
    const id = next('bkash');
    await numbers.bkash.tell(500, id);
    await type(bkash, id);
    assert.deepEqual(await status(bkash), ['paid', '500.00']);
    const answer = await byNagad.payer.press('pay', { html: await page(byNagad, '?way=checkout') });
    assert.equal(answer.headers.location, `/${byNagad.uuid}/wait`);
    await byNagad.payer.reaches('at_wallet');
    const [{ payment_ref_id: ref }] = await nagad.byOrder(`K${byNagad.id}N1`);
    await w.follow(byNagad, await nagad.act(ref, 'approve'));
    await byNagad.payer.reaches('paid');
    await w.audit();
  });

  it('a try that failed is tried again in either way, and charged once', async () => {
    const payment = await w.create({ amount: '500.00' });
    const { paymentID } = await w.begin(payment);
    await w.follow(payment, await w.sim.decline(paymentID));
    has(await page(payment), 'pay', 'way');
    const again = await w.begin(payment, 2);
    has(await page(payment), 'pay', 'continue', 'way');
    has(await page(payment, '?way=number'), 'number', 'trx', 'way');
    const id = next('bkash');
    await numbers.bkash.tell(500, id);
    await type(payment, id);
    assert.deepEqual(await status(payment), ['paid', '500.00']);
    // the wallet's page was still open, and its payer goes through with it
    await w.follow(payment, await w.sim.approve(again.paymentID));
    assert.equal((await w.sim.payment(again.paymentID)).executes, 0);
    assert.deepEqual(await status(payment), ['paid', '500.00']);
    await w.audit();
  });

  it('a try at a number is followed by one at the page', async () => {
    const payment = await nagad.create({ amount: '500.00' });
    const answer = await payment.payer.press('trx-send', { extra: [['trx_id', 'no trxid'], ['payer', '111']] });
    assert.equal(answer.headers.location, `/${payment.uuid}?trx=malformed#trx`);
    has(await page(payment, '?trx=malformed'), 'number', 'trx', 'way');
    await payment.payer.press('pay', { html: await page(payment, '?way=checkout') });
    await payment.payer.reaches('at_wallet');
    const [{ payment_ref_id: ref }] = await nagad.byOrder(`K${payment.id}N1`);
    // what was begun is shown, though the number is first
    has(await page(payment), 'pay', 'continue', 'way');
    await w.follow(payment, await nagad.act(ref, 'cancel'));
    await payment.payer.reaches('open');
    has(await page(payment), 'pay', 'way');
  });

  it('who says that he has sent money, or has, is not led to the page any more, and not charged there', async () => {
    const waits = await w.create({ amount: '500.00' }), part = await w.create({ amount: '500.00' });
    const ids = [next('bkash'), next('bkash')];
    const begun = [await w.begin(waits), await w.begin(part)];
    const forms = [await page(waits), await page(part)];
    await type(waits, ids[0]);
    await numbers.bkash.tell(200, ids[1]);
    await type(part, ids[1]);
    for (const [i, payment] of [waits, part].entries()) {
      for (const query of ['', '?way=checkout', '?way=number']) {
        has(await page(payment, query), 'number', 'trx');
      }
      // a page that was left open
      assert.equal((await payment.payer.press('pay', { html: forms[i] })).headers.location, `/${payment.uuid}`);
      assert.equal((await w.show(payment)).attempts.length, 1);
      // and a wallet's page that was
      const callback = await w.sim.approve(begun[i].paymentID);
      await w.follow(payment, callback);
      await w.follow(payment, callback);
      assert.equal((await w.sim.payment(begun[i].paymentID)).executes, 0);
      assert.deepEqual((await w.show(payment)).events.filter((e) => e.event === 'not_executed').map((e) => e.reason), ['sent_to_number']);
    }
    await numbers.bkash.tell(500, ids[0]);
    assert.deepEqual(await status(waits), ['paid', '500.00']);
    const rest = next('bkash');
    await numbers.bkash.tell(300, rest);
    await type(part, rest);
    assert.deepEqual(await status(part), ['paid', '500.00']);
    await w.audit();
  });

  it('while the wallet may have the money nobody is shown the number', async () => {
    const payment = await w.create({ amount: '500.00' });
    const { paymentID } = await w.begin(payment);
    await w.sim.fault('execute', 'drop_after_commit', { payment_id: paymentID });
    await w.sim.fault('query', 'status_500', { payment_id: paymentID, count: 100 });
    await w.follow(payment, await w.sim.approve(paymentID));
    await payment.payer.reaches('confirming');
    has(await page(payment, '?way=number'));
    assert.equal((await payment.payer.send('GET', `${payment.url}/state?way=number`)).json.stage, 'confirming');
    await w.sim.clearFaults();
    await w.clock.advance(40);
    await payment.payer.reaches('paid');
    assert.equal((await w.sim.payment(paymentID)).executes, 1);
    await w.audit();
  });

  it('the whole at the wallet\'s page after a part at the number pays, and a person is told of the part', async () => {
    const payment = await nagad.create({ amount: '500.00' });
    await payment.payer.press('pay', { html: await page(payment, '?way=checkout') });
    await payment.payer.reaches('at_wallet');
    const [{ payment_ref_id: ref }] = await nagad.byOrder(`K${payment.id}N1`);
    const id = next('nagad');
    await numbers.nagad.tell(200, id);
    await type(payment, id);
    has(await page(payment, '?way=checkout'), 'number', 'trx');
    await w.follow(payment, await nagad.act(ref, 'approve'));
    await w.state(payment, 'paid');
    assert.deepEqual(await status(payment), ['paid', '700.00']);
    assert.deepEqual((await w.show(payment)).credits.map((c) => [c.amount, c.attached]).sort(), [['200.00', false], ['500.00', true]]);
    assert.match(w.kassadLog(), /payment_needs_a_person.*paid_beside_parts/);
    await w.audit();
  });

  it('of an ended payment the TrxID is asked for where the number was shown', async () => {
    const bkash = await w.create(), byNagad = await nagad.create();
    await w.payer(bkash).press('cancel');
    await byNagad.payer.press('cancel');
    has(await page(bkash));
    has(await page(bkash, '?way=number'), 'trx');
    has(await page(byNagad), 'trx');
  });

  it('a wallet that cannot be reached is hidden, and the number is shown', async () => {
    const payment = await w.create({ amount: '500.00' });
    await w.simProgram.stop();
    for (let i = 1; i <= 3; i++) {
      await payment.payer.press('pay');
      await w.until(payment, `try ${i} failed`, (p) => p.attempts.length === i && p.attempts.at(-1).state === 'failed');
    }
    has(await page(payment), 'number', 'trx');
    has(await page(payment, '?way=checkout'), 'number', 'trx');
    const health = async () => (await request('GET', `${w.opsUrl}/wallets`)).json.wallets.find((h) => h.credential === w.credential.id);
    const ill = await health();
    assert.deepEqual([ill.wallet, ill.hidden], ['bkash', true]);
    assert.ok(ill.reason && !Number.isNaN(Date.parse(ill.since)), JSON.stringify(ill));
    const id = next('bkash');
    await type(payment, id);
    await numbers.bkash.tell(500, id);
    assert.deepEqual(await status(payment), ['paid', '500.00']);
    await w.startSim();
    await w.clock.advance(61);
    const after = await w.create();
    has(await page(after), 'pay', 'way');
    assert.equal((await health()).hidden, false);
    await w.pay(after);
    assert.deepEqual(await health(), { credential: w.credential.id, wallet: 'bkash', hidden: false });
    await w.audit();
  });
});
