// Independent clients, written against bKash itself: bkash-payment for the tokenized checkout, bkash-payment-gateway for the one
// before it, whose payer pays in a frame of the shop's page. Nagad's is in nagad.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import bkash from 'bkash-payment';
import { BkashGateway } from 'bkash-payment-gateway';
import { Sim, credentials } from './start.mjs';

let sim, config;
before(async () => {
  sim = await Sim.start();
  config = { base_url: sim.base, ...credentials };
});
after(() => sim.end());

test('B1 bkash-payment takes a payment from create to refund', async () => {
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
  const which = { paymentID: made.paymentID, trxID: done.trxID, amount: '4', sku: 'S', reason: 'R' };
  const back = await bkash.refundTransaction(config, which);
  assert.deepEqual([back.originalTrxID, back.transactionStatus, back.amount], [done.trxID, 'Completed', '4.00']);
  assert.match(back.refundTrxID, /^[A-Z0-9]{10}$/);
  assert.equal((await bkash.refundTransaction(config, which)).refundTrxID, back.refundTrxID, 'it asks first, and is told of the one');
  const { totals: { refund, refund_status } } = await sim.control('GET', '/calls');
  assert.deepEqual({ refund, refund_status }, { refund: 1, refund_status: 2 });
});

test('bkash-payment makes an agreement, takes a payment by it, and cancels it', async () => {
  const details = { amount: 10, callbackURL: 'http://127.0.0.1:1/cb', reference: '01711111111' };
  const asked = await bkash.createAgreement(config, { ...details, orderID: 'Agree_1' });
  assert.deepEqual([asked.agreementStatus, asked.transactionStatus], ['Initiated', undefined]);
  assert.match(asked.paymentID, /^TR0000/);
  assert.equal((await bkash.executeAgreement(config, asked.paymentID)).statusCode, '2060');
  await sim.act(asked.paymentID, 'approve');
  const { agreementID, agreementStatus, trxID } = await bkash.executeAgreement(config, asked.paymentID);
  assert.deepEqual([agreementStatus, trxID], ['Completed', undefined]);
  assert.equal((await bkash.executeAgreement(config, asked.paymentID)).statusCode, '2116');
  assert.equal((await sim.payment(asked.paymentID)).state, 'agreed');
  assert.equal((await bkash.queryAgreement(config, agreementID)).agreementStatus, 'Completed');
  const made = await bkash.createPaymentWithAgreement(config, { ...details, orderID: 'Agree_2', agreementID });
  assert.match(made.paymentID, /^TR0001/);
  await sim.act(made.paymentID, 'approve');
  assert.equal((await bkash.executePayment(config, made.paymentID)).transactionStatus, 'Completed');
  assert.equal((await bkash.cancelAgreement(config, agreementID)).agreementStatus, 'Cancelled');
  assert.equal((await bkash.queryAgreement(config, agreementID)).agreementStatus, 'Cancelled');
  assert.equal((await bkash.createPaymentWithAgreement(config, { ...details, orderID: 'Agree_3', agreementID })).statusCode, '2050');
});

test('bkash-payment hands on what create refuses', async () => {
  const answer = await bkash.createPayment(config, { amount: 10.123, callbackURL: 'http://127.0.0.1:1/cb', orderID: 'Order_102' });
  assert.equal(answer.statusCode, '2006');
});

