// Refunds of a credential that bKash gave no second API: one of a payment, and the address that takes it tells of it.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { until } from './lib/process.mjs';

suite("refunds by bKash's first API", { feePercent: '1.00', endpoint: false, config: { wallet: { timeout_ms: 5000 } } }, (w) => {
  before(async () => {
    const change = (api) => w.cli.json(['wallet', 'refunds', w.credential.id, '--refund-api', api]);
    await assert.rejects(change('v3'), /v1 or v2/);
    assert.deepEqual(await change('v1'), { id: w.credential.id, refund_api: 'v1' });
    assert.equal((await w.cli.json(['wallet', 'list'])).credentials.find((c) => c.id === w.credential.id).refund_api, 'v1');
  });
  const paid = async () => {
    const payment = await w.create();
    const { paymentID } = await w.pay(payment);
    return { payment, paymentID };
  };
  // kassad looks for what `kassa` has asked for once a second, and when its clock is moved.
  const refund = async (payment, ...more) => {
    const asked = await w.cli.json(['refund', payment.id, '--reason', 'returned', ...more]);
    await w.clock.advance(1);
    return asked;
  };
  const last = (payment, state) => w.until(payment, `a refund that is ${state}`, (p) => p.refunds.at(-1)?.state === state);
  const sent = async (paymentID) => (await w.sim.calls('refund')).filter((c) => c.payment_id === paymentID);
  const back = async (payment) => (await w.status(payment)).refunded_amount;

  it('one goes back, in part; bKash refuses a second, and the merchant has that money again', async () => {
    const { payment } = await paid();
    await refund(payment, '--amount', '100.00');
    const shown = await last(payment, 'done');
    assert.match(shown.refunds[0].refund_trx_id, /^[A-Z0-9]{10}$/);
    await refund(payment);
    assert.equal((await last(payment, 'declined')).refunds.at(-1).code, '2074');
    assert.equal(await back(payment), '100.00');
    await w.audit();
  });

  it('B15 T34 a lost answer is found by asking, and nothing is sent twice', async () => {
    const { payment, paymentID } = await paid();
    await w.sim.fault('refund', 'drop_after_commit', { payment_id: paymentID });
    await refund(payment);
    await last(payment, 'unknown');
    await assert.rejects(w.cli.json(['wallet', 'refunds', w.credential.id, '--refund-api', 'v2']), /is under way/);
    await w.clock.advance(31);
    await last(payment, 'done');
    assert.equal((await sent(paymentID)).length, 1);
    assert.equal(await back(payment), '300.00');
    await w.audit();
  });

  it('what did not arrive is for a person', async () => {
    const { payment, paymentID } = await paid();
    await w.sim.fault('refund', 'drop_before', { payment_id: paymentID });
    await refund(payment);
    await last(payment, 'unknown');
    await w.clock.advance(3700);
    assert.equal((await last(payment, 'review')).refunds[0].code, 'not_listed');
    assert.equal((await sent(paymentID)).length, 1);
    await w.cli.json(['refund', 'settle', (await w.show(payment)).refunds[0].id, '--not-done', '--reason', 'not in the statement']);
    await w.audit();
  });

  it('a kill while it is under way loses nothing and sends nothing twice', async () => {
    const { payment, paymentID } = await paid();
    await w.sim.fault('refund', 'delay', { payment_id: paymentID, value: '60000' });
    await refund(payment, '--amount', '50.00');
    await until(async () => (await sent(paymentID)).length === 1, { what: 'the refund at the wallet' });
    await w.kill9();
    await w.startKassad();
    await w.clock.advance(200);
    await last(payment, 'done');
    assert.equal((await sent(paymentID)).length, 1);
    await w.audit();
  });
});
