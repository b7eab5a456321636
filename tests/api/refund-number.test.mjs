// Money that was sent to a number goes back by hand: one person asks for it and sends it, another one confirms it.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { PAYERS, addNumber } from './lib/number.mjs';

suite('refunds of money to a number', { feePercent: '1.00', endpoint: false }, (w) => {
  let rocket, trx = 6606780000, back = 6606790000;
  before(async () => {
    rocket = await addNumber(w, 'rocket', '017111111112');
    await rocket.alive();
  });
  const next = () => String(trx += 1), sentBack = () => String(back += 1);
  const as = (person, ...args) => w.cli.json(['refund', ...args], { env: { SUDO_USER: person } });
  const ask = (payment, ...more) => as('one', payment.id, '--reason', 'returned', ...more);
  const settle = (person, id, ...more) => as(person, 'settle', id, '--reason', "in the number's app", ...more);
  const refused = (promise, code, text) => assert.rejects(promise, (e) => {
    assert.match(e.message, new RegExp(`ended with ${code}`));
    assert.match(e.message, text);
    return true;
  });
  /** A payment that these parts (taka) paid: {payment, ids}. */
  const paid = async (...parts) => {
    const payment = await w.create({ customer_code: 'rocket', amount: `${parts.reduce((a, b) => a + b)}.00` });
    const ids = [];
    for (const part of parts) {
      ids.push(next());
      await rocket.tell(part, ids.at(-1));
      const answer = await w.payer(payment).press('trx-send', { extra: [['trx_id', ids.at(-1)], ['payer', PAYERS.rocket]] });
      assert.equal(answer.status, 303, answer.text);
    }
    assert.equal((await w.status(payment)).payment_status, 'paid');
    return { payment, ids };
  };

  it('T34 one person asks, another confirms with the TrxID of the pay-back; the commission stays', async () => {
    const { payment, ids } = await paid(500);
    const asked = await ask(payment, '--amount', '100.00');
    assert.deepEqual([asked.state, asked.amount, asked.trx_id, asked.wallet], ['by_hand', '100.00', ids[0], 'rocket']);
    assert.match(asked.payer, /515$/);
    assert.deepEqual((await as('one', 'list', '--under-way')).refunds.map((r) => [r.id, r.state]), [[asked.id, 'by_hand']]);
    assert.equal((await w.status(payment)).refunded_amount, '0.00');
    await refused(ask(payment), 1, /a refund under way/);
    const id = sentBack();
    await refused(settle('one', asked.id, '--done', '--trx-id', id), 1, /the same person/);
    await refused(settle('two', asked.id, '--done', '--trx-id', '12345'), 2, /not a TrxID/);
    await refused(settle('two', asked.id, '--done', '--trx-id', ids[0]), 1, /another refund's, or of money that came in/);
    const done = await settle('two', asked.id, '--done', '--trx-id', id.replace(/\d/g, (d) => '০১২৩৪৫৬৭৮৯'[d]));
    assert.deepEqual([done.state, done.refund_trx_id], ['done', id]);
    const status = await w.status(payment);
    assert.deepEqual([status.payment_status, status.payment_amount, status.refunded_amount, status.commission_amount],
      ['paid', '500.00', '100.00', '5.00']);
    const shown = await w.show(payment);
    assert.deepEqual(shown.refunds.map((r) => [r.state, r.amount, r.refund_trx_id]), [['done', '100.00', id]]);
    assert.equal(shown.notifications.length, 1); // that it was paid
    const second = await ask(payment, '--amount', '400.00');
    await refused(settle('two', second.id, '--done', '--trx-id', id), 1, /another refund's/);
    assert.equal((await settle('one', second.id, '--not-done')).state, 'declined');
    await w.audit();
  });

  it('S5 T34 of several credits each gives back its own, also when many ask at once', async () => {
    const { payment, ids } = await paid(200, 300);
    await refused(ask(payment), 2, new RegExp(`say --trx-id: 200\\.00 of ${ids[0]}, 300\\.00 of ${ids[1]}`));
    await refused(ask(payment, '--trx-id', ids[0], '--amount', '200.01'), 2, /at most 200\.00 of/);
    await refused(ask(payment, '--trx-id', next()), 1, /no such TrxID/);
    const all = await Promise.allSettled(ids.concat(ids).map((id) => ask(payment, '--trx-id', id, '--amount', '150.00')));
    const begun = all.filter((a) => a.status === 'fulfilled').map((a) => a.value);
    assert.equal(begun.length, 1, JSON.stringify(all));
    await settle('two', begun[0].id, '--done', '--trx-id', sentBack());
    for (const id of ids) {
      const { id: refund } = await ask(payment, '--trx-id', id);
      await settle('two', refund, '--done', '--trx-id', sentBack());
    }
    assert.equal((await w.status(payment)).refunded_amount, '500.00');
    await refused(ask(payment), 1, /all of it was refunded/);
    await w.audit();
  });
});
