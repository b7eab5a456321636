// A payer's way through Rocket, by DBBL's ECOMM gateway: the money moves at the bank's page, and what command c tells decides.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { verifyNotification } from './lib/notify.mjs';
import { request } from './lib/http.mjs';
import { formOf } from './lib/payer.mjs';
import { until } from './lib/process.mjs';
import { Rocket } from './lib/rocket.mjs';

const alarms = (w, word) => w.kassadLog().split('\n').filter((line) => line.includes(`"${word}"`) || line.includes(`event=${word}`));
const UNKNOWN_A_MINUTE = 25;

suite('rocket', { feePercent: '1.00', purposes: ['payments', 'notifications'],
  config: { limits: { unknown_pages_per_minute: UNKNOWN_A_MINUTE } } }, (w) => {
  const rocket = new Rocket(w);
  before(() => rocket.start());
  const is = async (payment, status) => assert.equal((await w.status(payment)).payment_status, status);
  const notes = async (payment, count) => {
    // Delivery is at least once: a clock that jumps while one is under way may bring it again, under the same webhook-id.
    const of = () => [...new Map(w.receiver.of('/notify').filter((note) => JSON.parse(note.text).id === payment.id)
      .map((note) => [note.headers['webhook-id'], note])).values()];
    await until(() => of().length >= count, { what: `notification ${count} of ${payment.id}` });
    return of().map((note) => verifyNotification(note, { mode: 'POST_JSON', publicKey: w.certs.notifications.publicKey }));
  };
  const begun = async (more) => {
    const payment = await rocket.create(more);
    return { payment, ...(await rocket.begin(payment)) };
  };

  it('E1 the good way: command v, the page, the post back, command c', async () => {
    const { payment, transId, invoice } = await begun({ amount: '250.50' });
    const made = await rocket.payment(transId);
    assert.deepEqual([made.state, made.amount, made.invoice], ['CREATED', '250.50', invoice]);
    // the payer's own browser, through the bank's page
    const [, href] = /href="([^"]*ClientHandler[^"]*)"/.exec((await payment.payer.page()).text);
    const page = (await request('GET', href.replace(/&amp;/g, '&'))).text;
    const pay = formOf(page, 'approve');
    const back = await request('POST', `${rocket.url}${pay.action}`, { body: new URLSearchParams(pay.fields).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
    const form = formOf(back.text, 'return');
    assert.equal(form.action, `${w.payUrl}/callback/rocket`);
    assert.deepEqual(Object.fromEntries(form.fields).trans_id, transId);
    const answer = await rocket.comeBack(payment, transId);
    assert.deepEqual([answer.status, answer.headers.location], [303, `${new URL(payment.url).pathname}/wait`]);
    await payment.payer.reaches('paid');
    const [note] = await notes(payment, 1);
    assert.deepEqual([note.payment_status, note.payment_amount, note.commission_amount], ['paid', '250.50', '2.51']);
    const shown = await w.show(payment);
    assert.deepEqual(shown.attempts.map((a) => [a.state, a.invoice]), [['paid', invoice]]);
    const { rrn, asked } = await rocket.payment(transId);
    assert.deepEqual([shown.credits.map((c) => c.trx_id), asked], [[rrn], 1]);
    await w.audit();
  });

  it('E2 a payer who pays and never comes back is found by asking', async () => {
    const { payment, transId } = await begun();
    await rocket.act(transId, 'leave');
    assert.equal((await payment.payer.state()).stage, 'at_wallet');
    await rocket.advance(11);
    await w.state(payment, 'paid');
    assert.equal((await notes(payment, 1)).length, 1);
    await w.audit();
  });

  it('E3 a time-out at the bank pays nothing, and the payer may try again', async () => {
    const { payment, transId } = await begun();
    await rocket.act(transId, 'timeout');
    await rocket.comeBack(payment, transId);
    await w.attempt(payment, 'refused');
    await payment.payer.reaches('open');
    await is(payment, 'wait');
    const again = await rocket.begin(payment, 2);
    await rocket.act(again.transId, 'approve');
    await rocket.comeBack(payment, again.transId);
    await payment.payer.reaches('paid');
    assert.deepEqual((await w.show(payment)).attempts.map((a) => a.state), ['refused', 'paid']);
    // its own time-out, without anybody's coming back
    const alone = await begun({ lifetime: 3600 });
    await rocket.advance(16 * 60);
    await until(async () => (await rocket.payment(alone.transId)).state === 'TIMEOUT', { what: 'the time-out' });
    await w.attempt(alone.payment, 'refused');
    await w.audit();
  });

  it('cancel, a wrong PIN and too little money at the bank end the attempt, not the payment', async () => {
    for (const [actions, state] of [[['cancel'], 'cancelled'], [['insufficient'], 'refused'], [['wrong-pin', 'wrong-pin', 'wrong-pin'],
      'refused']]) {
      const { payment, transId } = await begun();
      for (const action of actions) {
        await rocket.act(transId, action);
      }
      await rocket.comeBack(payment, transId);
      await w.attempt(payment, state);
      await payment.payer.reaches('open');
      await is(payment, 'wait');
    }
  });

  it('E4 T20 T21 another amount or order in the answer goes to a person, and is never paid', async () => {
    for (const [fault, value, reason] of [['amount', '29999', 'amount_differs'], ['amount', '30001', 'amount_differs'],
      ['invoice', 'K9N9', 'invoice_differs']]) {
      const { payment, transId, invoice } = await begun();
      await rocket.fault('c', fault, { invoice, value });
      await rocket.act(transId, 'approve');
      await rocket.comeBack(payment, transId);
      const shown = await w.state(payment, 'review');
      assert.deepEqual([shown.attempts[0].state, shown.attempts[0].reason], ['review', reason]);
      assert.deepEqual(shown.credits.map((c) => c.attached), [false]); // the bank has it
      await is(payment, 'wait');
    }
    await w.audit();
  });

  it('E5 T23 T31 a transaction pays once, however often it comes back', async () => {
    const { payment, transId } = await begun();
    await rocket.act(transId, 'approve');
    const answers = await Promise.all(Array.from({ length: 10 }, () => rocket.comeBack(payment, transId)));
    assert.deepEqual([...new Set(answers.map((a) => a.status))], [303]);
    await payment.payer.reaches('paid');
    await rocket.comeBack(payment, transId);
    // another payer's browser with it is led to the payment that it is of
    const other = await begun();
    const answer = await rocket.comeBack(other.payment, transId);
    assert.equal(answer.headers.location, `${new URL(payment.url).pathname}/wait`);
    await rocket.advance(11);
    await rocket.asked(other.transId, 1);
    await is(other.payment, 'wait');
    assert.equal((await notes(payment, 1)).length, 1);
    assert.equal((await w.show(payment)).credits.length, 1);
    assert.ok((await rocket.payment(transId)).asked <= 2);
    // a bank that gives the same transaction for a second payment
    const second = await rocket.create();
    await rocket.fault('v', 'trans_id', { value: transId });
    await second.payer.press('pay');
    await w.attempt(second, 'failed');
    assert.equal(alarms(w, 'wallet_gave_a_reference_twice').length, 1);
    await is(second, 'wait');
    // and one that tells one reference of two
    const same = await begun();
    await rocket.fault('c', 'rrn', { invoice: same.invoice, value: (await rocket.payment(transId)).rrn });
    await rocket.act(same.transId, 'approve');
    await rocket.comeBack(same.payment, same.transId);
    const shown = await w.state(same.payment, 'review');
    assert.equal(shown.attempts[0].reason, 'trx_id_taken');
    await w.audit();
  });

  it('T22 the reference of another wallet is nothing at the address of Rocket, nor the reverse', async () => {
    const bkash = await w.create();
    const { paymentID } = await w.begin(bkash);
    assert.equal((await rocket.comeBack(bkash, paymentID)).status, 404);
    const { payment, transId } = await begun();
    const id = encodeURIComponent(transId);
    for (const address of [`/callback/bkash/${id}?paymentID=${id}&status=success`, `/callback/nagad/${id}?payment_ref_id=${id}`]) {
      assert.equal((await w.follow(payment, `${w.payUrl}${address}`)).status, 404, address);
    }
    assert.equal((await w.follow(payment, `${w.payUrl}/callback/rocket?trans_id=${id}`)).status, 405);
    await is(payment, 'wait');
    await is(bkash, 'wait');
  });

  it('T28 a forged return pays nothing', async () => {
    const { payment, transId } = await begun();
    await rocket.comeBack(payment, transId);
    await rocket.asked(transId, 1);
    await is(payment, 'wait');
    assert.equal((await w.show(payment)).attempts[0].state, 'redirected');
    await rocket.act(transId, 'approve');
    await rocket.advance(11);
    await w.state(payment, 'paid');
  });

  it('T26 T29 money after the end is late, kept and told', async () => {
    const { payment, transId } = await begun();
    await payment.payer.press('cancel');
    await payment.payer.reaches('cancelled');
    await rocket.act(transId, 'approve');
    await rocket.comeBack(payment, transId);
    await w.attempt(payment, 'paid');
    const told = await notes(payment, 2);
    assert.deepEqual(told.map((f) => [f.payment_status, f.payment_amount]), [['cancel', '0.00'], ['cancel', '300.00']]);
    await w.audit();
  });

  it('T26 of a payment that has ended, c completes nothing: it is asked when the page of the bank has run out', async () => {
    const { payment, transId } = await begun();
    await payment.payer.press('cancel');
    await payment.payer.reaches('cancelled');
    await notes(payment, 1);
    const { asked } = await rocket.payment(transId);
    await rocket.act(transId, 'leave');
    for (let i = 0; i < 5; i++) {
      await rocket.advance(5 * 60);
      await w.status(payment);
    }
    const other = await begun(); // settle has looked
    await rocket.advance(11);
    await rocket.asked(other.transId, 1);
    assert.equal((await rocket.payment(transId)).asked, asked);
    await rocket.advance(5 * 60);
    await w.attempt(payment, 'paid');
    assert.deepEqual((await notes(payment, 2)).map((f) => [f.payment_status, f.payment_amount]), [['cancel', '0.00'], ['cancel', '300.00']]);
    await w.audit();
  });

  it('T48 T49 T50 an answer to c that is none says nothing, and the bank is asked again', async () => {
    for (const [fault, value] of [['html'], ['empty'], ['status_500'], ['drop_before'], ['drop_after_commit'], ['rrn', ''],
      ['amount', 'many']]) {
      const { payment, transId, invoice } = await begun();
      await rocket.fault('c', fault, { invoice, value });
      await rocket.act(transId, 'approve');
      await rocket.comeBack(payment, transId);
      await payment.payer.reaches('confirming');
      await is(payment, 'wait');
      await w.answered(payment);
      await rocket.advance(12);
      await w.state(payment, 'paid');
    }
    await w.audit();
  });

  it('a lost v fails the attempt, and the payer presses again', async () => {
    for (const fault of ['drop_before', 'drop_after_commit', 'html']) {
      const payment = await rocket.create();
      await rocket.fault('v', fault);
      await payment.payer.press('pay');
      await w.attempt(payment, 'failed');
      await payment.payer.reaches('open');
      const again = await rocket.begin(payment, 2);
      await rocket.act(again.transId, 'approve');
      await rocket.comeBack(payment, again.transId);
      await payment.payer.reaches('paid');
    }
    await w.audit();
  });

  it('what the bank took back goes to a person; a word that nobody knows changes nothing', async () => {
    const gone = await begun();
    await rocket.act(gone.transId, 'leave');
    await rocket.act(gone.transId, 'reverse');
    await rocket.comeBack(gone.payment, gone.transId);
    assert.equal((await w.state(gone.payment, 'review')).attempts[0].reason, 'reversed');
    const { payment, transId, invoice } = await begun();
    await rocket.fault('c', 'result', { invoice, value: 'SETTLED' });
    await rocket.act(transId, 'approve');
    await rocket.comeBack(payment, transId);
    await until(() => alarms(w, 'wallet_says_an_unknown_status').length === 1, { what: 'the alarm' });
    await w.answered(payment);
    await rocket.advance(12);
    await w.state(payment, 'paid');
  });

  it('a crash between v and the end loses nothing', async () => {
    const { payment, transId } = await begun();
    await w.kill9();
    await rocket.act(transId, 'leave');
    await w.startKassad();
    await rocket.advance(11);
    await w.state(payment, 'paid');
    await w.audit();
  });

  it('E6 a certificate that the bank does not know makes no payment', async () => {
    const account = await w.addAccount({ purposes: ['payments'] });
    const made = await w.cli.json(rocket.addArgs({ certificate: 'stranger', more: ['--account', account.uuid] }));
    await until(async () => {
      const payment = await account.create({ customer_code: 'rocket' });
      await payment.payer.press('pay');
      await w.until(payment, 'an answer', (p) => p.attempts[0].state !== 'creating');
      return (await w.show(payment)).attempts[0].state === 'failed';
    }, { what: "a call with the account's own credential" });
    assert.match(w.kassadLog(), /http_400/);
    const refused = async (options, what) => {
      const { code, stderr } = await w.cli.try([...rocket.addArgs(options), '--config', w.cli.config]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, what);
    };
    await refused({ key: 'stranger' }, /not the key of the certificate/);
    await refused({ page: 'http://bank.example/ClientHandler' }, /loopback/);
    await refused({ page: 'http://127.0.0.1:1/x?y=1' }, /without query/);
    await w.cli.json(['wallet', 'disable', made.id]);
    const shown = JSON.stringify(await w.cli.json(['wallet', 'list']));
    assert.ok(!shown.includes('PRIVATE KEY') && !shown.includes('CERTIFICATE'), 'no secret is shown');
  });

  it('T32 unknown transactions are refused, and too many of them from one address put off', async () => {
    const { payment, transId } = await begun();
    const statuses = [];
    for (let i = 0; i < UNKNOWN_A_MINUTE + 5; i++) {
      statuses.push((await rocket.comeBack(payment, Buffer.from(`unknown ${i} ${'x'.repeat(12)}`).toString('base64'))).status);
    }
    assert.equal(statuses[0], 404);
    assert.equal(statuses.at(-1), 429);
    assert.equal((await rocket.comeBack(payment, 'x'.repeat(500))).status, 429);
    assert.equal((await rocket.comeBack(payment, transId)).status, 303, 'a known one is let in all the same');
    await rocket.act(transId, 'approve');
    await rocket.advance(11);
    await w.state(payment, 'paid');
  });
});
