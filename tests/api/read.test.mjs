// POST /v1/payment/status and /v1/payment/history.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { expectError, expectGood, expectInvalid, parallel } from './lib/expect.mjs';
import { suite } from './lib/harness.mjs';

const DAY = 86400;
const dhaka = (ms) => new Date(ms + 6 * 3600 * 1000).toISOString().replace('T', ' ').slice(0, 19);
const day = (ms, days = 0) => dhaka(ms + days * DAY * 1000).slice(0, 10);

suite('status', { feePercent: '1.50', feeFixed: '1.00', endpoint: false, purposes: ['payments', 'notifications'] }, (w) => {
  const status = (body) => w.call('/v1/payment/status', body);

  it('an unpaid payment: every key, in order', async () => {
    const payment = await w.create({ amount: 300 });
    assert.deepEqual(expectGood(await status({ id: payment.id })), {
      url: payment.url, payment_status: 'wait', id: payment.id, uuid: payment.uuid, order_id: payment.order_id, amount: '300.00',
      payment_amount: null, is_partial_payment: false, account_payment_amount: null, commission_amount: null, refunded_amount: null,
      hold_amount: null, hold_at: null, service_code: 'payment_card_bdt_hpp', card_mask: null, account_old_balance: null,
      account_new_balance: null,
    });
    assert.deepEqual(Object.keys((await status({ id: payment.id })).json), ['url', 'payment_status', 'id', 'uuid', 'order_id', 'amount',
      'payment_amount', 'is_partial_payment', 'account_payment_amount', 'commission_amount', 'refunded_amount', 'hold_amount', 'hold_at',
      'service_code', 'card_mask', 'account_old_balance', 'account_new_balance']);
  });

  it('by id or order_id, as number or text, or by both', async () => {
    const payment = await w.create({ order_id: 70000000000 + (process.pid % 1000) });
    for (const body of [{ id: payment.id }, { id: String(payment.id) }, { order_id: payment.order_id },
      { order_id: Number(payment.order_id) }, { id: payment.id, order_id: payment.order_id },
      { id: payment.id, order_id: null }, { id: '', order_id: payment.order_id }]) {
      assert.equal(expectGood(await status(body), JSON.stringify(body)).uuid, payment.uuid);
    }
  });

  it('neither of them, or nulls: both are named', async () => {
    for (const body of [{}, { id: null }, { order_id: null, id: null }, { order_id: '', id: '' }, { uuid: 'x' }]) {
      expectInvalid(await status(body), ['order_id', 'id'], JSON.stringify(body));
    }
  });

  it('both, of different payments: order_id is named', async () => {
    const [one, two] = [await w.create(), await w.create()];
    expectInvalid(await status({ id: one.id, order_id: two.order_id }), ['order_id']);
    expectInvalid(await status({ id: one.id, order_id: 'no such order' }), ['order_id']);
    expectInvalid(await status({ id: 1, order_id: two.order_id }), ['order_id']);
  });

  it('unknown ones are named', async () => {
    expectInvalid(await status({ id: 1 }), ['id']);
    expectInvalid(await status({ id: 9007199254740991 }), ['id']);
    expectInvalid(await status({ order_id: 'no such order' }), ['order_id']);
  });

  it('unfit ones are named', async () => {
    for (const id of ['0', '-1', '1.5', '1.0', '1e9', '"abc"', '" 1"', 'true', '[]', '{}', '99999999999999999999']) {
      expectInvalid(await status(`{"id":${id}}`), ['id'], id);
    }
    for (const order of ['true', '[]', '{}', JSON.stringify('x'.repeat(129))]) {
      expectInvalid(await status(`{"order_id":${order}}`), ['order_id'], order);
    }
    expectInvalid(await status('{"order_id":true,"id":true}'), ['order_id', 'id']);
  });

  it('the body is an object like any other', async () => {
    expectError(await status('[]'), 400, ['body']);
    expectError(await status('{"id":1,"id":1}'), 400, ['body']);
    const payment = await w.create();
    expectGood(await status(`{"id":${payment.id},"x":1e400}`));
  });

  it('a paid payment: what was paid, the fee, the rest, the balance before and after', async () => {
    const payment = await w.create({ amount: '300.00' });
    await w.pay(payment);
    const first = await w.status(payment);
    const known = { payment_status: 'paid', amount: '300.00', payment_amount: '300.00', is_partial_payment: false,
      commission_amount: '5.50', account_payment_amount: '294.50', refunded_amount: '0.00', hold_at: null, account_old_balance: '0.00',
      account_new_balance: '294.50' };
    for (const [key, value] of Object.entries(known)) {
      assert.equal(first[key], value, key);
    }
    assert.match(first.card_mask, /^\d{2,5}\*+\d{2,4}$/, 'the wallet number, masked');
    const next = await w.create({ amount: '100.00' });
    await w.pay(next);
    const second = await w.status(next);
    assert.equal(second.account_old_balance, '294.50');
    assert.equal(second.account_new_balance, '392.00');
    assert.equal((await w.status(payment)).account_new_balance, '294.50', 'what was is not changed');
  });

  it('fees are rounded half up to a poisha, and never more than what was paid', async () => {
    // 1.50 % and 1.00
    const cases = { '33.33': '1.50', '33.66': '1.50', '0.01': '0.01', '1.00': '1.00', '1.02': '1.02', '100.33': '2.50', '99.99': '2.50',
      '12.34': '1.19', '10.33': '1.15', '999999999.99': '15000001.00' };
    const half = { '0.33': '0.33' };
    await parallel(Object.entries({ ...cases, ...half }), async ([amount, fee]) => {
      const payment = await w.create({ amount });
      await w.pay(payment);
      const paid = await w.status(payment);
      assert.equal(paid.commission_amount, fee, `the fee of ${amount}`);
      const poisha = (text) => BigInt(text.replace('.', ''));
      assert.equal(poisha(paid.account_payment_amount), poisha(amount) - poisha(fee));
    }, 4);
  });

  it('the fee is the one in force at the create', async () => {
    const before = await w.create({ amount: '200.00' });
    await w.setAccount(w.account, ['--fee-percent', '0', '--fee-fixed', '0']);
    await w.seen();
    let after;
    for (let i = 0; i < 20; i++) {
      after = await w.create({ amount: '200.00' });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await w.pay(before);
    await w.pay(after);
    assert.equal((await w.status(before)).commission_amount, '4.00');
    assert.equal((await w.status(after)).commission_amount, '0.00');
    assert.equal((await w.status(after)).account_payment_amount, '200.00');
  });
});

suite('history', { endpoint: false, purposes: ['payments', 'notifications'] }, (w) => {
  const history = (body, query = '') => w.call(`/v1/payment/history${query}`, body);

  it('an account without payments: null where there is nothing', async () => {
    const body = await w.history();
    const path = `${w.apiUrl}/v1/payment/history`;
    assert.deepEqual(Object.keys(body), ['data', 'links', 'meta']);
    assert.deepEqual(body, { data: [],
      links: { first: `${path}?page=1`, last: `${path}?page=1`, prev: null, next: null },
      meta: { current_page: 1, from: null, last_page: 1, path, per_page: 12, to: null, total: 0 } });
  });

  it('an item: every key, in order', async () => {
    const payment = await w.create({ amount: '5000' });
    const now = await w.clock.now();
    const [item] = (await w.history()).data;
    assert.deepEqual(Object.keys(item), ['created_at', 'id', 'order_id', 'amount', 'commission_amount', 'currency', 'status']);
    const { created_at: at, ...rest } = item;
    assert.deepEqual(rest, { id: payment.id, order_id: payment.order_id, amount: '5000.000000000', commission_amount: null,
      currency: 'BDT', status: 'wait' });
    assert.match(at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.ok(at <= dhaka(now) && at >= dhaka(now - 5000), `${at} is Dhaka's time`);
  });

  it('faults are named', async () => {
    const cases = { date_from: ['"x"', '"2024-13-01"', '"2024-02-30"', '"2023-02-29"', '"2024-1-1"', '"24-01-01"', '"2024/01/01"',
      '"2024-01-01 00:00:00"', '20240101', 'true', '[]', '"2024-00-10"', '"0000-01-01"', '" 2024-01-01"'],
    page: ['0', '-1', '1.5', '"x"', '"1.0"', 'true', '[]', '1e1', '99999999999999999999'],
    paginate: ['0', '-1', '101', '1.5', '"x"', 'true', '[]'] };
    cases.date_to = cases.date_from;
    for (const [field, texts] of Object.entries(cases)) {
      await parallel(texts, async (text) => expectInvalid(await history(`{"${field}":${text}}`), [field], `${field} ${text}`));
    }
    expectInvalid(await history({ date_from: 'x', date_to: 'y', page: 0, paginate: 0 }), ['date_from', 'date_to', 'page', 'paginate']);
    expectInvalid(await history({ date_from: '2024-05-02', date_to: '2024-05-01' }), ['date_to']);
    expectInvalid(await history({ date_from: '2999-01-01' }), ['date_to'], 'from after today');
    expectInvalid(await history({}, '?page=x'), ['page']);
    expectInvalid(await history({}, '?page=0'), ['page']);
    expectInvalid(await history({}, '?page=1&page=2'), ['page']);
  });

  it('pages: sizes, numbers, links, and what is beyond the last', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const made = [];
    for (let i = 0; i < 30; i++) {
      made.push((await account.create()).id);
    }
    const path = `${w.apiUrl}/v1/payment/history`;
    const link = (page) => (page ? `${path}?page=${page}` : null);
    const check = (body, { page, size, last, prev, next }) => {
      const from = (page - 1) * size;
      const want = made.slice(from, from + size);
      assert.deepEqual(body.data.map((item) => item.id), want, 'ascending by creation');
      assert.deepEqual(body.links, { first: link(1), last: link(last), prev: link(prev), next: link(next) });
      assert.deepEqual(body.meta, { current_page: page, from: want.length ? from + 1 : null, last_page: last, path, per_page: size,
        to: want.length ? from + want.length : null, total: 30 });
    };
    check(await account.history(), { page: 1, size: 12, last: 3, next: 2 });
    check(await account.history({ page: 2 }), { page: 2, size: 12, last: 3, prev: 1, next: 3 });
    check(await account.history({ page: '3' }), { page: 3, size: 12, last: 3, prev: 2 });
    check(await account.history({}, '?page=2'), { page: 2, size: 12, last: 3, prev: 1, next: 3 });
    check(await account.history({ page: 1 }, '?page=2'), { page: 1, size: 12, last: 3, next: 2 });
    check(await account.history({ page: null }, '?x=1&page=3'), { page: 3, size: 12, last: 3, prev: 2 });
    check(await account.history({ paginate: 30 }), { page: 1, size: 30, last: 1 });
    check(await account.history({ paginate: 100 }), { page: 1, size: 100, last: 1 });
    check(await account.history({ paginate: '1', page: 30 }), { page: 30, size: 1, last: 30, prev: 29 });
    check(await account.history({ paginate: 7, page: 5 }), { page: 5, size: 7, last: 5, prev: 4 });
    check(await account.history({ page: 4 }), { page: 4, size: 12, last: 3, prev: 3 });
    check(await account.history({ page: 1000000 }), { page: 1000000, size: 12, last: 3, prev: 3 });
    check(await account.history({ page: 2147483647 }), { page: 2147483647, size: 12, last: 3, prev: 3 });
  });

  it('days are those of Dhaka, whole and inclusive', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const untilMidnight = (now) => DAY - ((now + 6 * 3600 * 1000) / 1000) % DAY;
    // to a few seconds before Dhaka's midnight, then over it
    const now = await w.clock.now();
    await w.clock.advance(Math.max(1, Math.floor(untilMidnight(now)) - 20));
    const evening = await account.create();
    const today = day(await w.clock.now());
    await w.clock.advance(21);
    const night = await account.create();
    const tomorrow = day(await w.clock.now());
    assert.equal(tomorrow, day(Date.parse(`${today}T00:00:00Z`) - 6 * 3600 * 1000, 1), 'the clock went over midnight');
    const ids = async (body) => (await account.history(body)).data.map((item) => item.id);
    assert.deepEqual(await ids({ date_from: today, date_to: today }), [evening.id]);
    assert.deepEqual(await ids({ date_from: tomorrow, date_to: tomorrow }), [night.id]);
    assert.deepEqual(await ids({ date_from: today, date_to: tomorrow }), [evening.id, night.id]);
    assert.deepEqual(await ids({ date_to: today }), [evening.id]);
    assert.deepEqual(await ids({ date_from: tomorrow }), [night.id]);
    const [first, second] = (await account.history()).data;
    assert.equal(first.created_at.slice(0, 10), today);
    assert.equal(second.created_at.slice(0, 10), tomorrow);
    assert.match(first.created_at, / 23:59:/);
    assert.match(second.created_at, / 00:00:/);
  });

  it('without dates: from 30 days before today', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const old = await account.create();
    const then = await w.clock.now();
    await w.clock.advance(30 * DAY);
    const total = async (body) => (await account.history(body)).meta.total;
    assert.equal(await total({}), 1, 'the 30th day before is in');
    await w.clock.advance(DAY);
    assert.equal(await total({}), 0, 'the 31st is not');
    assert.equal(await total({ date_from: day(then) }), 1);
    assert.equal(await total({ date_to: day(then, 30) }), 1, 'date_from counts from date_to');
    assert.equal(await total({ date_to: day(then, 31) }), 0);
    assert.equal(await total({ date_from: day(then, 1) }), 0);
    assert.equal((await w.status.call(account.world, old).catch(() => account.status(old))).id, old.id);
  });

  it('the total is exact while payments are being made', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    await parallel(Array.from({ length: 300 }), () => account.create(), 32);
    const body = await account.history({ paginate: 100, page: 3 });
    assert.equal(body.meta.total, 300);
    const seen = new Set();
    for (let page = 1; page <= 3; page++) {
      (await account.history({ paginate: 100, page })).data.forEach((item) => seen.add(item.id));
    }
    assert.equal(seen.size, 300, 'each payment is on one page');
  });

  it('statuses and fees of ended payments', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments', 'notifications'], feePercent: '2.00' });
    const paid = await account.create({ amount: '50.00' });
    await w.pay(paid);
    const cancelled = await account.create();
    await cancelled.payer.press('cancel');
    await cancelled.payer.reaches('cancelled');
    const items = (await account.history()).data;
    assert.deepEqual(items.map((i) => [i.id, i.status, i.commission_amount]),
      [[paid.id, 'paid', '1.000000000'], [cancelled.id, 'cancel', null]]);
  });
});
