// The wallet's tokens: one for all, kept over a restart, renewed in time and never more often than the wallet allows.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parallel } from './lib/expect.mjs';
import { suite } from './lib/harness.mjs';
import { request } from './lib/http.mjs';
import { addNumber } from './lib/number.mjs';

const asked = async (w) => {
  const { grant, refresh } = await w.sim.totalsOfCalls();
  return { grant, refresh, all: grant + refresh };
};

suite('tokens', { endpoint: false, purposes: ['payments'] }, (w) => {
  it('twenty payers at once need one token', async () => {
    const payments = await parallel(Array.from({ length: 20 }), () => w.create());
    await parallel(payments, (payment) => w.begin(payment), 20);
    assert.deepEqual(await asked(w), { grant: 1, refresh: 0, all: 1 });
  });

  it('a restart and a crash need no new one', async () => {
    await w.restartKassad();
    await w.begin(await w.create());
    await w.kill9();
    await w.startKassad();
    await w.begin(await w.create());
    assert.equal((await asked(w)).all, 1);
  });

  it('it is renewed before its hour is over, by a refresh', async () => {
    await w.clock.advance(54 * 60);
    await w.pay(await w.create());
    assert.equal((await asked(w)).all, 1, 'five minutes before its end it is good');
    await w.clock.advance(2 * 60);
    await w.pay(await w.create());
    assert.deepEqual(await asked(w), { grant: 1, refresh: 1, all: 2 });
  });

  it('days later it is granted or refreshed once, and payments go on', async () => {
    const before = await asked(w);
    await w.clock.advance(3 * 86400);
    const payments = await parallel(Array.from({ length: 10 }), () => w.create());
    await parallel(payments, (payment) => w.pay(payment), 10);
    assert.equal((await asked(w)).all, before.all + 1);
  });

  it('a refresh token that has ended too: one grant', async () => {
    const before = await asked(w);
    await w.clock.advance(40 * 86400);
    await w.pay(await w.create());
    const after = await asked(w);
    assert.ok(after.grant === before.grant + 1 && after.all <= before.all + 2, JSON.stringify(after));
  });
});

suite('tokens that the wallet refuses', { endpoint: false, purposes: ['payments'] }, (w) => {
  it('B11 T50 a wallet that refuses every token is asked for two in an hour, and for no more', async () => {
    await w.sim.fault('create', 'unauthorized', { count: 1000 });
    for (let i = 0; i < 8; i++) {
      const payment = await w.create();
      await payment.payer.press('pay');
      await w.until(payment, 'a failed attempt, or none', (p) => p.attempts.length === 0 || p.attempts[0].state === 'failed');
      assert.equal((await w.status(payment)).payment_status, 'wait');
    }
    assert.ok((await asked(w)).all <= 2, JSON.stringify(await asked(w)));
    // the wallet has not blocked us: an hour later all is well again
    await w.sim.clearFaults();
    await w.clock.advance(3700);
    const payment = await w.create();
    await w.pay(payment);
    assert.equal((await w.status(payment)).payment_status, 'paid');
    const refused = (await w.sim.calls()).filter((c) => c.status === 429);
    assert.equal(refused.length, 0, 'the wallet never had to refuse a token call');
  });
});

/** Somebody else's program with the same credentials uses the budget up. */
async function blockedByOthers(w) {
  for (let i = 0; i < 3; i++) {
    await request('POST', `${w.sim.url}/v1.2.0-beta/tokenized/checkout/token/grant`, {
      body: '{"app_key":"kassa-sandbox-key","app_secret":"kassa-sandbox-secret"}',
      headers: { 'Content-Type': 'application/json', username: 'kassa-sandbox', password: 'kassa-sandbox-password' } });
  }
  assert.equal((await w.sim.calls('grant')).at(-1).status, 429, 'bKash has blocked the merchant');
}

suite('a wallet that has blocked the merchant', { endpoint: false, purposes: ['payments'] }, (w) => {
  it('T50 who was blocked for an hour by others is not hammered, takes no payment by it, and goes on by itself after it', async () => {
    await blockedByOthers(w);
    const before = await asked(w);
    for (let i = 0; i < 5; i++) {
      const payment = await w.create();
      assert.equal((await payment.payer.press('pay')).status, 303);
      await w.until(payment, 'a failed attempt, or none', (p) => p.attempts.length === 0 || p.attempts[0].state === 'failed');
      assert.equal((await w.status(payment)).payment_status, 'wait');
    }
    assert.ok((await asked(w)).all - before.all <= 2, JSON.stringify(await asked(w)));
    await w.clock.advance(2 * 3600 + 60);
    const payment = await w.create();
    await w.pay(payment);
    assert.equal((await w.status(payment)).payment_status, 'paid');
    await w.audit();
  });
});

