// An independent client, written against bKash itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import bkash from 'bkash-payment';
import { Sim, credentials } from './start.mjs';

let sim, config;
before(async () => {
  sim = await Sim.start();
  config = { base_url: sim.base, ...credentials };
});
after(() => sim.end());

test('the npm client takes a payment from create to search', async () => {
  const made = await bkash.createPayment(config,
    { amount: 10, callbackURL: 'http://127.0.0.1:1/bkash-callback', orderID: 'Order_101', reference: '1' });
  assert.equal(made.statusCode, '0000');
  assert.equal(made.amount, '10');
  const page = await fetch(made.bkashURL);
  assert.equal(page.status, 200);
  const { callback_url } = await sim.act(made.paymentID, 'approve');
  const { searchParams } = new URL(callback_url);
  assert.equal(searchParams.get('status'), 'success');
  const done = await bkash.executePayment(config, searchParams.get('paymentID'));
  assert.equal(done.transactionStatus, 'Completed');
  assert.equal((await bkash.queryPayment(config, made.paymentID)).trxID, done.trxID);
  assert.equal((await bkash.searchTransaction(config, done.trxID)).amount, '10');
  assert.equal((await bkash.executePayment(config, made.paymentID)).statusCode, '2062');
  const { totals } = await sim.control('GET', '/calls');
  assert.deepEqual(totals, { grant: 1, refresh: 0, create: 1, execute: 2, query: 1, search: 1 });
});

test('the npm client hands on what create refuses', async () => {
  const answer = await bkash.createPayment(config, { amount: 10.123, callbackURL: 'http://127.0.0.1:1/cb', orderID: 'Order_102' });
  assert.equal(answer.statusCode, '2006');
});
