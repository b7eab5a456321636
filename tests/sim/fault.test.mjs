import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Sim, order } from './start.mjs';

let sim;
before(async () => { sim = await Sim.start(['--hourly-block', 'no']); });
beforeEach(async () => { await sim.control('POST', '/reset'); await sim.login(); });
after(() => sim.end());

const rawExecute = (id) => sim.raw('execute', { paymentID: id },
  { Authorization: sim.id_token, 'X-App-Key': 'kassa-sandbox-key' });
const state = async (id) => (await sim.payment(id)).state;

test('drop_after_commit moves the money and loses the answer', async () => {
  const id = await sim.approved();
  await sim.fault({ op: 'execute', fault: 'drop_after_commit' });
  await assert.rejects(sim.execute(id));
  assert.equal(await state(id), 'completed');
  assert.equal((await sim.execute(id)).body.statusCode, '2062');
  assert.match((await sim.query(id)).body.trxID, /^[A-Z0-9]{10}$/);
  const { calls } = await sim.control('GET', '/calls?op=execute');
  assert.deepEqual(calls.map((c) => [c.fault, c.status, c.code, c.ended]),
    [['drop_after_commit', 0, '', true], ['', 200, '2062', true]]);
});

test('drop_before does nothing', async () => {
  const id = await sim.approved();
  await sim.fault({ op: 'execute', fault: 'drop_before' });
  await assert.rejects(sim.execute(id));
  assert.equal(await state(id), 'authorised');
  assert.equal((await sim.execute(id)).body.statusCode, '0000');
});

for (const [fault, meanwhile] of [['delay', 'completed'], ['delay_before', 'authorised']])
  test(`${fault} answers late; meanwhile the payment is ${meanwhile}`, async () => {
    const id = await sim.approved();
    await sim.fault({ op: 'execute', fault, value: 700 });
    const start = performance.now();
    const late = sim.execute(id);
    await new Promise((done) => setTimeout(done, 250));
    assert.equal(await state(id), meanwhile);
    assert.equal((await late).body.statusCode, '0000');
    assert.ok(performance.now() - start >= 690);
    assert.equal(await state(id), 'completed');
  });

for (const [fault, status, value] of [['status_500', 500], ['status', 503, 503], ['html', 200], ['empty', 200], ['half_json', 200]])
  test(`${fault} spoils the answer and not the work`, async () => {
    const id = await sim.approved();
    await sim.fault({ op: 'execute', fault, value });
    const answer = await rawExecute(id);
    const text = await answer.text();
    assert.equal(answer.status, status);
    assert.equal(await state(id), 'completed');
    if (fault === 'html') assert.match(answer.headers.get('content-type'), /text\/html/);
    if (fault === 'empty') assert.equal(text, '');
    if (fault === 'half_json') assert.ok(text.startsWith('{"statusCode":"0000"') && !text.endsWith('}'));
  });

test('commit:false answers the same without the work', async () => {
  const id = await sim.approved();
  await sim.fault({ op: 'execute', fault: 'status_500', commit: false });
  assert.equal((await rawExecute(id)).status, 500);
  assert.equal(await state(id), 'authorised');
});

test('code is answered instead of the work, or behind it', async () => {
  const id = await sim.approved();
  await sim.fault({ op: 'execute', fault: 'code', value: '9999' });
  assert.deepEqual(await sim.execute(id), { status: 200, body: { statusCode: '9999', statusMessage: 'System Error' } });
  assert.equal(await state(id), 'authorised');
  await sim.fault({ op: 'execute', fault: 'code', value: '2117', commit: true });
  assert.equal((await sim.execute(id)).body.statusCode, '2117');
  assert.equal(await state(id), 'completed');
});

test('huge answers are whole and long', async () => {
  const id = await sim.created();
  await sim.fault({ op: 'query', fault: 'huge', value: 1000000 });
  const { body } = await sim.query(id);
  assert.equal(body.paymentID, id);
  assert.equal(body.padding.length, 1000000);
});

test('slow answers trickle and are whole in the end', async () => {
  const id = await sim.created();
  await sim.fault({ op: 'query', fault: 'slow', value: 200 });
  const start = performance.now();
  // Which of two requests at the same time meets the fault is chance: one trickles, and the other does not wait for it.
  const answers = await Promise.all([0, 1].map(async () => {
    const { status, body } = await sim.query(id);
    return { status, paymentID: body.paymentID, at: performance.now() - start };
  }));
  const [quick, slow] = answers.sort((one, other) => one.at - other.at);
  for (const answer of answers)
    assert.deepEqual([answer.status, answer.paymentID], [200, id]);
  assert.ok(slow.at > 1000);
  assert.ok(slow.at - quick.at > 200, 'others do not wait');
});

