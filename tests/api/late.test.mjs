// Money that is known only after a person has decided, and the further notifications that it brings.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { verifyNotification } from './lib/notify.mjs';
import { until } from './lib/process.mjs';

suite('late money', { feePercent: '1.00', endpoint: false, notifyMode: 'POST_JSON', purposes: ['payments', 'notifications'],
  config: { wallet: { timeout_ms: 20000 } } }, (w) => {
  let paths = 0;

  /** A payment that the payer cancelled after a person had said "not paid", of which the wallet then says that it has the money. */
  const late = async (answer) => {
    const path = `/late/${++paths}`;
    const payment = await w.create({ notification_endpoint_url: w.receiver.on(path, answer) });
    const { paymentID } = await w.begin(payment);
    await w.sim.fault('execute', 'drop_after_commit', { payment_id: paymentID });
    await w.sim.fault('query', 'delay', { payment_id: paymentID, value: '6000' });
    await w.follow(payment, await w.sim.approve(paymentID));
    await w.attempt(payment, 'unknown');
    await w.clock.advance(31);
    await until(async () => (await w.sim.payment(paymentID)).queries === 1, { what: 'the query' });
    await w.settle(payment, ['--not-paid', '--reason', 'not in the statement']);
    await payment.payer.press('cancel');
    await payment.payer.reaches('cancelled');
    return { payment, path, paymentID };
  };
  const fields = (note) => verifyNotification(note, { mode: 'POST_JSON', publicKey: w.certs.notifications.publicKey });

  it('T26 it is an unattached credit, told by a further notification of the same status', async () => {
    const { payment, path, paymentID } = await late({});
    const notes = await w.receiver.wait(path, 2, 30000);
    const told = notes.map(fields);
    assert.deepEqual(told.map((f) => [f.payment_status, f.payment_amount, f.commission_amount]),
      [['cancel', '0.00', '0.00'], ['cancel', '300.00', '0.00']]);
    assert.deepEqual(notes.map((n) => n.headers['webhook-sequence']), ['1', '2']);
    assert.notEqual(notes[0].headers['webhook-id'], notes[1].headers['webhook-id']);
    const status = await w.status(payment);
    assert.equal(status.payment_status, 'cancel');
    assert.equal(status.payment_amount, '300.00');
    assert.equal((await w.sim.payment(paymentID)).executes, 1);
    await w.audit();

    // a person attaches it: the only way out of a final status
    const { credits } = await w.cli.json(['credit', 'list', '--unattached']);
    const credit = credits.find((c) => c.payment === payment.id);
    assert.equal(credit.amount, '300.00');
    await w.cli.run(['credit', 'attach', credit.id, '--reason', 'the goods were sent']);
    const [, , third] = await w.receiver.wait(path, 3);
    const last = fields(third);
    assert.deepEqual([last.payment_status, last.payment_amount, last.commission_amount], ['paid', '300.00', '3.00']);
    assert.equal(third.headers['webhook-sequence'], '3');
    const paid = await w.status(payment);
    assert.equal(paid.payment_status, 'paid');
    assert.equal(paid.account_payment_amount, '297.00');
    await assert.rejects(w.cli.run(['credit', 'attach', credit.id, '--reason', 'twice']), /ended with 1/);
    await w.audit();
  });

  it('T54 the order of a payment is kept: its next notification waits for the one before', async () => {
    const { payment, path } = await late((note, n) => ({ status: n <= 2 ? 500 : 200 }));
    await w.until(payment, 'two notifications', (p) => p.notifications.length === 2);
    await w.until(payment, 'a second try', (p) => p.notification_tries.length >= 2);
    assert.deepEqual(w.receiver.of(path).map((n) => n.headers['webhook-sequence']), ['1', '1'], 'the second one waits');
    await w.clock.advance(370);
    await w.until(payment, 'both delivered', (p) => p.notifications.every((n) => n.state === 'delivered'));
    const notes = w.receiver.of(path);
    assert.deepEqual(notes.map((n) => n.headers['webhook-sequence']), ['1', '1', '1', '2']);
    assert.equal(new Set(notes.slice(0, 3).map((n) => n.text)).size, 1, 'what was told first stays as it was');
    assert.deepEqual(notes.slice(2).map((n) => fields(n).payment_amount), ['0.00', '300.00']);
  });

  it('T54 a notification that is parked does not keep the next one', async () => {
    const { payment, path } = await late((note, n) => ({ status: n === 1 ? 410 : 200 }));
    const shown = await w.until(payment, 'its end', (p) => p.notifications.length === 2
      && p.notifications.every((n) => n.state !== 'waiting'));
    assert.deepEqual(shown.notifications.map((n) => n.state).sort(), ['delivered', 'parked']);
    assert.deepEqual(w.receiver.of(path).map((n) => n.headers['webhook-sequence']), ['1', '2']);
  });
});
