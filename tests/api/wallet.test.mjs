// A payer's way through the wallet: the good one, and all that can go wrong on it.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parallel } from './lib/expect.mjs';
import { suite } from './lib/harness.mjs';
import { request } from './lib/http.mjs';
import { verifyNotification } from './lib/notify.mjs';
import { sleep, until } from './lib/process.mjs';

suite('wallet', { feePercent: '1.00', purposes: ['payments', 'notifications'] }, (w) => {
  const notes = (payment) => w.receiver.of('/notify').filter((note) => JSON.parse(note.text).id === payment.id);
  const noted = (payment, count = 1) => until(() => notes(payment).length >= count && notes(payment),
    { what: `notification ${count} of ${payment.id}` });
  const is = async (payment, status) => assert.equal((await w.status(payment)).payment_status, status);
  const sims = async (paymentID, executes, queries) => {
    const seen = await w.sim.payment(paymentID);
    assert.equal(seen.executes, executes, 'executes at the wallet');
    if (queries !== undefined) {
      assert.equal(seen.queries, queries, 'queries at the wallet');
    }
    return seen;
  };
  /** A payment whose payer has approved it, with a fault armed for what comes next. */
  const approved = async (faults = [], more = {}) => {
    const payment = await w.create(more);
    const { paymentID, invoice } = await w.begin(payment);
    for (const [op, fault, extra] of faults) {
      await w.sim.fault(op, fault, { payment_id: paymentID, ...extra });
    }
    return { payment, paymentID, invoice, callback: await w.sim.approve(paymentID) };
  };
  const paidOnce = async ({ payment, paymentID }) => {
    await payment.payer.reaches('paid');
    await is(payment, 'paid');
    await noted(payment);
    assert.equal((await sims(paymentID, 1)).state, 'completed');
    const shown = await w.show(payment);
    assert.equal(shown.credits.length, 1);
    assert.equal(shown.notifications.length, 1);
  };

  it('B2 B12 T70 the good way: one execute, no query, one notification, and the status says it at once', async () => {
    let inside;
    let payment;
    w.receiver.on('/notify', (note) => {
      if (payment && JSON.parse(note.text).id === payment.id) {
        inside = w.status(payment);
      }
      return {};
    });
    payment = await w.create({ amount: '250.50', desc: 'tea' });
    const { paymentID } = await w.pay(payment);
    const [note] = await noted(payment);
    const fields = verifyNotification(note, { mode: 'POST_JSON', publicKey: w.certs.notifications.publicKey });
    assert.equal(fields.payment_status, 'paid');
    assert.equal(fields.payment_amount, '250.50');
    assert.equal(fields.commission_amount, '2.51');
    assert.equal((await inside).payment_status, 'paid', 'asked while the notification is being received');
    const [item] = (await w.history({ paginate: 1, page: (await w.history({ paginate: 1 })).meta.last_page })).data;
    assert.equal(item.status, 'paid');
    await sims(paymentID, 1, 0);
    w.receiver.on('/notify', {});
  });

  it('T19 what the form says of amount, wallet or address is ignored', async () => {
    const payment = await w.create({ amount: '77.00' });
    const extra = [['amount', '1.00'], ['customer_code', 'rocket'], ['callbackURL', 'http://evil.example/'], ['uuid', 'x'],
      ['order_id', 'x']];
    await payment.payer.press('pay', { extra });
    const seen = await w.sim.created(`K${payment.id}-1`);
    assert.equal(Number(seen.amount), 77);
    assert.ok(seen.callback_url.startsWith(`${w.payUrl}/callback/bkash/`));
    await payment.payer.reaches('at_wallet');
    await w.follow(payment, await w.sim.approve(seen.payment_id));
    await payment.payer.reaches('paid');
    assert.equal((await w.status(payment)).payment_amount, '77.00');
  });

  it('pay pressed twice is one attempt', async () => {
    const payment = await w.create();
    await w.sim.fault('create', 'delay', { value: '500', invoice: `K${payment.id}-1` });
    const page = (await payment.payer.page()).text;
    await Promise.all([1, 2, 3, 4].map(() => payment.payer.press('pay', { html: page })));
    await payment.payer.reaches('at_wallet');
    assert.equal((await w.show(payment)).attempts.length, 1);
    assert.equal((await w.sim.calls('create')).filter((c) => c.invoice.startsWith(`K${payment.id}-`)).length, 1);
  });

  it('B3 T48 an execute whose answer is lost is settled by a query, and never sent again', async () => {
    const p = await approved([['execute', 'drop_after_commit']]);
    await w.follow(p.payment, p.callback);
    await w.attempt(p.payment, 'unknown');
    await is(p.payment, 'wait');
    await p.payment.payer.reaches('confirming');
    await w.follow(p.payment, p.callback);
    await sims(p.paymentID, 1, 0);
    await w.clock.advance(31);
    await paidOnce(p);
    await sims(p.paymentID, 1, 1);
  });

  it('B5 T48 a wallet that says that it was executed before is asked at once: paid, and counted once', async () => {
    for (const value of ['2062', '2117', '2068', '2119']) {
      const p = await approved([['execute', 'code', { value, commit: true }]]);
      await w.follow(p.payment, p.callback);
      await paidOnce(p);
      await sims(p.paymentID, 1, 1);
    }
    // and of one that did not move money it is not believed either
    const p = await approved([['execute', 'code', { value: '2062', commit: false }]]);
    await w.follow(p.payment, p.callback);
    await w.attempt(p.payment, 'unknown');
    await w.until(p.payment, 'asked', (s) => s.attempts[0].asks === 1);
    await is(p.payment, 'wait');
    await sims(p.paymentID, 0, 1);
  });

  it('B4 T48 an execute that is not answered in time is asked about at once', async () => {
    const p = await approved([['execute', 'delay', { value: '7000' }]]);
    await w.follow(p.payment, p.callback);
    await paidOnce(p);
    await sims(p.paymentID, 1, 1);
  });

  it('T48 an execute that never arrived: wait, then the payer may pay again, once', async () => {
    const p = await approved([['execute', 'drop_before']]);
    await w.follow(p.payment, p.callback);
    await w.attempt(p.payment, 'unknown');
    await w.clock.advance(31);
    await w.until(p.payment, 'asked', (s) => s.attempts[0].asks === 1 && s.attempts[0].reason === 'pending');
    await is(p.payment, 'wait');
    assert.equal((await p.payment.payer.state()).stage, 'confirming', 'nobody may pay while the outcome is unknown');
    await w.clock.advance(121);
    await w.state(p.payment, 'open');
    await sims(p.paymentID, 0);
    await p.payment.payer.reaches('open');
    await w.follow(p.payment, p.callback);
    await sims(p.paymentID, 0);
    const second = await w.pay(p.payment, 2);
    await sims(second.paymentID, 1, 0);
    await is(p.payment, 'paid');
    assert.equal((await noted(p.payment)).length, 1);
  });

  const garbled = { 'status 500': ['status_500'], 'status 504': ['status', { value: '504' }], 'status 429': ['status', { value: '429' }],
    HTML: ['html'], 'an empty body': ['empty'], 'half JSON': ['half_json'], 'a body of 1 MiB': ['huge'],
    'one byte a second': ['slow'], 'system error 9999': ['code', { value: '9999', commit: true }],
    'process failed 2003': ['code', { value: '2003', commit: true }], 'maintenance 503': ['code', { value: '503', commit: true }],
    'already completed 2062': ['code', { value: '2062', commit: true }],
    'already executed 2117': ['code', { value: '2117', commit: true }], 'an unknown code': ['code', { value: '7777', commit: true }],
    'still Initiated': ['transaction_status', { value: 'Initiated' }], Authorized: ['transaction_status', { value: 'Authorized' }],
    'an amount that is none': ['amount', { value: '300.00x' }], 'no amount': ['amount', { value: '' }],
    'another paymentID': ['payment_id', { value: 'TR0011other1234567890123' }], 'no paymentID': ['payment_id', { value: '' }],
    'no currency': ['currency', { value: '' }], 'no TrxID': ['trx_id', { value: '' }] };

  it('B17 T49 T50 answers to execute that say nothing clear, of money that moved: paid by query, one execute', async () => {
    const cases = await parallel(Object.entries(garbled), async ([what, [fault, extra]]) => {
      const p = await approved([['execute', fault, extra]]);
      await w.follow(p.payment, p.callback);
      await w.until(p.payment, what, (s) => s.attempts[0].state !== 'executing');
      assert.notEqual((await w.status(p.payment)).payment_status, 'fail', what);
      return p;
    }, 4);
    await w.clock.advance(31);
    for (const p of cases) {
      await paidOnce(p);
    }
  });

  it('B17 T49 the same of money that did not move: never paid, and the payer may try again', async () => {
    const entries = Object.entries(garbled).filter(([what, [fault]]) => ['status_500', 'html', 'empty', 'code'].includes(fault)
      && what !== 'an unknown code');
    const cases = await parallel(entries, async ([what, [fault, extra]]) => {
      const p = await approved([['execute', fault, { ...extra, commit: false }]]);
      await w.follow(p.payment, p.callback);
      await w.attempt(p.payment, 'unknown');
      return { ...p, what };
    }, 4);
    await w.clock.advance(31);
    for (const p of cases) {
      await w.until(p.payment, 'asked', (s) => s.attempts[0].asks > 0 && s.attempts[0].reason === 'pending');
      await is(p.payment, 'wait');
    }
    await w.clock.advance(121);
    for (const p of cases) {
      await w.state(p.payment, 'open');
      assert.notEqual((await sims(p.paymentID, 0)).state, 'completed');
      assert.equal(notes(p.payment).length, 0, p.what);
    }
  });

  const altered = { 'a lower amount': ['amount', { value: '299.99' }], 'a higher amount': ['amount', { value: '300.01' }],
    'another currency': ['currency', { value: 'USD' }], 'another invoice': ['invoice', { value: 'K1-1' }] };

  it('B9 T20 T21 an execute that tells other facts than ours: review, wait, never paid by itself', async () => {
    const cases = await parallel(Object.entries(altered), async ([what, [fault, extra]]) => {
      const p = await approved([['execute', fault, extra]], { amount: 300 });
      await w.follow(p.payment, p.callback);
      return { ...p, what };
    }, 4);
    for (const p of cases) {
      await w.state(p.payment, 'review');
      await is(p.payment, 'wait');
      assert.equal((await p.payment.payer.state()).stage, 'confirming', p.what);
      await w.follow(p.payment, p.callback);
    }
    await w.clock.advance(2 * 3600);
    await sleep(1500);
    for (const p of cases) {
      const seen = await w.show(p.payment);
      assert.equal(seen.state, 'review', p.what);
      assert.equal(seen.notifications.length, 0, p.what);
      await sims(p.paymentID, 1, 0);
    }
    // a person decides
    const [paid, unpaid] = cases;
    const { trx_id: trx } = await w.sim.payment(paid.paymentID);
    await assert.rejects(w.settle(paid.payment, ['--paid', '--amount', '300.00', '--trx-id', trx, '--reason', 'x']), /ended with 1/, 'it is in the books as told');
    await w.settle(paid.payment, ['--paid', '--amount', '299.99', '--trx-id', trx, '--reason', 'in the statement']);
    await paid.payment.payer.reaches('paid');
    await is(paid.payment, 'paid');
    await noted(paid.payment);
    await w.settle(unpaid.payment, ['--not-paid', '--reason', 'not in the statement']);
    await w.until(unpaid.payment, 'its end', (p) => p.state === 'failed' || p.state === 'cancelled');
    await noted(unpaid.payment);
    await assert.rejects(w.settle(paid.payment, ['--not-paid', '--reason', 'twice']), /ended with 1/);
    const open = await w.create();
    await assert.rejects(w.settle(open, ['--paid', '--amount', '1.00', '--trx-id', 'ABC1234567', '--reason', 'x']), /ended with 1/);
    await assert.rejects(w.settle(cases[2].payment, ['--paid', '--amount', '300.00', '--trx-id', trx, '--reason', 'x']), /ended with 1/,
      'a TrxID counts once');
  });

  it('T20 a query that tells other facts than ours: review', async () => {
    const cases = await parallel([altered['a lower amount'], altered['another currency'], altered['another invoice']],
    async ([fault, extra]) => {
      const p = await approved([['execute', 'drop_after_commit'], ['query', fault, extra]]);
      await w.follow(p.payment, p.callback);
      await w.attempt(p.payment, 'unknown');
      return p;
    }, 2);
    await w.clock.advance(31);
    for (const p of cases) {
      await w.state(p.payment, 'review');
      await is(p.payment, 'wait');
    }
  });

  it('T49 a query that tells of another payment says nothing of this one', async () => {
    const p = await approved([['execute', 'drop_after_commit'], ['query', 'payment_id', { value: 'TR0011other1234567890123' }]]);
    await w.follow(p.payment, p.callback);
    await w.attempt(p.payment, 'unknown');
    await w.clock.advance(31);
    await w.until(p.payment, 'asked', (s) => s.attempts[0].asks === 1 && s.attempts[0].reason !== 'reset');
    await is(p.payment, 'wait');
    await w.clock.advance(61);
    await paidOnce(p);
    await sims(p.paymentID, 1, 2);
  });

  it('an amount is compared as a number', async () => {
    for (const value of ['300', '300.0', '300.00']) {
      const p = await approved([['execute', 'amount', { value }]], { amount: '300.00' });
      await w.follow(p.payment, p.callback);
      await paidOnce(p);
    }
  });

  it('T29 a payer without enough money may pay again; nothing is taken twice', async () => {
    const payment = await w.create();
    const { paymentID } = await w.begin(payment);
    await w.follow(payment, await w.sim.act(paymentID, 'insufficient'));
    await w.state(payment, 'open');
    await payment.payer.reaches('open');
    await is(payment, 'wait');
    assert.equal(notes(payment).length, 0);
    const second = await w.pay(payment, 2);
    await is(payment, 'paid');
    await sims(paymentID, 1);
    await sims(second.paymentID, 1, 0);
    assert.equal((await w.sim.payment(paymentID)).state, 'failed');
  });

  it('T29 after a cancel or a failure at the wallet the payer may pay again', async () => {
    for (const action of ['cancel', 'decline']) {
      const payment = await w.create();
      const { paymentID } = await w.begin(payment);
      await w.follow(payment, await w.sim.act(paymentID, action));
      await payment.payer.reaches('open');
      await is(payment, 'wait');
      await sims(paymentID, 0, 0);
      await w.pay(payment, 2);
      await is(payment, 'paid');
      assert.equal((await noted(payment)).length, 1);
    }
  });

  it('T29 a success after a forged cancel or failure of the same attempt still counts', async () => {
    for (const forged of ['cancel', 'failure', 'nonsense']) {
      const payment = await w.create();
      const { paymentID } = await w.begin(payment);
      const callback = await w.sim.approve(paymentID);
      await w.follow(payment, callback.replace('status=success', `status=${forged}`));
      await is(payment, 'wait');
      await sims(paymentID, 0);
      await w.follow(payment, callback);
      await paidOnce({ payment, paymentID });
    }
  });

  it('T28 cancel, failure and expiry after paid change nothing', async () => {
    const payment = await w.create({ lifetime: 900 });
    const { callback, paymentID } = await w.pay(payment);
    for (const status of ['cancel', 'failure', 'success', 'x']) {
      const answer = await w.follow(payment, callback.replace('status=success', `status=${status}`));
      assert.equal(answer.status, 303);
    }
    await w.clock.advance(1000);
    await sleep(1200);
    await is(payment, 'paid');
    await sims(paymentID, 1, 0);
    assert.equal((await noted(payment)).length, 1);
    assert.equal((await w.show(payment)).notifications.length, 1);
  });

  it('B6 T30 T31 twenty callbacks at once: one execute, one notification, the same answer to all', async () => {
    for (let round = 0; round < 3; round++) {
      const p = await approved();
      const answers = await parallel(Array.from({ length: 20 }), () => w.follow(p.payment, p.callback), 20);
      assert.deepEqual(new Set(answers.map((a) => `${a.status} ${a.headers.location}`)).size, 1, 'the same for all');
      assert.equal(answers[0].status, 303);
      await paidOnce(p);
      await sims(p.paymentID, 1, 0);
    }
  });

  it("B8 T21 a callback with another payment's id is refused", async () => {
    const [a, b] = [await approved(), await approved()];
    for (const id of [b.paymentID, '', 'x', `${a.paymentID}x`, a.paymentID.toLowerCase()]) {
      await w.follow(a.payment, a.callback.replace(a.paymentID, id));
    }
    await w.follow(a.payment, a.callback.replace(/paymentID=[^&]*&/, ''));
    await w.follow(a.payment, `${a.callback}&paymentID=${b.paymentID}`);
    await sims(a.paymentID, 0);
    await sims(b.paymentID, 0);
    await is(a.payment, 'wait');
    for (const p of [a, b]) {
      await w.follow(p.payment, p.callback);
      await paidOnce(p);
    }
  });

  it('T22 T32 unknown callbacks are not found, and change nothing', async () => {
    const p = await approved();
    const token = new URL(p.callback).pathname.split('/').at(-1);
    const bad = ['x', 'A'.repeat(43), `${token}x`, token.slice(0, -1), token.toUpperCase() === token ? 'y' : token.toUpperCase(), '%00', '..',
      'x'.repeat(2000)];
    for (const other of bad) {
      const answer = await w.follow(p.payment, p.callback.replace(token, other));
      assert.equal(answer.status, 404, other);
      assert.match(answer.headers['content-type'], /^text\/html/);
    }
    for (const wallet of ['nagad', 'rocket', 'x']) {
      assert.equal((await w.follow(p.payment, p.callback.replace('/callback/bkash/', `/callback/${wallet}/`))).status, 404, wallet);
    }
    const head = await request('HEAD', p.callback);
    assert.equal(head.status, 200, 'a preview of the link');
    const post = await request('POST', p.callback, { body: 'x=1', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
    assert.equal(post.status, 405);
    await sims(p.paymentID, 0);
    await is(p.payment, 'wait');
    await w.follow(p.payment, p.callback);
    await paidOnce(p);
  });

  it('B7 a forged success of a payer who has not approved: not paid, and the payer may pay', async () => {
    const payment = await w.create();
    const { paymentID } = await w.begin(payment);
    const { callback_url: callback } = await w.sim.payment(paymentID);
    await w.follow(payment, `${callback}?paymentID=${paymentID}&status=success`);
    await w.until(payment, 'not paid', (p) => p.state === 'open' && p.attempts[0].state !== 'redirected');
    await is(payment, 'wait');
    assert.equal((await w.sim.payment(paymentID)).state, 'initiated');
    await payment.payer.reaches('open');
    await w.pay(payment, 2);
    await is(payment, 'paid');
    assert.equal((await noted(payment)).length, 1);
  });

  it('a create at the wallet that fails or is lost: the payer presses again', async () => {
    const faults = [['drop_before'], ['drop_after_commit'], ['half_json'], ['code', { value: '9999' }], ['empty'],
      ['payment_id', { value: '' }], ['status_500']];
    for (const [fault, extra] of faults) {
      const payment = await w.create();
      await w.sim.fault('create', fault, { invoice: `K${payment.id}-1`, ...extra });
      await payment.payer.press('pay');
      await w.attempt(payment, 'failed');
      await payment.payer.reaches('open');
      await w.clock.advance(61); // a wallet that fails thrice in a row is left alone for a minute
      await w.pay(payment, 2);
      await is(payment, 'paid');
    }
  });

  it('T36 the cancel button ends the payment; what comes after is not executed', async () => {
    const payment = await w.create();
    const { paymentID } = await w.begin(payment);
    const page = (await payment.payer.page()).text;
    await payment.payer.press('cancel');
    await payment.payer.reaches('cancelled');
    await is(payment, 'cancel');
    const [note] = await noted(payment);
    assert.equal(JSON.parse(note.text).payment_status, 'cancel');
    assert.equal(JSON.parse(note.text).payment_amount, '0.00');
    assert.equal(JSON.parse(note.text).commission_amount, '0.00');
    await payment.payer.press('cancel', { html: page });
    await payment.payer.press('pay', { html: page });
    await w.follow(payment, await w.sim.approve(paymentID));
    await payment.payer.reaches('cancelled');
    await sims(paymentID, 0);
    await is(payment, 'cancel');
    assert.equal((await w.show(payment)).notifications.length, 1);
  });

  it('at the end of the lifetime: cancel, or fail if the last attempt was refused', async () => {
    const idle = await w.create({ lifetime: 900 });
    const cancelled = await w.create({ lifetime: 900 });
    const declined = await w.create({ lifetime: 900 });
    const poor = await w.create({ lifetime: 900 });
    const left = await w.create({ lifetime: 900 });
    const both = await w.create({ lifetime: 900 });
    const longer = await w.create({ lifetime: 3600 });
    const act = async (payment, action, attempt) => {
      const { paymentID } = await w.begin(payment, attempt);
      if (action) {
        await w.follow(payment, await w.sim.act(paymentID, action));
        await payment.payer.reaches('open');
      }
      return paymentID;
    };
    await act(cancelled, 'cancel');
    await act(declined, 'decline');
    await act(poor, 'insufficient');
    const leftID = await act(left);
    await act(both, 'decline');
    await act(both, 'cancel', 2);
    await w.clock.advance(850);
    await sleep(1200);
    await is(idle, 'wait');
    await w.clock.advance(60);
    for (const [payment, status] of [[idle, 'cancel'], [cancelled, 'cancel'], [declined, 'fail'], [poor, 'fail'], [left, 'cancel'],
      [both, 'cancel']]) {
      await until(async () => (await w.status(payment)).payment_status !== 'wait', { what: 'the end' });
      await is(payment, status);
      const [note] = await noted(payment);
      assert.equal(JSON.parse(note.text).payment_status, status);
    }
    await is(longer, 'wait');
    await idle.payer.reaches('expired');
    // late: no money has moved, so none is taken
    const late = await w.follow(left, await w.sim.approve(leftID));
    assert.equal(late.status, 303);
    await sims(leftID, 0);
    await is(left, 'cancel');
    assert.equal((await w.show(left)).notifications.length, 1);
  });

  it('T33 no end is taken while the outcome of an execute is unknown', async () => {
    const p = await approved([['execute', 'drop_after_commit'], ['query', 'status_500', { count: 1000 }]], { lifetime: 900 });
    await w.follow(p.payment, p.callback);
    await w.attempt(p.payment, 'unknown');
    for (let i = 0; i < 4; i++) {
      await w.clock.advance(301);
      await w.until(p.payment, 'another query', (s) => s.attempts[0].asks > i);
    }
    await is(p.payment, 'wait');
    await w.sim.clearFaults();
    await w.clock.advance(301);
    await paidOnce(p);
  });

  it('T33 callback and expiry at once: one of two legal ends', async () => {
    for (let round = 0; round < 3; round++) {
      const p = await approved([], { lifetime: 900 });
      await w.clock.advance(899 - Math.ceil((await w.clock.now() - Date.parse((await w.show(p.payment)).created_at)) / 1000));
      await Promise.all([w.clock.advance(1), w.follow(p.payment, p.callback)]);
      await w.clock.advance(2);
      const seen = await w.until(p.payment, 'an end', (s) => s.state === 'paid' || s.state === 'cancelled');
      const { state, executes } = await w.sim.payment(p.paymentID);
      assert.equal(state === 'completed', seen.state === 'paid', 'paid if and only if the money moved');
      assert.equal(executes, seen.state === 'paid' ? 1 : 0);
      assert.equal((await noted(p.payment)).length, 1);
    }
  });

  it('a wallet that never tells: after a day a person must look', async () => {
    const p = await approved([['execute', 'drop_after_commit'], ['query', 'html', { count: 100000 }]]);
    await w.follow(p.payment, p.callback);
    await w.attempt(p.payment, 'unknown');
    await w.clock.advance(86400 - 60);
    await w.until(p.payment, 'asked', (s) => s.attempts[0].asks >= 1 && s.state === 'executing');
    await w.clock.advance(400);
    await w.state(p.payment, 'review');
    await is(p.payment, 'wait');
    await sims(p.paymentID, 1);
    const { trx_id: trx } = await w.sim.payment(p.paymentID);
    await w.settle(p.payment, ['--paid', '--amount', '300.00', '--trx-id', trx, '--reason', 'in the statement']);
    await is(p.payment, 'paid');
    await w.sim.clearFaults();
  });

  it('B10 T50 an expired token is renewed once, in the middle of a create or an execute', async () => {
    await w.clock.advance(7300); // what this hour has used of the token budget is past
    const payment = await w.create();
    const before = await w.sim.totalsOfCalls();
    await w.sim.fault('create', 'expired_token');
    const { paymentID } = await w.begin(payment);
    const after = await w.sim.totalsOfCalls();
    assert.ok(after.grant + after.refresh - before.grant - before.refresh <= 2, 'one for the time, one for the 401');
    await w.clock.advance(7300);
    const p = await approved([['execute', 'expired_token']]);
    const mark = await w.sim.totalsOfCalls();
    await w.follow(p.payment, p.callback);
    await paidOnce(p);
    const end = await w.sim.totalsOfCalls();
    assert.equal(end.grant + end.refresh - mark.grant - mark.refresh, 1);
    assert.equal((await w.sim.payment(paymentID)).executes, 0);
  });

  it('T37 the books are right, and no payment was executed twice', async () => {
    await w.audit();
    const { executes_max: most } = await w.sim.totals();
    assert.equal(most, 1);
  });
});
