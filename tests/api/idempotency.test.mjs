// The same order again: the same body is answered as before, any other is refused; whatever happens meanwhile.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newOrder } from './lib/account.mjs';
import { expectError, expectGood, expectInvalid, parallel } from './lib/expect.mjs';
import { suite } from './lib/harness.mjs';
import { until } from './lib/process.mjs';

suite('idempotency', { endpoint: false, purposes: ['payments', 'notifications'] }, (w) => {
  const post = (body, options) => w.call('/v1/payment', body, options);
  const replayed = (answer, first) => {
    expectGood(answer);
    assert.equal(answer.text, first.text, 'the first answer again');
    assert.equal(answer.headers['idempotent-replayed'], 'true');
  };
  const fresh = async (more) => {
    const body = JSON.stringify(w.account.fields(more));
    const first = await post(body);
    expectGood(first);
    assert.equal(first.headers['idempotent-replayed'], undefined);
    return { body, first };
  };
  const total = async () => (await w.history()).meta.total;

  it('T11 the same body gets the first answer again and makes nothing', async () => {
    const { body, first } = await fresh();
    const before = await total();
    for (let i = 0; i < 5; i++) {
      replayed(await post(body), first);
    }
    replayed(await post(body, { digest: 'sha256' }), first);
    replayed(await post(Buffer.from(body), { type: 'application/json; charset=utf-8' }), first);
    assert.equal(await total(), before);
  });

  it('T15 any other byte is another body, and the first payment stays as it was', async () => {
    const { body, first } = await fresh({ amount: '5.00' });
    const fields = JSON.parse(body);
    const { amount, ...rest } = fields;
    const others = [body.replace('"5.00"', '"5.0"'), body.replace('"5.00"', '5.00'), `${body} `, body.replace(':', ': '),
      JSON.stringify({ ...rest, amount }), JSON.stringify({ ...fields, desc: 'x' }), JSON.stringify({ ...fields, desc: null }),
      body.replace('bkash', '\\u0062kash')];
    for (const other of others) {
      expectInvalid(await post(other), ['order_id'], other);
    }
    assert.deepEqual((await post(others[0])).json.errors.order_id, ['The order id has already been taken.']);
    const status = await w.status(first.json);
    assert.equal(status.amount, '5.00');
    replayed(await post(body), first);
  });

  it('another body with faults is told its faults', async () => {
    const { body } = await fresh();
    expectInvalid(await post(JSON.stringify({ ...JSON.parse(body), amount: -1 })), ['amount']);
  });

  it('T16 two merchants and two accounts of one merchant may have the same order', async () => {
    const order_id = newOrder();
    const other = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const sister = await w.addAccount({ endpoint: false, purposes: ['payments'], merchant: w.account.merchant });
    const body = JSON.stringify(w.account.fields({ order_id }));
    const answers = [];
    for (const account of [w.account, other, sister]) {
      const answer = await account.call('/v1/payment', body);
      expectGood(answer);
      assert.equal(answer.headers['idempotent-replayed'], undefined);
      answers.push(answer.json.id);
    }
    assert.equal(new Set(answers).size, 3);
    for (const [i, account] of [w.account, other, sister].entries()) {
      const status = await account.call('/v1/payment/status', { order_id });
      assert.equal(expectGood(status).id, answers[i]);
      expectInvalid(await account.call('/v1/payment/status', { id: answers[(i + 1) % 3] }), ['id']);
    }
  });

  it('T17 64 creates of one order at once with one body make one payment', async () => {
    const body = JSON.stringify(w.account.fields());
    const before = await total();
    const answers = await parallel(Array.from({ length: 64 }), () => post(body), 64);
    answers.forEach((answer) => expectGood(answer));
    assert.equal(new Set(answers.map((a) => a.text)).size, 1);
    assert.equal(answers.filter((a) => a.headers['idempotent-replayed'] === 'true').length, 63);
    assert.equal(await total(), before + 1);
  });

  it('T17 64 creates of one order at once with different bodies: one is taken, 63 are refused', async () => {
    for (let round = 0; round < 3; round++) {
      const order_id = newOrder();
      const before = await total();
      const answers = await parallel(Array.from({ length: 64 }), (_, i) => w.tryCreate({ order_id, amount: `${i + 1}.00` }), 64);
      const good = answers.flatMap((answer, i) => (answer.status === 200 ? [i] : []));
      assert.equal(good.length, 1);
      answers.filter((a) => a.status !== 200).forEach((answer) => expectInvalid(answer, ['order_id']));
      assert.equal(await total(), before + 1);
      assert.equal((await w.status(answers[good[0]].json)).amount, `${good[0] + 1}.00`, 'the one that was answered is the one stored');
    }
  });

  it('64 creates at once of 8 orders make 8 payments', async () => {
    const bodies = Array.from({ length: 8 }, () => JSON.stringify(w.account.fields()));
    const before = await total();
    const answers = await parallel(Array.from({ length: 64 }), (_, i) => post(bodies[i % 8]), 64);
    for (let k = 0; k < 8; k++) {
      const same = answers.filter((_, i) => i % 8 === k);
      assert.equal(new Set(same.map((a) => a.text)).size, 1);
      assert.equal(same.filter((a) => a.headers['idempotent-replayed']).length, 7);
    }
    assert.equal(await total(), before + 8);
  });

  it('a client that posts thrice after any error gets one payment', async () => {
    const body = JSON.stringify(w.account.fields());
    const agents = await parallel([1, 2, 3], () => post(body, { agent: false }), 1);
    assert.deepEqual(agents.map((a) => a.headers['idempotent-replayed']), [undefined, 'true', 'true']);
  });

  it('the answer is the same after a restart and after a crash', async () => {
    const { body, first } = await fresh({ success_redirect_url: 'https://shop.example/ok' });
    await w.restartKassad();
    replayed(await post(body), first);
    expectInvalid(await post(`${body} `), ['order_id']);
    await w.kill9();
    await w.startKassad();
    replayed(await post(body), first);
    expectInvalid(await post(`${body} `), ['order_id']);
  });

  it('the answer is the same after its preset was changed for another and taken away', async () => {
    const redirect = await w.addRedirect(w.account, 'https://shop.example/first');
    const endpoint = await w.addEndpoint(w.account, { url: `${w.receiver.url}/gone` });
    await w.presetSeen(w.account, 'success_redirect_id', redirect.id);
    await w.presetSeen(w.account, 'notification_endpoint_id', endpoint.id);
    const { body, first } = await fresh({ success_redirect_id: redirect.id, notification_endpoint_id: endpoint.id });
    assert.equal(first.json.success_redirect_url, 'https://shop.example/first');
    await w.cli.json(['redirect', 'delete', redirect.id]);
    await w.cli.json(['endpoint', 'delete', endpoint.id]);
    await until(async () => (await w.tryCreate({ success_redirect_id: redirect.id })).status === 400,
      { ms: 3000, what: 'the refusal of a deleted preset' });
    expectInvalid(await w.tryCreate({ success_redirect_id: redirect.id, notification_endpoint_id: endpoint.id }),
      ['success_redirect_id', 'notification_endpoint_id']);
    replayed(await post(body), first);
    expectInvalid(await post(`${body} `), ['success_redirect_id', 'notification_endpoint_id']);
  });

  it('the answer is the same after the wallet was switched off', async () => {
    const { body, first } = await fresh();
    await w.setWallet(false);
    await until(async () => (await w.tryCreate()).status === 400, { ms: 3000, what: 'the refusal of a wallet that is off' });
    expectInvalid(await w.tryCreate(), ['customer_code']);
    replayed(await post(body), first);
    await w.setWallet(true);
    await until(async () => (await w.tryCreate()).status === 200, { ms: 3000, what: 'the wallet, on again' });
  });

  it('the answer still says wait after the payment has ended, and after its lifetime', async () => {
    const { body, first } = await fresh({ lifetime: 900 });
    await w.clock.advance(901);
    await until(async () => (await w.status(first.json)).payment_status === 'cancel', { what: 'the end of the payment' });
    replayed(await post(body), first);
    assert.equal(first.json.payment_status, 'wait');
  });

  it('a disabled account is refused before anything is replayed', async () => {
    const other = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const body = JSON.stringify(other.fields());
    const first = await other.call('/v1/payment', body);
    expectGood(first);
    await w.cli.run(['account', 'disable', other.uuid]);
    await until(async () => (await other.call('/v1/payment', body)).status !== 200, { ms: 3000, what: 'the refusal' });
    expectError(await other.call('/v1/payment', body), 401, ['sign']);
    await w.cli.run(['account', 'enable', other.uuid]);
    await until(async () => (await other.call('/v1/payment', body)).status === 200, { ms: 3000, what: 'the account, on again' });
    replayed(await other.call('/v1/payment', body), first);
  });
});
