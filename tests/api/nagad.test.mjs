// A payer's way through Nagad, whose money moves at its own page: what verify tells decides, and nothing that a browser brings.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { before, it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { Nagad, MERCHANT, SIM_ARGS } from './lib/nagad.mjs';
import { verifyNotification } from './lib/notify.mjs';
import { run, until } from './lib/process.mjs';

const alarms = (w, word) => w.kassadLog().split('\n').filter((line) => line.includes(`"${word}"`) || line.includes(`event=${word}`));

suite('nagad', { feePercent: '1.00', simArgs: SIM_ARGS, purposes: ['payments', 'notifications'] }, (w) => {
  const nagad = new Nagad(w);
  before(() => nagad.start());
  const is = async (payment, status) => assert.equal((await w.status(payment)).payment_status, status);
  const notes = async (payment, count) => {
    const of = () => w.receiver.of('/notify').filter((note) => JSON.parse(note.text).id === payment.id);
    await until(() => of().length >= count, { what: `notification ${count} of ${payment.id}` });
    return of().map((note) => verifyNotification(note, { mode: 'POST_JSON', publicKey: w.certs.notifications.publicKey }));
  };
  const begun = async (more) => {
    const payment = await nagad.create(more);
    return { payment, ...(await nagad.begin(payment)) };
  };

  it('the good way: paid at the page, brought back, verified once', async () => {
    const { payment, ref, order } = await begun({ amount: '250.50' });
    const callback = await nagad.act(ref, 'approve');
    assert.match(callback, new RegExp(`^${w.payUrl}/callback/nagad/[A-Za-z0-9_-]+/\\?merchant=${MERCHANT}&order_id=${order}&`));
    const answer = await w.follow(payment, callback);
    assert.equal(answer.status, 303);
    await payment.payer.reaches('paid');
    const [note] = await notes(payment, 1);
    assert.deepEqual([note.payment_status, note.payment_amount, note.commission_amount], ['paid', '250.50', '2.51']);
    const shown = await w.show(payment);
    assert.deepEqual(shown.attempts.map((a) => [a.state, a.invoice]), [['paid', order]]);
    assert.equal(shown.credits.length, 1);
    assert.equal(shown.credits[0].trx_id, (await nagad.payment(ref)).issuer_payment_ref);
    assert.equal((await nagad.payment(ref)).verifies, 1);
    await w.audit();
  });

  it('N3 a payer who pays and closes the page is found by asking', async () => {
    const { payment, ref } = await begun();
    await nagad.act(ref, 'leave');
    assert.equal((await payment.payer.state()).stage, 'at_wallet');
    await w.clock.advance(11);
    await w.state(payment, 'paid');
    await is(payment, 'paid');
    assert.equal((await notes(payment, 1)).length, 1);
    await w.audit();
  });

  it('N4 T21 T22 forged callbacks pay nothing', async () => {
    const one = await begun();
    const other = await begun();
    const good = new URL(await nagad.act(other.ref, 'approve'));
    const shown = await w.show(one.payment);
    const callback = shown.attempts[0].callback_token;
    assert.equal(callback, undefined, 'an operator is not shown the token');
    // its own address with another payment's reference
    const forged = new URL(good.href);
    forged.searchParams.set('payment_ref_id', one.ref);
    assert.equal((await w.follow(one.payment, forged.href)).status, 303);
    // the other wallet's address with the right token
    const elsewhere = good.href.replace('/callback/nagad/', '/callback/bkash/').replace('/?', '?');
    assert.equal((await w.follow(one.payment, elsewhere)).status, 404);
    await w.clock.advance(4);
    await nagad.verified(one.ref, 0);
    await is(one.payment, 'wait');
    const events = (await w.show(other.payment)).events.map((e) => e.event);
    assert.ok(events.includes('callback_refused'), 'the refused callback is noted');
    // a payer who forges his own: Nagad says that nothing was paid
    const mine = await begun();
    const back = new URL(await nagad.act(mine.ref, 'cancel'));
    back.searchParams.set('status', 'Success');
    back.searchParams.set('status_code', '00_0000_000');
    await w.follow(mine.payment, back.href);
    await mine.payment.payer.reaches('open');
    await is(mine.payment, 'wait');
    assert.equal((await w.show(mine.payment)).attempts[0].state, 'cancelled');
    await w.follow(other.payment, good.href);
    await other.payment.payer.reaches('paid');
    await w.audit();
  });

  it('T28 T29 a forged cancel or failure of money that was paid: Nagad is asked, and it is paid', async () => {
    for (const status of ['Failed', 'Aborted', 'Cancelled', 'nonsense', '']) {
      const { payment, ref } = await begun();
      const back = new URL(await nagad.act(ref, 'approve'));
      back.searchParams.set('status', status);
      back.searchParams.set('status_code', '50_0026_851');
      await w.follow(payment, back.href);
      await payment.payer.reaches('paid');
      await is(payment, 'paid');
    }
    await w.audit();
  });

  it('T31 a callback has Nagad asked at most every three seconds', async () => {
    const { payment, ref } = await begun();
    const callback = (await nagad.act(ref, 'decline')).replace('status=Failed', 'status=Success');
    await Promise.all(Array.from({ length: 20 }, () => w.follow(payment, callback)));
    await payment.payer.reaches('open');
    await Promise.all(Array.from({ length: 20 }, () => w.follow(payment, callback)));
    assert.ok((await nagad.payment(ref)).verifies <= 2);
    assert.equal((await w.show(payment)).attempts[0].state, 'refused');
    // what was refused may be tried again, in a new attempt
    const again = await nagad.begin(payment, 2);
    await w.follow(payment, await nagad.act(again.ref, 'approve'));
    await payment.payer.reaches('paid');
    assert.equal((await w.show(payment)).attempts.length, 2);
    await w.audit();
  });

  it('N5 an answer that Nagad has not signed is refused, and nothing is placed', async () => {
    const payment = await nagad.create();
    await nagad.fault('initialize', 'bad_signature');
    await payment.payer.press('pay');
    await w.attempt(payment, 'failed');
    await payment.payer.reaches('open');
    const [made] = await nagad.byOrder(`K${payment.id}N1`);
    assert.equal(made.status, 'Initialized');
    const second = await nagad.begin(payment, 2);
    await w.follow(payment, await nagad.act(second.ref, 'approve'));
    await payment.payer.reaches('paid');
  });

  it('N6 T31 the address is understood with and without the slash that Nagad puts behind it', async () => {
    for (const change of [(url) => url, (url) => url.replace('/?', '?'), (url) => `${url}&x=1`]) {
      const { payment, ref } = await begun();
      const callback = change(await nagad.act(ref, 'approve'));
      assert.equal((await w.follow(payment, callback)).status, 303);
      await payment.payer.reaches('paid');
      const [first, second] = await Promise.all([w.follow(payment, callback), w.follow(payment, callback)]);
      assert.deepEqual([first.status, first.headers.location], [second.status, second.headers.location]);
      assert.equal((await notes(payment, 1)).length, 1);
    }
  });

  it('N7 an order id that Nagad has seen before is asked for again under another one', async () => {
    const payment = await nagad.create();
    await nagad.fault('initialize', 'reason', { value: '16_0006_083' });
    await payment.payer.press('pay');
    await payment.payer.reaches('at_wallet');
    const [attempt] = (await w.show(payment)).attempts;
    assert.match(attempt.invoice, new RegExp(`^K${payment.id}N1R[0-9A-Z]{3}$`));
    const [made] = await nagad.byOrder(attempt.invoice);
    await w.follow(payment, await nagad.act(made.payment_ref_id, 'approve'));
    await payment.payer.reaches('paid');
    // twice in a row is given up, and the payer may press again
    const unlucky = await nagad.create();
    await nagad.fault('initialize', 'reason', { value: '16_0006_083', count: 2 });
    await unlucky.payer.press('pay');
    await w.attempt(unlucky, 'failed');
    await w.audit();
  });

  it('N8 T20 T21 another amount or order id in verify goes to a person, and is never paid', async () => {
    for (const [fault, value, reason] of [['amount', '300.01', 'amount_differs'], ['amount', '3', 'amount_differs'],
      ['invoice', 'K9N9', 'invoice_differs']]) {
      const { payment, ref } = await begun();
      await nagad.fault('verify', fault, { payment_id: ref, value });
      await w.follow(payment, await nagad.act(ref, 'approve'));
      const shown = await w.state(payment, 'review');
      assert.deepEqual([shown.attempts[0].state, shown.attempts[0].reason], ['review', reason]);
      await is(payment, 'wait');
      assert.deepEqual(shown.credits.map((c) => c.attached), [false]); // the wallet has it
      await payment.payer.reaches('confirming');
    }
    await w.audit();
  });

  it('T49 T50 an answer that makes no sense says nothing, and Nagad is asked again', async () => {
    for (const [fault, value] of [['html'], ['half_json'], ['empty'], ['status_500'], ['huge', '1000000'], ['payment_id', 'other='],
      ['trx_id', ''], ['drop_after_commit']]) {
      const { payment, ref } = await begun();
      await nagad.fault('verify', fault, { payment_id: ref, value });
      await w.follow(payment, await nagad.act(ref, 'approve'));
      await nagad.verified(ref, fault === 'drop_before' ? 0 : 1);
      assert.equal((await payment.payer.state()).stage, 'confirming', fault);
      await is(payment, 'wait');
      await w.answered(payment);
      await w.clock.advance(12);
      await w.state(payment, 'paid');
    }
    await w.audit();
  });

  it('N9 T26 money that Nagad tells of after the end is late, kept and told', async () => {
    const { payment, ref } = await begun({ lifetime: 900 });
    for (const status of ['OtpSent', 'OtpVerified', 'PinGiven']) {
      await nagad.act(ref, status);
      await w.clock.advance(11);
      await until(async () => (await w.show(payment)).attempts[0].reason === status, { what: status });
      assert.equal((await w.show(payment)).attempts[0].state, 'redirected');
    }
    await w.clock.advance(870);
    await w.state(payment, 'cancelled');
    await nagad.act(ref, 'leave');
    await w.clock.advance(3600);
    const shown = await w.attempt(payment, 'paid');
    assert.equal(shown.state, 'cancelled');
    const told = await notes(payment, 2);
    assert.deepEqual(told.map((f) => [f.payment_status, f.payment_amount]), [['cancel', '0.00'], ['cancel', '300.00']]);
    const { credits } = await w.cli.json(['credit', 'list', '--unattached']);
    const credit = credits.find((c) => c.payment === payment.id);
    await w.cli.run(['credit', 'attach', credit.id, '--reason', 'the goods were sent']);
    await is(payment, 'paid');
    await w.audit();
  });

  it('T33 the end waits for Nagad, so that who paid in the last seconds has paid', async () => {
    const { payment, ref } = await begun({ lifetime: 900 });
    await w.clock.advance(890);
    await nagad.verified(ref, 1);
    await nagad.act(ref, 'leave');
    await nagad.fault('verify', 'delay', { payment_id: ref, value: '1500' });
    await w.clock.advance(11);
    await w.state(payment, 'paid');
    assert.equal((await notes(payment, 1)).length, 1);
  });

  it('T26 T29 who cancels here and pays there is not forgotten', async () => {
    const { payment, ref } = await begun();
    await payment.payer.press('cancel');
    await payment.payer.reaches('cancelled');
    await w.follow(payment, await nagad.act(ref, 'approve'));
    await w.attempt(payment, 'paid');
    const told = await notes(payment, 2);
    assert.deepEqual(told.map((f) => [f.payment_status, f.payment_amount]), [['cancel', '0.00'], ['cancel', '300.00']]);
    // two pages of one payment, paid both: the second money is late money
    const twice = await begun();
    const second = await nagad.begin(twice.payment, 2);
    await nagad.act(twice.ref, 'leave');
    await w.follow(twice.payment, await nagad.act(second.ref, 'approve'));
    await twice.payment.payer.reaches('paid');
    await w.clock.advance(11);
    await w.until(twice.payment, 'two credits', (p) => p.credits.length === 2);
    assert.deepEqual((await w.show(twice.payment)).credits.map((c) => c.attached).sort(), [false, true]);
    await w.audit();
  });

  it('N10 every broken seal is the same error', async () => {
    const words = new Set();
    const before = w.kassadLog().length;
    for (const fault of ['bad_base64', 'bad_padding', 'wrong_key', 'bad_signature']) {
      const payment = await nagad.create();
      await nagad.fault('initialize', fault);
      await payment.payer.press('pay');
      const shown = await w.attempt(payment, 'failed');
      words.add(JSON.stringify([shown.attempts[0].reason, shown.events.map((e) => [e.event, e.reason])]));
      const good = await nagad.create(); // three in a row would take the credential out of use
      await nagad.begin(good);
    }
    assert.equal(words.size, 1, [...words].join('\n'));
    const codes = [...w.kassadLog().slice(before).matchAll(/"?code"?[=:]"?(bad_\w+)/g)].map((m) => m[1]);
    assert.deepEqual([...new Set(codes)], ['bad_seal']);
  });

  it('N11 a status that nobody knows changes nothing, and is told to the operator once', async () => {
    const { payment, ref } = await begun();
    await nagad.fault('verify', 'transaction_status', { payment_id: ref, value: 'Settled', count: 3 });
    await w.follow(payment, await nagad.act(ref, 'approve'));
    for (let i = 1; i <= 3; i++) {
      await nagad.verified(ref, i);
      assert.equal((await payment.payer.state()).stage, 'confirming');
      await is(payment, 'wait');
      await w.clock.advance(30);
    }
    await w.state(payment, 'paid');
    assert.equal(alarms(w, 'wallet_says_an_unknown_status').length, 1);
  });

  it('N11 T31 a payer who comes back again and again has the operator told once, and fills no store', async () => {
    const { payment, ref } = await begun();
    await nagad.fault('verify', 'transaction_status', { payment_id: ref, value: 'Settled', count: 3 });
    const before = alarms(w, 'wallet_says_an_unknown_status').length;
    const callback = await nagad.act(ref, 'approve');
    for (let i = 1; i <= 3; i++) {
      await w.follow(payment, callback);
      await nagad.verified(ref, i);
      await w.until(payment, 'an answer', (p) => p.attempts[0].reason === 'unknown_status');
      await w.clock.advance(4);
    }
    assert.equal(alarms(w, 'wallet_says_an_unknown_status').length, before + 1);
    await w.follow(payment, callback);
    await w.state(payment, 'paid');
    // nobody pays here, but he who has the address sends it without end
    const idle = await begun();
    const address = (await w.sim.control('GET', `nagad/payments/${encodeURIComponent(idle.ref)}`)).callback_url;
    const back = `${address}/?payment_ref_id=${encodeURIComponent(idle.ref)}`;
    for (let i = 1; i <= 90; i++) {
      const { verifies } = await nagad.payment(idle.ref);
      assert.equal((await w.follow(idle.payment, back)).status, 303);
      await w.clock.advance(4);
      if (i < 50) {
        await nagad.verified(idle.ref, verifies + 1);
      }
    }
    const shown = await w.show(idle.payment);
    assert.ok((await nagad.payment(idle.ref)).verifies <= 66, `asked ${(await nagad.payment(idle.ref)).verifies} times`);
    assert.ok(shown.events.length < 80, `${shown.events.length} events`);
    await is(idle.payment, 'wait');
  });

  it('T29 who came back can neither pay again nor cancel before Nagad has told', async () => {
    const { payment, ref } = await begun();
    const { text: html } = await payment.payer.page(); // a page that is left open
    await nagad.fault('verify', 'status_500', { payment_id: ref, count: 1 });
    await w.follow(payment, await nagad.act(ref, 'approve'));
    await payment.payer.reaches('confirming');
    for (const button of ['pay', 'cancel']) {
      assert.equal((await payment.payer.press(button, { html })).status, 303);
    }
    assert.equal((await w.show(payment)).attempts.length, 1);
    await is(payment, 'wait');
    await w.clock.advance(12);
    await w.state(payment, 'paid');
    await w.audit();
  });

  it('Nagad is asked for a day; when it never answers, the operator is told', async () => {
    const { payment, ref } = await begun();
    await w.clock.advance(3600);
    await w.state(payment, 'cancelled');
    await nagad.fault('verify', 'status_500', { payment_id: ref, count: 2 });
    const { verifies } = await nagad.payment(ref);
    await w.clock.advance(3600);
    await until(async () => (await w.sim.callsOf(encodeURIComponent(ref), 'nagad_verify')).length > verifies, { what: 'another verify' });
    assert.equal(alarms(w, 'wallet_never_told').length, 0);
    await w.clock.advance(86400);
    await until(() => alarms(w, 'wallet_never_told').length === 1, { what: 'the alarm' });
    const asked = (await w.sim.callsOf(encodeURIComponent(ref), 'nagad_verify')).length;
    await w.clock.advance(86400);
    await w.until(payment, 'the same state', (p) => p.state === 'cancelled');
    assert.equal((await w.sim.callsOf(encodeURIComponent(ref), 'nagad_verify')).length, asked, 'it is not asked any more');
  });

  it('money that went back before it was seen goes to a person', async () => {
    const { payment, ref } = await begun();
    await nagad.act(ref, 'leave');
    await nagad.act(ref, 'refund');
    await w.clock.advance(11);
    const shown = await w.state(payment, 'review');
    assert.deepEqual([shown.attempts[0].state, shown.attempts[0].reason], ['review', 'reversed']);
    await is(payment, 'wait');
  });

  it('a reference that was committed is asked about, though the place was lost and kassad killed', async () => {
    const payment = await nagad.create();
    await nagad.fault('complete', 'delay', { value: '60000' });
    await payment.payer.press('pay');
    const order = `K${payment.id}N1`;
    await until(async () => (await nagad.byOrder(order))[0]?.status === 'OrderInitiated', { what: 'the placed order' });
    const [{ payment_ref_id: ref }] = await nagad.byOrder(order);
    await w.kill9();
    await nagad.act(ref, 'leave');
    await w.startKassad();
    await w.clock.advance(30);
    await w.state(payment, 'paid');
    assert.deepEqual((await w.show(payment)).attempts.map((a) => a.state), ['paid']);
    await w.audit();
  });

  it('a lost or refused place fails the attempt, and the payer presses again', async () => {
    for (const [fault, more] of [['drop_before', {}], ['reason', { value: '16_0006_080' }], ['transaction_status', { value: 'No' }]]) {
      const payment = await nagad.create();
      await nagad.fault('complete', fault, more);
      await payment.payer.press('pay');
      await w.attempt(payment, 'failed');
      await payment.payer.reaches('open');
      const again = await nagad.begin(payment, 2);
      await w.follow(payment, await nagad.act(again.ref, 'approve'));
      await payment.payer.reaches('paid');
    }
    await w.audit();
  });

  it('N2 the openssl command line opens and verifies what is sent, and what it seals and signs is opened', async () => {
    const file = (name) => path.join(w.dir, name);
    const openssl = async (...args) => {
      const done = await run('openssl', args);
      assert.equal(done.code, 0, done.stderr);
      return done.stdout;
    };
    await openssl('genrsa', '-out', file('n2.key'), '2048');
    await openssl('rsa', '-in', file('n2.key'), '-pubout', '-out', file('n2.pub'));
    await openssl('rsa', '-in', nagad.keyFile('merchant_private'), '-pubout', '-out', file('n2-merchant.pub'));
    const opened = async (body) => {
      fs.writeFileSync(file('n2.data'), Buffer.from(body.sensitiveData, 'base64'));
      fs.writeFileSync(file('n2.sign'), Buffer.from(body.signature, 'base64'));
      await openssl('pkeyutl', '-decrypt', '-inkey', file('n2.key'), '-pkeyopt', 'rsa_padding_mode:pkcs1', '-in', file('n2.data'), '-out',
        file('n2.plain'));
      assert.match(await openssl('dgst', '-sha256', '-verify', file('n2-merchant.pub'), '-signature', file('n2.sign'), file('n2.plain')),
        /Verified OK/);
      return JSON.parse(fs.readFileSync(file('n2.plain'), 'utf8'));
    };
    const sealed = async (plain) => {
      fs.writeFileSync(file('n2.plain'), JSON.stringify(plain));
      await openssl('pkeyutl', '-encrypt', '-pubin', '-inkey', file('n2-merchant.pub'), '-pkeyopt', 'rsa_padding_mode:pkcs1', '-in',
        file('n2.plain'), '-out', file('n2.data'));
      await openssl('dgst', '-sha256', '-sign', file('n2.key'), '-out', file('n2.sign'), file('n2.plain'));
      return { sensitiveData: fs.readFileSync(file('n2.data')).toString('base64'), signature: fs.readFileSync(file('n2.sign')).toString('base64') };
    };
    const REF = 'MTEyNDA4MzAwMDAwMC5uMg==';
    const asked = [];
    const plains = [];
    const answer = async ({ url, body }) => {
      plains.push(await opened(body));
      return url.includes('/initialize/') ? sealed({ paymentReferenceId: REF, challenge: 'c0ffee', acceptDateTime: '20261124083000' })
        : { callBackUrl: `http://127.0.0.1:1/check-out/${REF}`, status: 'Success' };
    };
    const server = http.createServer((request, response) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        const call = { url: request.url, headers: request.headers, body: Buffer.concat(parts).toString() && JSON.parse(Buffer.concat(parts)) };
        asked.push(call);
        answer(call).then((text) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(text)),
          (error) => { plains.push(error); response.writeHead(500).end(); });
      });
    }).listen(0, '127.0.0.1');
    await new Promise((done) => { server.on('listening', done); });
    const account = await w.addAccount({ purposes: ['payments'] });
    await w.cli.json(nagad.addArgs({ base: `http://127.0.0.1:${server.address().port}/api`, nagad: file('n2.pub'),
      more: ['--account', account.uuid] }));
    await until(async () => {
      const payment = await account.create({ customer_code: 'nagad', customer_ip: '203.0.113.9' });
      await payment.payer.press('pay');
      const shown = await w.until(payment, 'an answer', (p) => !['creating', 'initialized'].includes(p.attempts[0].state));
      return asked.length > 0 && shown;
    }, { what: "a call with the account's own credential" }).finally(() => server.close());
    const { url, headers, body } = asked[0];
    const [plain, second] = plains;
    assert.equal(asked[1].url, `/api/check-out/complete/${REF}`, 'what openssl sealed and signed was opened and believed');
    assert.deepEqual([second.orderId, second.merchantId, second.challenge, second.amount, second.currencyCode],
      [plain.orderId, MERCHANT, 'c0ffee', '300.00', '050']);
    assert.equal(url, `/api/check-out/initialize/${MERCHANT}/${plain.orderId}`);
    assert.equal(plain.merchantId, MERCHANT);
    assert.equal(plain.datetime, body.dateTime);
    assert.match(plain.challenge, /^[0-9a-f]{40}$/);
    assert.match(plain.orderId, /^[A-Za-z0-9]{5,20}$/);
    assert.equal(headers['x-km-ip-v4'], '203.0.113.9');
  });

  it('keys are taken in every form, and the wrong ones refused', async () => {
    const bare = (name) => fs.readFileSync(nagad.keyFile(name), 'utf8').split('\n').filter((l) => !l.startsWith('-')).join('');
    const file = (name, text) => {
      fs.writeFileSync(path.join(w.dir, name), text);
      return path.join(w.dir, name);
    };
    const traditional = await run('openssl', ['rsa', '-in', nagad.keyFile('merchant_private'), '-traditional']);
    const made = [
      await w.cli.json(nagad.addArgs({ own: file('bare.key', bare('merchant_private')), nagad: file('bare.pub', bare('pg_public')) })),
      await w.cli.json(nagad.addArgs({ own: file('pkcs1.key', traditional.stdout) }))];
    const refused = async (options, what) => {
      const { code, stderr } = await w.cli.try([...nagad.addArgs(options), '--config', w.cli.config]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, what);
    };
    await refused({ nagad: nagad.keyFile('merchant_public') }, /own public key/);
    await refused({ nagad: file('no.pub', 'hello') }, /holds no key/);
    await refused({ own: nagad.keyFile('pg_public') }, /holds no key/);
    await refused({ merchant: 'abc' }, /as digits/);
    await refused({ base: 'http://sandbox.example:10080/api' }, /loopback/);
    const shown = JSON.stringify(await w.cli.json(['wallet', 'list']));
    assert.ok(!shown.includes(bare('merchant_private').slice(0, 60)), 'no key is shown');
    for (const { id } of made) {
      await w.cli.json(['wallet', 'disable', id]);
    }
  });
});