test('B1 bkash-payment-gateway takes a payment from create to refund, in the checkout without a redirect', async () => {
  await sim.control('POST', '/reset');
  const { username, password, app_key: key, app_secret: secret } = credentials;
  const old = new BkashGateway({ baseURL: sim.base, key, secret, username, password });
  const made = await old.createPayment({ amount: 250.5, orderID: 'Order_201', intent: 'sale' });
  assert.deepEqual([made.transactionStatus, made.amount, made.merchantInvoiceNumber], ['Initiated', '250.5', 'Order_201']);
  await assert.rejects(old.executePayment(made.paymentID), { name: 'BkashException', message: /pre-requisites/ });
  assert.equal((await old.queryPayment(made.paymentID)).trxID, undefined);
  assert.equal((await sim.act(made.paymentID, 'approve')).callback_url, null, 'the payer stays in the shop');
  const done = await old.executePayment(made.paymentID);
  assert.deepEqual([done.transactionStatus, done.amount, done.currency], ['Completed', '250.5', 'BDT']);
  await assert.rejects(old.executePayment(made.paymentID), /already been completed/);
  assert.equal((await old.queryPayment(made.paymentID)).trxID, done.trxID);
  const which = { paymentID: made.paymentID, trxID: done.trxID };
  await assert.rejects(old.refundStatus(done.trxID, made.paymentID), /not found/);
  const back = await old.refundTransaction({ ...which, amount: '50.5', sku: 'S', reason: 'R' });
  assert.equal(back.originalTrxID, done.trxID);
  assert.equal((await old.refundStatus(done.trxID, made.paymentID)).refundTrxID, back.refundTrxID);
  await assert.rejects(old.refundTransaction({ ...which, amount: '50', sku: 'S', reason: 'R' }), /can't be refunded/);
  assert.equal((await sim.payment(made.paymentID)).executes, 3);
});

test('bkash-payment-gateway throws what is refused', async () => {
  const { username, app_key: key, app_secret: secret } = credentials;
  const stranger = new BkashGateway({ baseURL: sim.base, key, secret, username, password: 'wrong' });
  await assert.rejects(stranger.queryPayment('TR0011none'), { name: 'BkashException' });
  await sim.control('POST', '/reset');
  const old = new BkashGateway({ baseURL: sim.base, key, secret, username, password: credentials.password });
  await assert.rejects(old.createPayment({ amount: 1.005, orderID: 'Order_202', intent: 'sale' }), /Invalid Amount/);
  await assert.rejects(old.queryPayment('TR0011none'), /Invalid Payment ID/);
  await assert.rejects(old.executePayment('TR0011none'), /Invalid Payment ID/);
});

test('the checkout without a redirect names its payment in the address, and its errors errorCode', async () => {
  await sim.control('POST', '/reset');
  const ask = async (method, path, body, more = {}) => {
    const answer = await fetch(`${sim.base}/checkout/${path}`, { method, body: body && JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...more } });
    return { status: answer.status, body: await answer.json() };
  };
  const { username, password, app_key, app_secret } = credentials;
  const granted = (await ask('POST', 'token/grant', { app_key, app_secret }, { username, password })).body;
  assert.equal(granted.statusCode, undefined);
  const renewed = (await ask('POST', 'token/refresh', { app_key, app_secret, refresh_token: granted.refresh_token }, { username, password })).body;
  const as = { Authorization: renewed.id_token, 'X-App-Key': app_key };
  const order = { amount: '20', currency: 'BDT', intent: 'sale', merchantInvoiceNumber: 'Order_203' };
  const { paymentID } = (await ask('POST', 'payment/create', order, as)).body;
  await sim.act(paymentID, 'approve');
  const { trxID } = (await ask('POST', `payment/execute/${paymentID}`, undefined, as)).body;
  const found = (await ask('GET', `payment/search/${trxID}`, undefined, as)).body;
  assert.deepEqual([found.trxID, found.amount, found.transactionStatus], [trxID, '20', 'Completed']);
  assert.deepEqual(await ask('GET', 'payment/search/AAAAAAAAAA', undefined, as),
    { status: 200, body: { errorCode: '2033', errorMessage: 'Transaction not found' } });
  assert.deepEqual(await ask('POST', 'payment/create', { ...order, currency: 'USD' }, as),
    { status: 200, body: { errorCode: '2007', errorMessage: 'Invalid Currency' } });
  assert.deepEqual(await ask('GET', `payment/query/${paymentID}`, undefined, {}), { status: 401, body: { message: 'Unauthorized' } });
});
