// Money that payers send to a number by hand, and the TrxID that they type, as payer, merchant and operator meet it.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { PAYERS, TEXTS, addNumber } from './lib/number.mjs';

suite('money by number and TrxID', { config: { number: { over_tolerance_poisha: 1000 }, limits: { trxids_per_minute: 6 } } }, (w) => {
  let rocket, nagad, trx = 6606780000;
  before(async () => {
    rocket = await addNumber(w, 'rocket', '017111111112');
    nagad = await addNumber(w, 'nagad', '01811111112', 'merchant');
    await rocket.alive();
    await nagad.alive();
  });
  const next = () => String(trx += 1);
  const create = (more = {}) => w.create({ customer_code: 'rocket', amount: '500.00', ...more });
  const type = async (payment, trxId, payer = PAYERS.rocket) => {
    const answer = await w.payer(payment).press('trx-send', { extra: [['trx_id', trxId], ['payer', payer]] });
    assert.equal(answer.status, 303, answer.text);
    return answer.headers.location;
  };
  const shown = async (payment, location = payment.url) => (await w.payer(payment).send('GET', location)).text;

  it('the page tells number, exact sum and steps, whole without a script', async () => {
    const html = await shown(await create());
    assert.match(html, /data-testid="number">017111111112</);
    assert.match(html, /data-testid="left-amount">৳500\.00</);
    assert.match(html, /“Send Money”, or dial \*322#/);
    assert.match(html, /inputmode="numeric"/);
    assert.match(html, /<svg class="qr"/);
    assert.ok(!html.includes('data-testid="pay"'));
    assert.match(await shown(await create({ customer_code: 'nagad' })), /“Payment”, or dial \*167#/);
  });

  it('S3 SMS first: the TrxID pays at once, and the merchant is told', async () => {
    const payment = await create(), id = next();
    await rocket.tell(500, id);
    assert.equal(await type(payment, ` ${id} `), `/${payment.uuid}`);
    const status = await w.status(payment);
    assert.equal(status.payment_status, 'paid');
    assert.equal(status.payment_amount, '500.00');
    assert.match(await shown(payment), /Payment complete/);
    await w.receiver.wait('/notify');
  });

  it('S3 TrxID first: it waits, and pays when the SMS comes', async () => {
    const payment = await create(), id = next();
    assert.equal(await type(payment, id), `/${payment.uuid}`);
    const html = await shown(payment);
    assert.match(html, new RegExp(`Waiting for Rocket’s message about ${id}`));
    assert.match(html, /<noscript><meta http-equiv="refresh" content="10;url=/);
    await rocket.tell(500, id);
    assert.equal((await w.status(payment)).payment_status, 'paid');
  });

  it('S5 T27 short money is shown, a top-up pays', async () => {
    const payment = await create(), first = next(), second = next();
    await rocket.tell(200, first);
    await type(payment, first);
    assert.equal((await w.status(payment)).payment_status, 'wait');
    const html = await shown(payment);
    assert.match(html, /৳200\.00 of ৳500\.00 received, ৳300\.00 left/);
    assert.match(html, /data-testid="left-amount">৳300\.00</);
    await type(payment, second);
    await rocket.tell(300, second);
    const status = await w.status(payment);
    assert.equal(status.payment_status, 'paid');
    assert.equal(status.payment_amount, '500.00');
    await w.audit();
  });

  it('S5 short money of an ended payment is told as partial', async () => {
    const payment = await create(), id = next();
    await rocket.tell(200, id);
    await type(payment, id);
    await w.payer(payment).press('cancel');
    const status = await w.status(payment);
    assert.equal(status.payment_status, 'cancel');
    assert.equal(status.payment_amount, '200.00');
    await w.audit();
  });

  it('S6 what is little too much pays, what is far too much is for a person', async () => {
    const within = await create(), beyond = await create(), ids = [next(), next()];
    await rocket.tell(510, ids[0]);
    await type(within, ids[0]);
    assert.equal((await w.status(within)).payment_status, 'paid');
    await rocket.tell(511, ids[1]);
    await type(beyond, ids[1]);
    assert.equal((await w.status(beyond)).payment_status, 'wait');
    assert.match(await shown(beyond), /৳511\.00 was received\. Please contact/);
    await w.audit();
  });

  it('T23 a TrxID that another payment has is refused, with the answer that all such get', async () => {
    const first = await create(), second = await create(), id = next();
    await rocket.tell(500, id);
    await type(first, id);
    const location = await type(second, id);
    assert.equal(location, `/${second.uuid}?trx=unusable#trx`);
    const html = await shown(second, location.split('#')[0]);
    assert.match(html, /id="trx-error"[^>]*>This TrxID cannot be used for this payment/);
    assert.match(html, /aria-describedby="trx-error"/);
  });

  it('T31 the same TrxID typed again, also at once, is one claim', async () => {
    const payment = await create(), id = next();
    await rocket.tell(200, id);
    const places = await Promise.all(Array.from({ length: 4 }, () => type(payment, id)));
    assert.ok(places.every((place) => place.startsWith(`/${payment.uuid}`)), places.join());
    await w.payer(payment).press('cancel');
    assert.equal((await w.status(payment)).payment_amount, '200.00', 'counted once');
    assert.equal((await w.cli.json(['received', 'list', '--payment', payment.id])).received.length, 1);
    await w.audit();
  });

  it('S10 money from before the payment is refused alike', async () => {
    const id = next();
    await rocket.tell(500, id, Date.now() - 3600000);
    const payment = await create();
    assert.equal(await type(payment, id), `/${payment.uuid}?trx=unusable#trx`);
  });

  it('S11 T24 O and 0 are told apart, and the payer is told to look', async () => {
    const payment = await create({ customer_code: 'nagad' });
    await nagad.tell(500, '75HKA0B3');
    const location = await type(payment, '75hkaOb3', PAYERS.nagad);
    assert.equal(location, `/${payment.uuid}?trx=look#trx`);
    assert.match(await shown(payment, location.split('#')[0]), /the letter O and the digit 0/);
    assert.equal(await type(payment, '75hka0b3', PAYERS.nagad), `/${payment.uuid}`);
    assert.equal((await w.status(payment)).payment_status, 'paid');
  });

  it('with other digits a TrxID waits as if nobody had told of it, before and after its SMS', async () => {
    const owner = await create(), thief = await create(), ids = [next(), next(), next()];
    await rocket.tell(500, ids[0]);
    assert.equal(await type(thief, ids[0], '516'), `/${thief.uuid}`); // told, and another payer's
    assert.equal(await type(thief, ids[1], '516'), `/${thief.uuid}`); // never told
    assert.equal(await type(thief, ids[2], '516'), `/${thief.uuid}`); // told later
    await rocket.tell(500, ids[2]);
    assert.equal((await w.status(thief)).payment_status, 'wait');
    assert.equal((await w.status(thief)).payment_amount ?? null, null);
    const { typed, events } = await w.cli.json(['payment', 'show', thief.id]);
    assert.deepEqual(typed.map((t) => [t.trx_id, t.payer_end]), ids.map((id) => [id, '516']));
    assert.deepEqual(events.filter((e) => e.event === 'trx_id_refused').map((e) => e.reason), ['other_payer']);
    const { received } = await w.cli.json(['received', 'list']);
    assert.deepEqual(received.filter((r) => ids.includes(r.trx_id)).map((r) => [r.trx_id, r.state, r.payer_end]),
      [[ids[0], 'free', '515'], [ids[2], 'free', '515']]);
    await type(owner, ids[2]);
    assert.equal((await w.status(owner)).payment_status, 'paid');
    assert.match(await shown(thief), new RegExp(`Waiting for Rocket’s message about ${ids[2]}`));
    await w.audit();
  });

  it('mistyped digits are typed anew, in Bangla too, and the page tells what was typed', async () => {
    const payment = await create(), id = next();
    await rocket.tell(500, id);
    await type(payment, id, '151');
    assert.match(await shown(payment), /does the number that you sent from end in 151\?/);
    assert.equal(await type(payment, id, '০১৭১১-১১১৫১৫'), `/${payment.uuid}`);
    assert.equal((await w.status(payment)).payment_status, 'paid');
  });

  it('what are no digits is told beside their own field, in both languages', async () => {
    const payment = await create(), payer = w.payer(payment), id = next();
    for (const digits of ['51', '', 'abc', '9'.repeat(500)]) {
      assert.equal(await type(payment, id, digits), `/${payment.uuid}?trx=payer#payer`);
    }
    const html = await shown(payment, `/${payment.uuid}?trx=payer`);
    assert.match(html, /aria-describedby="payer-hint payer-error" aria-invalid="true"/);
    assert.match(html, /id="payer-error"[^>]*>Please enter 3 digits/);
    assert.match(html, /<label for="payer">Last 3 digits of the number you sent from</);
    assert.match(html, /Of your 12-digit Rocket account number\. If an agent sent the money for you: of the agent’s number\./);
    assert.ok(!html.includes('id="trx-error"'));
    await payer.press('language');
    assert.match((await payer.send('GET', `/${payment.uuid}?trx=payer`)).text, /id="payer-error"[^>]*>৩টি সংখ্যা লিখুন/);
  });

  it('a TrxID of another form is refused beside the field', async () => {
    const payment = await create();
    assert.equal(await type(payment, 'DK61AAAAAA'), `/${payment.uuid}?trx=malformed#trx`);
    assert.equal(await type(payment, '9'.repeat(1000)), `/${payment.uuid}?trx=malformed#trx`);
  });

  it('who guesses is slow', async () => {
    const payment = await create();
    const answers = [];
    for (let i = 0; i < 8; i++) {
      answers.push((await w.payer(payment).press('trx-send', { extra: [['trx_id', next()], ['payer', '515']] })).status);
    }
    assert.deepEqual(answers, [303, 303, 303, 303, 303, 303, 429, 429]);
  });

  it('T26 money for an ended payment is late, kept and told; its page takes the TrxID', async () => {
    const payment = await create(), id = next();
    await w.payer(payment).press('cancel');
    assert.match(await shown(payment), /Did you send money all the same\?/);
    await rocket.tell(500, id);
    await type(payment, id);
    const status = await w.status(payment);
    assert.equal(status.payment_status, 'cancel');
    assert.equal(status.payment_amount, '500.00');
    await w.audit();
  });

  it('S9 a silent phone has words of its own', async () => {
    const payment = await create({ payment_lifetime: 86400 });
    await w.cli.run(['device', 'disable', rocket.device.id]);
    await type(payment, next());
    assert.match(await shown(payment), /The phone that gets the messages cannot be reached/);
  });

  it('S13 money that a person frees pays at once who waits for it', async () => {
    const other = await addNumber(w, 'rocket', '017111111120'), id = next();
    const balance = (sum) => w.cli.run(['number', 'balance', other.id, '--balance', sum, '--reason', 'as the wallet shows it']);
    const payment = await create();
    await type(payment, id);
    await balance('5.00');
    await assert.rejects(other.tell(500, id), /"review":1/);
    assert.equal((await w.status(payment)).payment_status, 'wait');
    await balance('1000.00');
    assert.equal((await w.status(payment)).payment_status, 'paid');
    await w.audit();
  });
});

suite('texts that are no money', {}, (w) => {
  it('T25 S2 S8 forged texts, other senders and a broken chain pay nobody who waits', async () => {
    const own = await addNumber(w, 'rocket', '017111111138');
    await own.alive();
    const ids = ['6606780001', '6606780002', '6606780003', '6606780004'], payments = [];
    for (const id of ids) {
      payments.push(await w.create({ customer_code: 'rocket', amount: '500.00' }));
      const answer = await w.payer(payments.at(-1)).press('trx-send', { extra: [['trx_id', id], ['payer', PAYERS.rocket]] });
      assert.equal(answer.headers.location, `/${payments.at(-1).uuid}`, 'it waits');
    }
    const at = Date.now();
    const said = (amount, id, balance) => TEXTS.rocket(amount, id, balance, at);
    const told = await own.send([
      { sender: '01716216111', text: said(500, ids[0], 1500), at },
      { sender: 'I62I6', text: said(500, ids[1], 1500), at },
      { sender: '16216', text: said(500, '6606780005', 1005).replace(' Fee:', ` Ref No: TxnId:${ids[2]} Fee:`), at },
      { sender: '16216', text: said(500, ids[3], 99999), at },
    ]);
    assert.ok(!told.credit, JSON.stringify(told));
    for (const payment of payments) {
      assert.equal((await w.status(payment)).payment_status, 'wait');
    }
    const { received } = await w.cli.json(['received', 'list']);
    assert.deepEqual(received.map((r) => [r.trx_id, r.state]), [[ids[3], 'review']]);
    await own.tell(500, '6606780006'); // the next one that follows is money all the same
    await w.audit();
  });
});
