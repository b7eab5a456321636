// What kassad alone can tell an operator: what bKash knows of a TrxID, and which credentials are out of use.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { request } from './lib/http.mjs';

suite('search', {}, (w) => {
  const search = async (trxId, { code = 0, id = w.credential.id } = {}) => {
    const run = await w.cli.try(['wallet', 'search', id, '--trx-id', trxId, '--json', '--config', w.cli.config]);
    assert.equal(run.code, code, run.stderr + run.stdout);
    return run.stdout ? JSON.parse(run.stdout) : run.stderr;
  };
  const ask = (body) => request('POST', `${w.opsUrl}/wallets/search`,
    { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  const listed = async () => (await w.cli.json(['wallet', 'list'])).credentials.find((c) => c.id === w.credential.id);

  it('a TrxID is found with what bKash knows, beside what was counted under it', async () => {
    const payment = await w.create({ amount: '321.50' });
    const { paymentID } = await w.pay(payment);
    const { trx_id: trxId } = await w.sim.payment(paymentID);
    const found = await search(trxId.toLowerCase());
    assert.deepEqual([found.result, found.trx_id, found.amount, found.currency, found.state],
      ['found', trxId, '321.50', 'BDT', 'Completed']);
    assert.ok(found.receiver && found.kind && Date.parse(found.completed_at) > 0, JSON.stringify(found));
    const [credit] = (await w.show(payment)).credits;
    assert.deepEqual([found.our_credit, found.our_payment], [credit.id, payment.id]);
    assert.equal((await w.status(payment)).payment_status, 'paid');
  });

  it('money that was never counted here is found too, and stays uncounted', async () => {
    const payment = await w.create({ amount: '40.00' });
    const { paymentID } = await w.begin(payment);
    await w.sim.fault('execute', 'drop_after_commit', { payment_id: paymentID });
    await w.follow(payment, await w.sim.approve(paymentID));
    await w.attempt(payment, 'unknown');
    const { trx_id: trxId } = await w.sim.payment(paymentID);
    const found = await search(trxId);
    assert.deepEqual([found.result, found.amount, found.our_credit, found.our_payment], ['found', '40.00', null, null]);
    assert.equal((await w.show(payment)).credits.length, 0);
    await w.clock.advance(31);
    await w.state(payment, 'paid');
  });

  it('a TrxID that bKash does not know, and answers that say nothing', async () => {
    assert.equal((await search('AAAAAAAAAA')).result, 'not_found');
    await w.sim.fault('search', 'html');
    assert.deepEqual(await search('AAAAAAAAAA', { code: 1 }).then((s) => [s.result, s.code]), ['no_answer', 'bad_json']);
    await w.sim.fault('search', 'unauthorized');
    assert.equal((await search('AAAAAAAAAA', { code: 1 })).result, 'no_answer');
    assert.equal((await w.sim.totalsOfCalls()).refresh, 0, 'a refused search costs no token');
    assert.equal((await listed()).health, 'good', 'nor the credential');
  });

  it('what can\'t be asked is refused with the field\'s name', async () => {
    const errors = async (body, status) => {
      const answer = await ask(body);
      assert.equal(answer.status, status, answer.text);
      return Object.keys(answer.json.errors);
    };
    assert.deepEqual(await errors({ credential: w.credential.id, trx_id: 'short' }, 400), ['trx_id']);
    assert.deepEqual(await errors({ credential: w.credential.id }, 400), ['trx_id']);
    assert.deepEqual(await errors({ trx_id: 'AAAAAAAAAA' }, 400), ['credential']);
    assert.deepEqual(await errors({ credential: 999, trx_id: 'AAAAAAAAAA' }, 404), ['credential']);
    assert.match(await search('AAAAAAAAAA', { code: 1, id: 999 }), /no credential 999/);
  });

  it('where bKash offers the question under another path, or not at all', async () => {
    await w.restartKassad({ wallet: { bkash_search_path: '/v2/tokenized-checkout/general/search-transaction' } });
    const payment = await w.create({ amount: '7.00' });
    const { paymentID } = await w.pay(payment);
    assert.equal((await search((await w.sim.payment(paymentID)).trx_id)).amount, '7.00');
    for (const path of ['/tokenized/checkout/general/gone', '']) {
      await w.restartKassad({ wallet: { bkash_search_path: path } });
      assert.equal((await search('AAAAAAAAAA', { code: 1 })).result, 'not_offered');
    }
    await w.pay(await w.create());
  });

  it('the list of wallets shows which are in use, as kassad says it; without kassad it says that nobody told', async () => {
    assert.deepEqual(await listed().then((c) => [c.health, c.out_of_use_reason]), ['good', null]);
    await w.simProgram.stop();
    const payment = await w.create();
    for (let i = 1; i <= 3; i++) {
      await w.payer(payment).press('pay');
      await w.until(payment, `try ${i} failed`, (p) => p.attempts.length === i && p.attempts.at(-1).state === 'failed');
    }
    const ill = await listed();
    assert.equal(ill.health, 'out of use');
    assert.ok(ill.out_of_use_reason && Date.parse(ill.out_of_use_since) > 0, JSON.stringify(ill));
    await w.startSim();
    await w.clock.advance(61);
    assert.equal((await listed()).health, 'being tried');
    await w.stopKassad();
    assert.equal((await listed()).health, 'not known');
    const shown = await w.cli.run(['wallet', 'list']);
    assert.match(shown, /No kassad answers at 127\.0\.0\.1:\d+/);
    assert.match(await search('AAAAAAAAAA', { code: 1 }), /no kassad answers/);
    await w.startKassad();
    assert.equal((await listed()).health, 'good');
  });
});