suite('a blocked wallet that is served by number, too', { endpoint: false, purposes: ['payments'] }, (w) => {
  it('T50 a blocked token hides the wallet\'s own page, the number takes the money, and what is under way waits for the wallet', async () => {
    const number = await addNumber(w, 'bkash', '01711111118');
    await number.alive();
    const shows = async (payment) => {
      const { text } = await w.payer(payment).send('GET', payment.url);
      return ['pay', 'continue', 'number'].filter((id) => text.includes(`data-testid="${id}"`));
    };
    // paid, and one of which the wallet's answer is lost: both from before
    const paid = await w.create({ amount: '70.00' }), lost = await w.create({ amount: '71.00' });
    await w.pay(paid);
    const { paymentID } = await w.begin(lost);
    await w.sim.fault('execute', 'drop_after_commit', { payment_id: paymentID });
    await w.follow(lost, await w.sim.approve(paymentID));
    await w.attempt(lost, 'unknown');
    // no token call is left for an hour, and the token that Kassa has is not good any more
    await blockedByOthers(w);
    await w.sim.fault('create', 'expired_token', { count: 100 });
    await w.sim.fault('query', 'expired_token', { count: 100 });
    const payment = await w.create({ amount: '72.00' });
    assert.deepEqual(await shows(payment), ['pay']);
    await payment.payer.press('pay');
    await w.attempt(payment, 'failed');
    assert.deepEqual(await shows(payment), ['number'], 'the wallet\'s own page is hidden');
    const fresh = await w.create({ amount: '73.00' });
    assert.deepEqual(await shows(fresh), ['number'], 'for new payments, too');
    const calls = (await w.sim.calls('create')).length;
    await number.tell(73, 'DK61AA0073');
    const typed = await fresh.payer.press('trx-send', { extra: [['trx_id', 'DK61AA0073'], ['payer', '111']] });
    assert.equal(typed.status, 303, typed.text);
    assert.equal((await w.status(fresh)).payment_status, 'paid');
    assert.equal((await w.sim.calls('create')).length, calls, 'nothing is asked of the wallet for it');
    // what needs the wallet waits, and nothing is lost
    await w.clock.advance(40);
    assert.equal((await w.status(lost)).payment_status, 'wait');
    await w.cli.json(['refund', paid.id, '--amount', '10.00', '--reason', 'returned']);
    await w.sim.clearFaults();
    await w.clock.advance(3700);
    await w.state(lost, 'paid');
    await w.until(paid, 'a refund', (p) => p.refunds.at(-1)?.state === 'done');
    const later = await w.create({ amount: '74.00' });
    await w.pay(later);
    assert.deepEqual(await shows(await w.create({ amount: '75.00' })), ['pay']);
    await w.audit();
  });
});

suite('a wallet with other credentials', { endpoint: false, purposes: ['payments'], simArgs: ['--password', 'another password'] }, (w) => {
  it('wrong credentials: the payer is told to come again, the wallet is not hammered', async () => {
    const payment = await w.create();
    await payment.payer.press('pay');
    await w.attempt(payment, 'failed');
    await payment.payer.reaches('open');
    for (let i = 0; i < 5; i++) {
      const other = await w.create();
      assert.equal((await other.payer.press('pay')).status, 303);
    }
    assert.ok((await asked(w)).all <= 2, JSON.stringify(await asked(w)));
    assert.equal((await w.status(payment)).payment_status, 'wait');
  });
});

suite('limits of the page', { endpoint: false, purposes: ['payments'],
  config: { limits: { page_posts_per_minute: 5, unknown_pages_per_minute: 20 } } }, (w) => {
  it('T62 guessing links finds nothing and is limited; known links still open', async () => {
    const { randomUUID } = await import('node:crypto');
    const { request } = await import('./lib/http.mjs');
    const payment = await w.create();
    const seen = [];
    for (let i = 0; i < 60; i++) {
      const answer = await request('GET', `${w.payUrl}/${randomUUID()}`, { headers: { Accept: 'text/html' } });
      seen.push(answer.status);
      if (answer.status === 429) {
        assert.ok(Number(answer.headers['retry-after']) > 0);
      }
    }
    assert.ok(seen.slice(0, 20).every((s) => s === 404), `${seen}`);
    assert.ok(seen.slice(25).every((s) => s === 429), `${seen}`);
    assert.equal((await payment.payer.page()).status, 200);
    assert.equal((await w.tryCreate()).status, 200, 'merchants are not touched by it');
  });

  it('T32 unknown callbacks are limited, too', async () => {
    const { request } = await import('./lib/http.mjs');
    const answer = await request('GET', `${w.payUrl}/callback/bkash/${'A'.repeat(43)}?paymentID=x&status=success`);
    assert.equal(answer.status, 429, 'the links above have used the limit up');
  });

  it('T21 T32 refused callbacks of a known payment are limited like unknown ones, and its right one is not', async () => {
    const payment = await w.create();
    const { paymentID } = await w.begin(payment);
    const right = await w.sim.approve(paymentID);
    const forged = right.replace(paymentID, 'TR0011ZZZZZZZZ1795548958515');
    assert.notEqual(forged, right);
    const seen = [];
    for (let i = 0; i < 30; i++) {
      seen.push((await request('GET', forged)).status);
    }
    assert.equal(seen.at(-1), 429, `${seen}`);
    assert.equal((await request('GET', right)).status, 303);
    await payment.payer.reaches('paid');
  });

  it("posts to one payment's page are limited, to another's not", async () => {
    const [one, two] = [await w.create(), await w.create()];
    const page = (await one.payer.page()).text;
    const seen = [];
    for (let i = 0; i < 8; i++) {
      seen.push((await one.payer.press('language', { html: page })).status);
    }
    assert.deepEqual(seen, [303, 303, 303, 303, 303, 429, 429, 429]);
    await two.payer.press('cancel');
    await two.payer.reaches('cancelled');
  });

  it('T62 the page shows no secret of the merchant', async () => {
    const payment = await w.create({ customer_email: 'payer@example.com', customer_phone: '01711111111' });
    const { text } = await payment.payer.page();
    for (const secret of [w.account.notifySecret, 'whsec_', 'BEGIN', 'kassa-sandbox', 'payer@example.com', '01711111111', w.account.uuid,
      '/callback/']) {
      assert.ok(!text.includes(secret), secret);
    }
  });
});
