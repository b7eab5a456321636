// What the operator's people see and decide: health, and money that numbers received and no payment claimed.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { sqlRows } from '../api/lib/store.mjs';
import { addNumber } from '../api/lib/number.mjs';
import { expectCode, signIn } from './lib/cabinet.mjs';

suite('cabinet operator', {}, (w) => {
  let admin, second, support, rocket, trx = 6606790000;
  before(async () => {
    admin = await signIn(w, 'operator_admin');
    second = await signIn(w, 'operator_admin');
    support = await signIn(w, 'operator_support');
    rocket = await addNumber(w, 'rocket', '017111111112');
    await rocket.alive();
  });
  const list = async () => (await support.good('GET', '/op/received')).items;
  const create = () => w.create({ customer_code: 'rocket', amount: '500.00' });
  const paymentId = (payment) => Number(payment.id);
  /** Money that nobody claimed. */
  async function money(amount = 500) {
    trx += 1;
    await rocket.tell(amount, String(trx));
    return (await list()).find((r) => r.trx_id === String(trx));
  }

  it('health tells the wallets, the numbers and what waits', async () => {
    const before = (await support.good('GET', '/op/health')).waiting;
    await money();
    await rocket.send([{ sender: '16216', text: 'Something that Rocket never said', at: Date.now(), sim: 'sim1' }]);
    const health = await support.good('GET', '/op/health');
    assert.equal(health.store, 'good');
    assert.equal(health.waiting.received, before.received + 1);
    assert.equal(health.waiting.sms, before.sms + 1);
    const number = health.numbers.find((n) => n.number === '017111111112');
    assert.deepEqual([number.wallet, number.kind, number.enabled, number.silent], ['rocket', 'personal', true, false]);
    assert.ok(number.seen_at > 0);
    assert.equal(health.wallets.filter((x) => x.wallet === 'bkash').length, 1);
    assert.ok(['good', 'not_seen'].includes(health.wallets[0].state));
    const sms = (await support.good('GET', '/op/sms')).items.find((s) => s.text === 'Something that Rocket never said');
    assert.equal(sms.state, 'unparsed');
  });

  it('a number whose phone is silent says so', async () => {
    await addNumber(w, 'nagad', '01811111113');
    const health = await support.good('GET', '/op/health');
    const number = health.numbers.find((n) => n.number === '01811111113');
    assert.deepEqual([number.silent, number.seen_at], [true, null]);
  });

  it('one person asks, another confirms, and then it pays; the audit log tells both', async () => {
    const payment = await create();
    const id = await paymentId(payment);
    const received = await money();
    assert.deepEqual([received.state, received.amount_poisha, received.asked_by], ['free', 50000, null]);
    const at = `/op/received/${received.id}`;
    expectCode(await support.post(`${at}/attach`, { payment_id: id }), 400, 'field_invalid', { reason: 'required' });
    expectCode(await support.post(`${at}/attach`, { reason: 'x' }), 400, 'field_invalid', { payment_id: 'required' });
    await admin.good('POST', `${at}/attach`, { payment_id: id, reason: 'the payer called' });
    const asked = (await list()).find((r) => r.id === received.id);
    assert.deepEqual([asked.asked_by, asked.asked_payment_id], [admin.person.email, String(id)]);
    assert.equal((await w.status(payment)).payment_status, 'wait');

    expectCode(await admin.post(`${at}/confirm`, { payment_id: id, reason: 'yes' }), 409, 'second_person');
    expectCode(await support.post(`${at}/confirm`, { payment_id: id, reason: 'yes' }), 403, 'forbidden');
    expectCode(await second.post(`${at}/confirm`, { reason: 'yes' }), 409, 'stale');
    await second.good('POST', `${at}/confirm`, { payment_id: id, reason: 'seen the SMS' });
    const status = await w.status(payment);
    assert.deepEqual([status.payment_status, status.payment_amount], ['paid', '500.00']);
    expectCode(await second.post(`${at}/confirm`, { payment_id: id, reason: 'again' }), 409, 'state');
    assert.ok(!(await list()).some((r) => r.id === received.id));
    const log = await sqlRows(w.cli.store, `SELECT actor, action FROM audit_log WHERE target = 'received:${received.id}' ORDER BY id`);
    assert.deepEqual(log.map((r) => [r.actor, r.action]), [[admin.person.email, 'received.attach'], [second.person.email, 'received.confirm']]);
  });

  it('a payment of another amount, or none at all, is told beside the field', async () => {
    const payment = await create();
    const id = await paymentId(payment);
    const received = await money(400);
    const at = `/op/received/${received.id}`;
    expectCode(await support.post(`${at}/attach`, { payment_id: 999999999, reason: 'x' }), 400, 'field_invalid', { payment_id: 'unknown' });
    await support.good('POST', `${at}/attach`, { payment_id: id, reason: 'x' });
    expectCode(await admin.post(`${at}/confirm`, { payment_id: id, reason: 'x' }), 400, 'field_invalid', { payment_id: 'does_not_fit' });
    assert.equal((await w.status(payment)).payment_status, 'wait');
  });

  it('money whose phone may still tell is not voided; what is for no payment leaves the list', async () => {
    const received = await money();
    const at = `/op/received/${received.id}`;
    await support.good('POST', `${at}/void`, { reason: 'it lied' });
    expectCode(await admin.post(`${at}/confirm`, { void: true, reason: 'yes' }), 409, 'device_on');
    expectCode(await support.post(`${at}/mark`, { reason: 'x' }), 403, 'forbidden');
    await admin.good('POST', `${at}/mark`, { reason: 'a gift' });
    expectCode(await admin.post(`${at}/mark`, { reason: 'a gift' }), 409, 'state');
    assert.equal((await list()).find((r) => r.id === received.id)?.state ?? 'marked', 'marked');
  });

  it('a payment whose outcome is not known is among the doubts', async () => {
    const payment = await w.create({ amount: '77.00' });
    await w.sim.fault('execute', 'drop_after_commit');
    await w.sim.fault('query', 'delay', { value: 9000, times: 2 });
    const { paymentID } = await w.begin(payment);
    await w.follow(payment, await w.sim.approve(paymentID));
    await w.attempt(payment, 'unknown');
    const doubt = (await support.good('GET', '/op/doubts')).items.find((d) => d.payment_id === String(payment.id));
    assert.deepEqual([doubt.wallet, doubt.amount_poisha, doubt.state], ['bkash', 7700, 'unknown']);
  });
});
