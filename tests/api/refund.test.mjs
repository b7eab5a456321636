// Money that goes back: asked for by an operator, sent by kassad, found again when the wallet's answer is lost.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { until } from './lib/process.mjs';

suite('refunds', { feePercent: '1.00', endpoint: false, config: { wallet: { timeout_ms: 5000 } } }, (w) => {
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
  const refused = (payment, code, text, ...more) => assert.rejects(refund(payment, ...more), (e) => {
    assert.match(e.message, new RegExp(`ended with ${code}`));
    assert.match(e.message, text);
    return true;
  });
  const last = (payment, state) => w.until(payment, `a refund that is ${state}`, (p) => p.refunds.at(-1)?.state === state);
  const sent = async (paymentID) => (await w.sim.calls('refund')).filter((c) => c.payment_id === paymentID).length;

  it('in parts, until all is back; the commission stays, and so does the status', async () => {
    const { payment } = await paid();
    const first = await refund(payment, '--amount', '100.00');
    assert.deepEqual([first.amount, first.state, first.payment], ['100.00', 'requested', payment.id]);
    const shown = await last(payment, 'done');
    assert.match(shown.refunds[0].refund_trx_id, /^[A-Z0-9]{10}$/);
    let status = await w.status(payment);
    assert.deepEqual([status.payment_status, status.payment_amount, status.refunded_amount, status.commission_amount],
      ['paid', '300.00', '100.00', '3.00']);
    await w.audit();
    await refused(payment, 2, /at most 200\.00/, '--amount', '200.01');
    await refund(payment);
    await w.until(payment, 'two refunds done', (p) => p.refunds.filter((r) => r.state === 'done').length === 2);
    status = await w.status(payment);
    assert.deepEqual([status.payment_status, status.refunded_amount, status.account_payment_amount], ['paid', '300.00', '297.00']);
    await refused(payment, 1, /not paid, or all of it/);
    const { refunds } = await w.audit();
    assert.equal(refunds, 2);
    assert.deepEqual((await w.cli.json(['refund', 'list', '--payment', payment.id])).refunds.map((r) => r.amount), ['100.00', '200.00']);
  });

  it('T34 two at once: the second is refused; so is one of a payment that is not paid', async () => {
    const { payment, paymentID } = await paid();
    await w.sim.fault('refund', 'delay', { payment_id: paymentID, value: '3000' });
    const both = await Promise.allSettled([refund(payment, '--amount', '200.00'), refund(payment, '--amount', '200.00')]);
    assert.deepEqual(both.map((b) => b.status).sort(), ['fulfilled', 'rejected']);
    assert.match(both.find((b) => b.status === 'rejected').reason.message, /a refund under way/);
    await last(payment, 'done');
    assert.equal(await sent(paymentID), 1);
    await refused(await w.create(), 1, /not paid/);
    await w.audit();
  });

  it('B15 a lost answer is found in the list, and nothing is sent twice', async () => {
    const { payment, paymentID } = await paid();
    await w.sim.fault('refund', 'drop_after_commit', { payment_id: paymentID });
    await refund(payment, '--amount', '100.00');
    await last(payment, 'unknown');
    assert.equal((await w.status(payment)).refunded_amount, '0.00');
    await w.audit();
    await w.clock.advance(31);
    await last(payment, 'done');
    assert.equal(await sent(paymentID), 1);
    assert.equal((await w.status(payment)).refunded_amount, '100.00');
    await w.audit();
  });

  it('B15 what the list does not have is for a person', async () => {
    const { payment, paymentID } = await paid();
    await w.sim.fault('refund', 'drop_before', { payment_id: paymentID });
    const { id } = await refund(payment, '--amount', '100.00');
    await last(payment, 'unknown');
    await w.clock.advance(3700);
    await last(payment, 'review');
    await w.audit();
    await assert.rejects(w.cli.json(['refund', 'settle', id, '--done', '--reason', 'x']), /--done needs --trx-id/);
    const settled = await w.cli.json(['refund', 'settle', id, '--not-done', '--reason', 'not in the statement']);
    assert.equal(settled.state, 'declined');
    await refund(payment, '--amount', '100.00');
    await last(payment, 'done');
    assert.equal(await sent(paymentID), 2);
    await w.audit();
  });

  it('a person may not say too soon that it was not done: the list may lag', async () => {
    const { payment, paymentID } = await paid();
    await w.sim.fault('refund', 'drop_before', { payment_id: paymentID });
    const { id } = await refund(payment, '--amount', '100.00');
    await last(payment, 'unknown');
    const no = () => w.cli.json(['refund', 'settle', id, '--not-done', '--reason', 'not in the statement']);
    await assert.rejects(no(), /less than 15 minutes ago/);
    await w.clock.advance(14 * 60);
    await assert.rejects(no(), /less than 15 minutes ago/);
    await w.clock.advance(61);
    assert.equal((await no()).state, 'declined');
    assert.equal(await sent(paymentID), 1);
    await w.audit();
  });

  it('B16 the wallet says no to the eleventh; the merchant has the money again', async () => {
    const { payment } = await paid();
    for (let i = 1; i <= 10; i++) {
      await refund(payment, '--amount', '1.00');
      await w.until(payment, `${i} refunds done`, (p) => p.refunds.filter((r) => r.state === 'done').length === i);
    }
    await refund(payment, '--amount', '1.00');
    const shown = await last(payment, 'declined');
    assert.equal(shown.refunds.at(-1).code, '2074');
    assert.equal((await w.status(payment)).refunded_amount, '10.00');
    await w.audit();
  });

  it('a kill while it is under way loses nothing and sends nothing twice', async () => {
    const { payment, paymentID } = await paid();
    await w.sim.fault('refund', 'delay', { payment_id: paymentID, value: '60000' });
    await refund(payment, '--amount', '50.00');
    await until(async () => await sent(paymentID) === 1, { what: 'the refund at the wallet' });
    await w.kill9();
    await w.startKassad();
    await w.clock.advance(200);
    await last(payment, 'done');
    assert.equal(await sent(paymentID), 1);
    await w.audit();
  });
});
