// Refunds by bKash's second API, under the host's root.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Sim, credentials } from './start.mjs';

let sim;
before(async () => { sim = await Sim.start(['--hourly-block', 'no']); });
beforeEach(async () => { await sim.control('POST', '/reset'); await sim.login(); });
after(() => sim.end());

const post = async (path, body, token = sim.id_token) => {
  const answer = await fetch(`${sim.url}/v2/tokenized-checkout/refund/payment/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: token, 'X-App-Key': credentials.app_key },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
};
const completed = async () => {
  const id = await sim.approved();
  return { paymentId: id, trxId: (await sim.execute(id)).body.trxID };
};
const refund = (of, refundAmount, more = {}) => post('transaction', { ...of, refundAmount, sku: 'P1', reason: 'R1', ...more });
const refused = ({ status, body }, code) => assert.deepEqual([status, body.externalCode, body.errorMessageBn], [400, code, null]);

test('a refund has no code, and the list has it', async () => {
  const of = await completed();
  assert.deepEqual((await post('status', of)).body.refundTransactions, []);
  const { status, body } = await refund(of, '100.00');
  assert.equal(status, 200);
  assert.equal(body.statusCode, undefined);
  assert.match(body.refundTrxId, /^[A-Z0-9]{10}$/);
  assert.deepEqual([body.originalTrxId, body.refundTransactionStatus, body.originalTrxAmount, body.refundAmount, body.currency],
    [of.trxId, 'Completed', '500.00', '100.00', 'BDT']);
  const list = (await post('status', of)).body;
  assert.equal(list.originalTrxId, of.trxId);
  assert.deepEqual(list.refundTransactions.map((r) => [r.refundTrxId, r.refundAmount]), [[body.refundTrxId, '100.00']]);
  assert.match(list.refundTransactions[0].completedTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d:\d{3}$/);
});

test('B16 ten partial refunds, and no more than was paid', async () => {
  const of = await completed();
  refused(await refund(of, '500.01'), '2072');
  for (let i = 0; i < 10; i++) assert.equal((await refund(of, '1')).status, 200);
  refused(await refund(of, '1'), '2074');
  const other = await completed();
  assert.equal((await refund(other, '499.99')).status, 200);
  refused(await refund(other, '0.02'), '2072');
  assert.equal((await refund(other, '0.01')).status, 200);
});

test('what is missing or of another payment is refused', async () => {
  const of = await completed();
  for (const missing of ['sku', 'reason', 'refundAmount', 'paymentId', 'trxId']) {
    const { status, body } = await refund(of, '1', { [missing]: undefined });
    assert.deepEqual([status, body.message], [400, 'Invalid request body'], missing);
  }
  refused(await refund({ ...of, paymentId: 'TR0011none' }, '1'), '2002');
  refused(await refund({ ...of, trxId: 'AAAAAAAAAA' }, '1'), '2077');
  refused(await refund({ paymentId: await sim.approved(), trxId: of.trxId }, '1'), '2127');
  assert.deepEqual(await post('transaction', of, 'stranger'), { status: 401, body: { message: 'Unauthorized' } });
});

test('sixty days later it is too late', async () => {
  const of = await completed();
  await sim.control('POST', '/clock', { advance_s: 60 * 86400 });
  await sim.login();
  refused(await refund(of, '1'), '2071');
});

test('faults: done without an answer, not done, another code, another amount', async () => {
  const of = await completed();
  const count = async () => (await post('status', of)).body.refundTransactions.length;
  await sim.fault({ op: 'refund', fault: 'drop_after_commit', payment_id: of.paymentId });
  await assert.rejects(refund(of, '1'));
  assert.equal(await count(), 1);
  await sim.fault({ op: 'refund', fault: 'drop_before' });
  await assert.rejects(refund(of, '1'));
  await sim.fault({ op: 'refund', fault: 'code', value: '9999' });
  assert.equal((await refund(of, '1')).body.statusCode, '9999');
  assert.equal(await count(), 1);
  await sim.fault({ op: 'refund', fault: 'amount', value: '2.00' });
  assert.equal((await refund(of, '1')).body.refundAmount, '2.00');
  await sim.fault({ op: 'refund_status', fault: 'status_500' });
  assert.equal((await post('status', of)).status, 500);
  const { totals } = await sim.control('GET', '/calls');
  assert.equal(totals.refund, 4);
});