const FIELDS = [['amount', 'amount', '1'], ['currency', 'currency', 'USD'], ['invoice', 'merchantInvoiceNumber', 'OTHER'],
  ['payment_id', 'paymentID', 'TR0011other'], ['trx_id', 'trxID', 'ZZZ0000000'], ['transaction_status', 'transactionStatus', 'Initiated']];
for (const [fault, field, value] of FIELDS)
  test(`${fault} falsifies ${field} of execute and query, and only that`, async () => {
    const id = await sim.approved();
    await sim.fault({ op: 'execute', fault, value });
    const done = (await sim.execute(id)).body;
    assert.equal(done[field], value);
    await sim.fault({ op: 'query', fault, value });
    const name = fault === 'invoice' ? 'merchantInvoice' : field;
    const wrong = (await sim.query(id)).body, right = (await sim.query(id)).body;
    assert.equal(wrong[name], value);
    assert.notEqual(right[name], value);
    const differing = Object.keys(right).filter((k) => right[k] !== wrong[k]);
    assert.deepEqual(differing, fault === 'amount' ? ['amount', 'maxRefundableAmount'] : [name]);
  });

test('unauthorized refuses one call, expired_token all with this token', async () => {
  await sim.fault({ op: 'create', fault: 'unauthorized' });
  assert.deepEqual(await sim.create(), { status: 401, body: { message: 'Unauthorized' } });
  assert.equal((await sim.create()).status, 200);
  await sim.fault({ op: 'create', fault: 'expired_token' });
  assert.equal((await sim.create()).status, 401);
  assert.equal((await sim.create()).status, 401);
  await sim.login();
  assert.equal((await sim.create()).status, 200);
});

test('token calls can fail too', async () => {
  await sim.fault({ op: 'grant', fault: 'status_500' });
  assert.equal((await sim.token()).status, 500);
  assert.equal((await sim.token()).status, 200);
});

test('a fault waits for its payment or invoice, and is used up by its count', async () => {
  const [one, two] = [await sim.created(), await sim.created({ merchantInvoiceNumber: 'FILTER-2' })];
  await sim.fault({ op: 'query', fault: 'status_500', payment_id: one, count: 2 });
  await sim.fault({ op: 'query', fault: 'status', value: 502, invoice: 'FILTER-2' });
  const statuses = [];
  for (const id of [two, one, one, one, two]) statuses.push((await sim.query(id)).status);
  assert.deepEqual(statuses, [502, 500, 500, 200, 200]);
  await sim.fault({ op: 'create', fault: 'status', value: 418, invoice: 'FILTER-3' });
  assert.equal((await sim.create()).status, 200);
  assert.equal((await sim.call('create', order({ merchantInvoiceNumber: 'FILTER-3' }))).status, 418);
  assert.deepEqual((await sim.control('GET', '/faults')).faults, []);
});

test('armed faults can be seen and cleared', async () => {
  const { faults } = await sim.fault({ op: 'execute', fault: 'delay', value: 5, count: 3 });
  assert.deepEqual(faults.map((f) => [f.op, f.fault, f.value, f.count, f.commit]), [['execute', 'delay', '5', 3, true]]);
  assert.deepEqual((await sim.control('POST', '/faults/clear')).faults, []);
  await sim.fault({ op: 'execute', fault: 'html' });
  assert.deepEqual((await sim.control('DELETE', '/faults')).faults, []);
});

for (const bad of [{}, { op: 'x', fault: 'html' }, { op: 'execute', fault: 'x' }, { op: 'execute', fault: '' },
  { op: 'execute', fault: 'code' }, { op: 'execute', fault: 'status', value: 99 }, { op: 'execute', fault: 'delay', value: 600001 },
  { op: 'execute', fault: 'slow', value: 0 }, { op: 'execute', fault: 'html', count: 0 }, { op: 'execute', fault: 'html', count: 'x' },
  { op: 'execute', fault: 'drop_after_commit', commit: false }, { op: 'execute', fault: 'html', invoice: {} },
  { op: 'grant', fault: 'expired_token' }])
  test(`no fault is armed by ${JSON.stringify(bad)}`, async () => {
    const { status, body } = await sim.json('POST', '/control/faults', bad);
    assert.equal(status, 400);
    assert.ok(body.message.length > 10);
    assert.deepEqual((await sim.control('GET', '/faults')).faults, []);
  });

test('at most 200 faults are armed', async () => {
  for (let i = 0; i < 200; i++) await sim.fault({ op: 'query', fault: 'html' });
  assert.equal((await sim.json('POST', '/control/faults', { op: 'query', fault: 'html' })).status, 400);
});
