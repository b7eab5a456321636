import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Sim, order } from './start.mjs';

let sim;
before(async () => { sim = await Sim.start(); await sim.login(); });
after(() => sim.end());

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d:\d{3} GMT\+0600$/;

// The first three characters that a TrxID of this Dhaka day has.
function trxDay(time) {
  const [year, month, day] = time.slice(0, 10).split('-').map(Number);
  return ((year - 2013).toString(36) + (month + 9).toString(36) + day.toString(36)).toUpperCase();
}

test('a payment is created, approved, executed and found again', async () => {
  const asked = order({ amount: '500.00' });
  const { status, body: made } = await sim.call('create', asked);
  assert.equal(status, 200);
  assert.equal(made.statusCode, '0000');
  assert.match(made.paymentID, /^TR0011[A-Za-z0-9]+\d{13}$/);
  assert.ok(Math.abs(Number(made.paymentID.slice(-13)) - Date.now()) < 60000);
  assert.ok(made.bkashURL.startsWith(`${sim.url}/pay/${made.paymentID}?`));
  assert.equal(made.amount, '500');
  assert.equal(made.currency, 'BDT');
  assert.equal(made.intent, 'sale');
  assert.equal(made.transactionStatus, 'Initiated');
  assert.equal(made.merchantInvoiceNumber, asked.merchantInvoiceNumber);
  assert.match(made.paymentCreateTime, TIME);
  assert.equal(new URL(made.failureCallbackURL).searchParams.get('status'), 'failure');

  const waiting = (await sim.query(made.paymentID)).body;
  assert.equal(waiting.transactionStatus, 'Initiated');
  assert.equal(waiting.verificationStatus, 'Incomplete');
  assert.equal(waiting.merchantInvoice, asked.merchantInvoiceNumber);
  assert.ok(!('merchantInvoiceNumber' in waiting) && !('trxID' in waiting));

  const { callback_url } = await sim.act(made.paymentID, 'approve');
  assert.equal(callback_url, made.successCallbackURL);
  const approved = (await sim.query(made.paymentID)).body;
  assert.equal(approved.verificationStatus, 'Complete');
  assert.equal(approved.transactionStatus, 'Initiated');

  const done = (await sim.execute(made.paymentID)).body;
  assert.equal(done.statusCode, '0000');
  assert.equal(done.paymentID, made.paymentID);
  assert.equal(done.transactionStatus, 'Completed');
  assert.equal(done.amount, '500');
  assert.equal(done.payerReference, '01711111111');
  assert.equal(done.customerMsisdn, '01711111111');
  assert.equal(done.merchantInvoiceNumber, asked.merchantInvoiceNumber);
  assert.match(done.paymentExecuteTime, TIME);
  assert.match(done.trxID, /^[A-Z0-9]{10}$/);
  assert.equal(done.trxID.slice(0, 3), trxDay(done.paymentExecuteTime));

  const later = (await sim.query(made.paymentID)).body;
  assert.equal(later.trxID, done.trxID);
  assert.equal(later.transactionStatus, 'Completed');
  assert.equal(later.maxRefundableAmount, '500');

  const found = (await sim.call('general/searchTransaction', { trxID: done.trxID })).body;
  assert.equal(found.statusCode, '0000');
  assert.equal(found.amount, '500');
  assert.equal(found.completedTime, done.paymentExecuteTime);
});

for (const [sent, answered] of [['15', '15'], [15, '15'], [4.59, '4.59'], ['4.5', '4.5'], ['0.05', '0.05'], ['999999999.99', '999999999.99']])
  test(`amount ${JSON.stringify(sent)} is taken and answered as ${answered}`, async () => {
    assert.equal((await sim.create({ amount: sent })).body.amount, answered);
  });

const REFUSED = [
  ['2006', { amount: '0' }], ['2006', { amount: '1.005' }], ['2006', { amount: '-1' }], ['2006', { amount: '1e2' }],
  ['2006', { amount: 'ten' }], ['2006', { amount: '1,000' }],
  ['2007', { currency: 'USD' }],
  ['2008', { intent: 'gift' }], ['2064', { intent: 'authorization' }],
  ['2031', { merchantInvoiceNumber: 'a&b' }], ['2031', { merchantInvoiceNumber: 'x'.repeat(256) }],
  ['2047', { merchantAssociationInfo: 'x'.repeat(256) }],
  ['2048', { payerReference: '<b>' }], ['2048', { payerReference: '0'.repeat(256) }],
  ['2049', { callbackURL: 'ftp://x.example/' }], ['2049', { callbackURL: 'nowhere' }],
  ['2063', { mode: '0002' }], ['2065', { mode: '0001' }], ['2050', { mode: '0001', agreementID: 'none' }], ['2063', { mode: '11' }],
  ...['mode', 'payerReference', 'callbackURL', 'amount', 'currency', 'intent', 'merchantInvoiceNumber']
    .flatMap((field) => [['2065', { [field]: undefined }], ['2065', { [field]: '' }], ['2065', { [field]: null }]]),
];
for (const [code, fields] of REFUSED) {
  const shown = JSON.stringify(fields, (key, value) => (value === undefined ? '(none)' : value)).slice(0, 60);
  test(`create with ${shown} is refused by ${code}`, async () => {
    const { payments } = (await sim.control('GET', '/payments')).totals;
    const { status, body } = await sim.create(fields);
    assert.equal(status, 200);
    assert.equal(body.statusCode, code);
    assert.deepEqual(Object.keys(body), ['statusCode', 'statusMessage']);
    assert.equal((await sim.control('GET', '/payments')).totals.payments, payments);
  });
}

