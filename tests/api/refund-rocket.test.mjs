// Money that was paid at the bank's page for Rocket: by hand at the bank, unless the operator trusts the inferred reversal.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { until } from './lib/process.mjs';
import { Rocket } from './lib/rocket.mjs';

function bank(w) {
  const rocket = new Rocket(w);
  before(() => rocket.start());
  return {
    rocket,
    paid: async () => {
      const payment = await rocket.create({ amount: '300.00' });
      const { transId, invoice } = await rocket.begin(payment);
      await rocket.act(transId, 'approve');
      await rocket.comeBack(payment, transId);
      await payment.payer.reaches('paid');
      return { payment, transId, invoice };
    },
    // kassad looks for what `kassa` has asked for once a second, and when its clock is moved.
    refund: async (payment, ...more) => {
      const asked = await w.cli.json(['refund', payment.id, '--reason', 'returned', ...more], { env: { SUDO_USER: 'one' } });
      await w.clock.advance(1);
      return asked;
    },
    settle: (id, ...more) => w.cli.json(['refund', 'settle', id, '--reason', 'statement', ...more], { env: { SUDO_USER: 'two' } }),
    last: (payment, state) => w.until(payment, `a refund that is ${state}`, (p) => p.refunds.at(-1)?.state === state),
    sent: async (transId) => (await rocket.payment(transId)).reversals,
    back: async (payment) => (await w.status(payment)).refunded_amount,
  };
}

suite('refunds at the bank', { feePercent: '1.00', endpoint: false }, (w) => {
  const { paid, refund, settle, back, sent } = bank(w);

  it('as delivered command r is not sent: a person gives it back, another one confirms it', async () => {
    const { payment, transId } = await paid();
    const { id, state } = await refund(payment);
    assert.equal(state, 'by_hand');
    const rrn = (await w.show(payment)).credits[0].trx_id;
    await assert.rejects(settle(id, '--done', '--trx-id', rrn), /money that came in/);
    assert.equal((await settle(id, '--done', '--trx-id', '4135 2223 9999')).refund_trx_id, '413522239999');
    assert.deepEqual([await back(payment), await sent(transId)], ['300.00', 0]);
    await w.audit();
  });
});

suite('reversals by the bank', { feePercent: '1.00', endpoint: false,
  config: { wallet: { timeout_ms: 5000 }, rocket: { reversal: 'yes' } } }, (w) => {
  const { rocket, paid, refund, settle, last, back, sent } = bank(w);

  it('the whole goes back by command r, a part by hand', async () => {
    const { payment, transId } = await paid();
    const part = await refund(payment, '--amount', '100.00');
    assert.equal(part.state, 'by_hand');
    await settle(part.id, '--not-done');
    await refund(payment);
    const shown = await last(payment, 'done');
    assert.equal(shown.refunds.at(-1).refund_trx_id, `R${shown.credits[0].trx_id}`);
    assert.deepEqual([await back(payment), await sent(transId), (await rocket.payment(transId)).state], ['300.00', 1, 'REVERSED']);
    assert.equal((await w.status(payment)).payment_status, 'paid');
    await w.audit();
  });

  it('T34 a lost or unclear answer is found by command c, and nothing is sent twice', async () => {
    for (const fault of ['drop_after_commit', 'status_500', 'html', 'empty']) {
      const { payment, transId, invoice } = await paid();
      await rocket.fault('r', fault, { invoice });
      await refund(payment);
      await last(payment, 'unknown');
      await w.clock.advance(31);
      await last(payment, 'done');
      assert.equal(await sent(transId), 1, fault);
      assert.equal(await back(payment), '300.00');
    }
    await w.audit();
  });

  it('what the bank says no to, or never got, is for a person: its no is not believed', async () => {
    for (const fault of ['refuse', 'drop_before']) {
      const { payment, transId, invoice } = await paid();
      await rocket.fault('r', fault, { invoice });
      const { id } = await refund(payment);
      await last(payment, 'unknown');
      await w.clock.advance(3700);
      assert.equal((await last(payment, 'review')).refunds[0].code, 'not_listed');
      assert.equal(await sent(transId), fault === 'refuse' ? 1 : 0);
      assert.equal((await settle(id, '--not-done')).state, 'declined');
      assert.equal(await back(payment), '0.00');
    }
    await w.audit();
  });

  it('what the bank gave back by itself is not given back again', async () => {
    const { payment, transId } = await paid();
    await rocket.act(transId, 'reverse');
    await refund(payment);
    assert.equal((await last(payment, 'declined')).refunds[0].code, 'refunded_elsewhere');
    assert.equal(await sent(transId), 0);
    await w.audit();
  });

  it('a kill while it is under way loses nothing and sends nothing twice', async () => {
    const { payment, transId, invoice } = await paid();
    await rocket.fault('r', 'drop_after_commit', { invoice });
    await refund(payment);
    await until(async () => await sent(transId) === 1, { what: 'the reversal at the bank' });
    await w.kill9();
    await w.startKassad();
    await w.clock.advance(200);
    await last(payment, 'done');
    assert.equal(await sent(transId), 1);
    await w.audit();
  });
});
