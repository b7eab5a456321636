// Money that goes back through Nagad: sealed both ways, and what became of a lost answer is told by verify, or by a person.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { Nagad, SIM_ARGS } from './lib/nagad.mjs';
import { until } from './lib/process.mjs';

suite('refunds through Nagad', { feePercent: '1.00', endpoint: false, simArgs: SIM_ARGS, config: { wallet: { timeout_ms: 5000 } } }, (w) => {
  const nagad = new Nagad(w);
  before(() => nagad.start());
  const paid = async () => {
    const payment = await nagad.create({ amount: '300.00' });
    const { ref, order } = await nagad.begin(payment);
    await w.follow(payment, await nagad.act(ref, 'approve'));
    await payment.payer.reaches('paid');
    return { payment, ref, order };
  };
  // kassad looks for what `kassa` has asked for once a second, and when its clock is moved.
  const refund = async (payment, ...more) => {
    const asked = await w.cli.json(['refund', payment.id, '--reason', 'returned', ...more]);
    await w.clock.advance(1);
    return asked;
  };
  const last = (payment, state) => w.until(payment, `a refund that is ${state}`, (p) => p.refunds.at(-1)?.state === state);
  const back = async (payment) => (await w.status(payment)).refunded_amount;
  const sent = async (order) => (await w.sim.calls('nagad_cancel')).filter((c) => c.invoice === order).length;

  it('in parts, until all is back; the commission stays, and so does the status', async () => {
    const { payment, ref } = await paid();
    await refund(payment, '--amount', '100.00');
    let shown = await last(payment, 'done');
    assert.equal(shown.refunds[0].refund_trx_id, (await nagad.payment(ref)).cancel_ref);
    assert.equal((await nagad.payment(ref)).status, 'PartialRefunded');
    await w.audit();
    await refund(payment);
    shown = await w.until(payment, 'two refunds done', (p) => p.refunds.filter((r) => r.state === 'done').length === 2);
    assert.deepEqual(shown.refunds.map((r) => r.amount), ['100.00', '200.00']);
    const at = await nagad.payment(ref);
    assert.deepEqual([at.status, at.cancelled_amount, at.cancels], ['Refunded', '300.00', 2]);
    const status = await w.status(payment);
    assert.deepEqual([status.payment_status, status.refunded_amount, status.commission_amount, status.account_payment_amount],
      ['paid', '300.00', '3.00', '297.00']);
    await assert.rejects(refund(payment), /not paid, or all of it/);
    await w.audit();
  });

  it('on a later day it names the day on which the payer paid', async () => {
    const { payment, ref } = await paid();
    await w.clock.advance(3 * 86400);
    await refund(payment);
    await last(payment, 'done');
    assert.equal((await nagad.payment(ref)).status, 'Refunded');
  });

  it('a lost answer is found by verify, and nothing is sent twice', async () => {
    for (const amount of ['100.00', '300.00']) {
      const { payment, ref, order } = await paid();
      await nagad.fault('cancel', 'drop_after_commit', { payment_id: ref });
      await refund(payment, '--amount', amount);
      await last(payment, 'unknown');
      assert.equal(await back(payment), '0.00');
      await w.audit();
      await w.clock.advance(31);
      const shown = await last(payment, 'done');
      assert.equal(shown.refunds[0].refund_trx_id, (await nagad.payment(ref)).cancel_ref);
      assert.equal(await sent(order), 1);
      assert.equal(await back(payment), amount);
      await w.audit();
    }
  });

  it('an answer that Nagad has not signed, or that tells another amount, is not believed', async () => {
    for (const [fault, more] of [['bad_signature', {}], ['wrong_key', {}], ['amount', { value: '1.00' }],
      ['transaction_status', { value: 'Success' }], ['half_json', {}], ['html', {}], ['status_500', {}]]) {
      const { payment, ref, order } = await paid();
      await nagad.fault('cancel', fault, { payment_id: ref, ...more });
      await refund(payment, '--amount', '100.00');
      await last(payment, 'unknown');
      await w.clock.advance(31);
      await last(payment, 'done');
      assert.equal(await sent(order), 1, fault);
    }
    await w.audit();
  });

  it('what never reached Nagad is for a person; verify did not tell of it', async () => {
    const { payment, ref, order } = await paid();
    await nagad.fault('cancel', 'drop_before', { payment_id: ref });
    const { id } = await refund(payment, '--amount', '100.00');
    await last(payment, 'unknown');
    await w.clock.advance(3700);
    await last(payment, 'review');
    assert.equal(await sent(order), 1);
    const settled = await w.cli.json(['refund', 'settle', id, '--not-done', '--reason', 'not in the statement']);
    assert.equal(settled.state, 'declined');
    await refund(payment, '--amount', '100.00');
    await last(payment, 'done');
    assert.equal(await sent(order), 2);
    await w.audit();
  });

  it('a refusal gives the merchant the money again; one by state or by keys is not taken for that', async () => {
    const { payment, ref, order } = await paid();
    const refuse = (value) => nagad.fault('cancel', 'reason', { payment_id: ref, value });
    await refuse('16_0006_060');
    await refund(payment);
    let shown = await last(payment, 'declined');
    assert.equal(shown.refunds[0].code, '16_0006_060');
    // our keys: it was not done, and is sent later
    await refuse('16_0006_058');
    await refund(payment, '--amount', '100.00');
    await w.until(payment, 'a refused seal', (p) => p.refunds.at(-1).code === '16_0006_058');
    assert.equal((await w.show(payment)).refunds.at(-1).state, 'requested');
    await w.clock.advance(301);
    await last(payment, 'done');
    // another state: somebody between us and Nagad may have sent it twice
    await refuse('16_0006_017');
    await refund(payment, '--amount', '50.00');
    await last(payment, 'unknown');
    await w.clock.advance(3700);
    shown = await last(payment, 'review');
    assert.equal(await sent(order), 4);
    assert.equal(await back(payment), '100.00');
    await w.audit();
  });

  it("a refund by Nagad's own people is not taken for ours", async () => {
    const { payment, ref } = await paid();
    await nagad.fault('cancel', 'drop_before', { payment_id: ref });
    await refund(payment, '--amount', '100.00');
    await last(payment, 'unknown');
    await nagad.act(ref, 'refund');
    await w.clock.advance(3700);
    await last(payment, 'review');
    assert.equal(await back(payment), '0.00');
    await w.audit();
  });

  it('T34 what Nagad gave back elsewhere is neither given back again nor taken for ours', async () => {
    // all of it: nothing is sent
    const whole = await paid();
    await nagad.act(whole.ref, 'refund');
    await refund(whole.payment, '--amount', '100.00');
    assert.equal((await last(whole.payment, 'declined')).refunds[0].code, 'refunded_elsewhere');
    assert.equal(await sent(whole.order), 0);
    // half of it: the rest can go back, and Nagad refuses more
    const half = await paid();
    await nagad.act(half.ref, 'refund-half');
    await refund(half.payment, '--amount', '100.00');
    await last(half.payment, 'done');
    await refund(half.payment);
    await last(half.payment, 'declined');
    assert.equal(await back(half.payment), '100.00');
    assert.equal((await nagad.payment(half.ref)).cancelled_amount, '250.00');
    // the rest of it, with the answer lost: Nagad says that nothing is left and our books that something is
    const rest = await paid();
    await nagad.act(rest.ref, 'refund-half');
    await nagad.fault('cancel', 'drop_after_commit', { payment_id: rest.ref });
    await refund(rest.payment, '--amount', '150.00');
    await last(rest.payment, 'unknown');
    await w.clock.advance(3700);
    await last(rest.payment, 'review');
    assert.equal(await sent(rest.order), 1);
    await w.audit();
  });

  it('by hand, where Nagad has to be asked by a person: the TrxID has no known form', async () => {
    const { payment, order } = await paid();
    const { id, state } = await refund(payment, '--amount', '100.00', '--by-hand');
    assert.equal(state, 'by_hand');
    const settle = (person, trxId) => w.cli.json(['refund', 'settle', id, '--done', '--trx-id', trxId, '--reason', 'their mail'],
      { env: { SUDO_USER: person } });
    await assert.rejects(settle('second', 'of/last week'), /not a TrxID/);
    assert.equal((await settle('second', '000177yt')).refund_trx_id, '000177YT');
    assert.equal(await sent(order), 0);
    assert.equal(await back(payment), '100.00');
    await w.audit();
  });

  it('a kill while it is under way loses nothing and sends nothing twice', async () => {
    const { payment, ref, order } = await paid();
    await nagad.fault('cancel', 'delay', { payment_id: ref, value: '60000' });
    await refund(payment, '--amount', '50.00');
    await until(async () => await sent(order) === 1, { what: 'the refund at the wallet' });
    await w.kill9();
    await w.startKassad();
    await w.clock.advance(200);
    await last(payment, 'done');
    assert.equal(await sent(order), 1);
    await w.audit();
  });
});