test('execute before the payer approved is refused and leaves the payment as it was', async () => {
  const id = await sim.created();
  assert.equal((await sim.execute(id)).body.statusCode, '2060');
  await sim.act(id, 'approve');
  assert.equal((await sim.execute(id)).body.statusCode, '0000');
});

test('a second execute is refused without a trxID, and moves nothing', async () => {
  const id = await sim.approved();
  const first = (await sim.execute(id)).body;
  const second = (await sim.execute(id)).body;
  assert.equal(second.statusCode, '2062');
  assert.ok(!('trxID' in second));
  const seen = await sim.payment(id);
  assert.equal(seen.trx_id, first.trxID);
  assert.equal(seen.executes, 2);
});

test('of many executes at once exactly one moves the money', async () => {
  const id = await sim.approved();
  const codes = (await Promise.all(Array.from({ length: 8 }, () => sim.execute(id)))).map((a) => a.body.statusCode);
  assert.equal(codes.filter((c) => c === '0000').length, 1);
  assert.equal(codes.filter((c) => c === '2062').length, 7);
});

for (const action of ['decline', 'cancel'])
  test(`after the payer's ${action} no execute is taken`, async () => {
    const id = await sim.created();
    await sim.act(id, action);
    assert.equal((await sim.execute(id)).body.statusCode, '2056');
    assert.equal((await sim.query(id)).body.verificationStatus, 'Incomplete');
  });

test('a payer without enough money comes back with success, and execute tells', async () => {
  const id = await sim.created();
  const { callback_url } = await sim.act(id, 'insufficient');
  assert.equal(new URL(callback_url).searchParams.get('status'), 'success');
  assert.equal((await sim.execute(id)).body.statusCode, '2023');
  assert.equal((await sim.payment(id)).state, 'failed');
  assert.equal((await sim.execute(id)).body.statusCode, '2056');
});

test('an unknown paymentID is refused by execute and query', async () => {
  assert.equal((await sim.execute('TR0011none1700000000000')).body.statusCode, '2002');
  assert.equal((await sim.query('TR0011none1700000000000')).body.statusCode, '2002');
  assert.equal((await sim.call('execute', {})).body.statusCode, '2065');
  assert.equal((await sim.call('general/searchTransaction', { trxID: 'AAAAAAAAAA' })).body.statusCode, '2033');
});

test('an invoice that was paid is refused at create and at execute', async () => {
  const invoice = { merchantInvoiceNumber: 'TWICE-1' };
  const first = await sim.approved(invoice);
  const second = await sim.approved(invoice);
  assert.equal((await sim.execute(first)).body.statusCode, '0000');
  assert.equal((await sim.create(invoice)).body.statusCode, '2029');
  assert.equal((await sim.execute(second)).body.statusCode, '2029');
  const { payments } = await sim.control('GET', '/payments?invoice=TWICE-1');
  assert.deepEqual(payments.map((p) => p.state).sort(), ['completed', 'failed']);
});

test('bad JSON and bodies that are no object are the gateway\'s 400', async () => {
  for (const body of ['{', '', '[]', '"x"', '{"paymentID":"a","paymentID":"b"}']) {
    const answer = await sim.call('execute', body);
    assert.equal(answer.status, 400, body);
    assert.deepEqual(answer.body, { message: 'Invalid request body' });
  }
});

test('unknown routes and methods are the gateway\'s 403', async () => {
  assert.deepEqual(await sim.call('agreement/none', {}), { status: 403, body: { message: 'Missing Authentication Token' } });
  const get = await fetch(`${sim.api}/create`);
  assert.equal(get.status, 403);
  assert.deepEqual(await get.json(), { message: 'Missing Authentication Token' });
  const v2 = await sim.json('POST', '/v1.2.0-beta/v2/tokenized-checkout/auth/grant-token', {});
  assert.equal(v2.status, 403);
});

test('a body over 64 KiB is refused', async () => {
  assert.equal((await sim.call('create', order({ x: 'a'.repeat(70000) }))).status, 413);
});

test('a payment is good for 24 hours', async () => {
  const id = await sim.approved();
  const open = await sim.created();
  await sim.control('POST', '/clock', { advance_s: 86400 });
  await sim.login();
  assert.equal((await sim.execute(id)).body.statusCode, '2056');
  assert.equal((await sim.execute(open)).body.statusCode, '2056');
  assert.equal((await sim.json('POST', `/control/payments/${open}`, { action: 'approve' })).status, 409);
  assert.equal((await sim.query(open)).body.statusCode, '0000');
});
