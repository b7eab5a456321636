// Payments, overview and balance as the pages read them.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { newOrder } from '../api/lib/account.mjs';
import { expectCode, signIn } from './lib/cabinet.mjs';

const BOM = '\ufeff';
const today = () => new Date(Date.now() + 6 * 3600e3).toISOString().slice(0, 10);

suite('payments in the cabinet', { feePercent: 2 }, (w) => {
  let owner;
  let paid;
  let open;
  let shown;
  const orders = [];

  before(async () => {
    owner = await signIn(w, 'merchant_owner');
    paid = await w.create({ order_id: '=1+1' });
    await w.payer(paid).page();
    await w.pay(paid);
    shown = await w.state(paid, 'paid');
    for (let i = 0; i < 5; i++) {
      orders.push(newOrder('cab'));
      open = await w.create({ order_id: orders.at(-1), amount: `${10 + i}.50` });
    }
    await w.until(paid, 'a notification that arrived', (p) => p.notifications[0]?.state === 'delivered');
  });

  it('the list goes on by its cursor, the newest first, whatever is created meanwhile', async () => {
    const seen = [];
    for (let after = ''; after !== null;) {
      const page = await owner.good('GET', `/payments?limit=2&after=${after}`);
      assert.ok(page.items.length <= 2);
      seen.push(...page.items.map((p) => p.order_id));
      after = page.next;
      if (seen.length === 2) {
        await w.create();
      }
    }
    assert.deepEqual(seen, [...orders].reverse().concat('=1+1'));
  });

  it('filters tell what fits, and what is wrong with them', async () => {
    const found = async (query) => (await owner.good('GET', `/payments?${query}`)).items.map((p) => p.order_id);
    assert.deepEqual(await found('status=paid'), ['=1+1']);
    assert.deepEqual(await found('least=11&most=12.50'), [orders[2], orders[1]]);
    assert.deepEqual(await found('wallet=nagad'), []);
    assert.deepEqual(await found('to=2020-01-01'), []);
    assert.deepEqual(await found(`from=${today()}&status=paid&account=${w.account.uuid}`), ['=1+1']);
    for (const [query, field, fault] of [['status=x', 'status', 'invalid'], ['wallet=x', 'wallet', 'invalid'], ['least=-1', 'least', 'invalid'],
      ['from=2026-13-01', 'from', 'invalid'], ['from=2026-02-02&to=2026-02-01', 'to', 'out_of_range'], ['after=x', 'after', 'invalid']]) {
      expectCode(await owner.get(`/payments?${query}`), 400, 'field_invalid', { [field]: fault });
    }
  });

  it('T64 a payment is found by each of its names, and by nobody else', async () => {
    const stranger = await signIn(w, 'merchant_owner', { merchant: (await w.addMerchant('Other shop')).id });
    const other = await w.addAccount({ merchant: stranger.person.merchant ?? (await w.addMerchant('Third shop')).id });
    const support = await signIn(w, 'operator_support');
    const [attempt] = shown.attempts;
    for (const name of [shown.uuid, paid.id, '=1+1', attempt.invoice, attempt.trx_id, ` ${attempt.trx_id.toLowerCase()} `]) {
      const query = `/payments?q=${encodeURIComponent(name)}`;
      assert.deepEqual((await owner.good('GET', query)).items.map((p) => p.id), [String(shown.id)], name);
      assert.deepEqual((await support.good('GET', query)).items.map((p) => p.id), [String(shown.id)], name);
      assert.deepEqual((await stranger.good('GET', query)).items, [], name);
    }
    assert.deepEqual((await stranger.good('GET', '/payments')).items, []);
    const first = await stranger.get(`/payments/${shown.id}`);
    expectCode(first, 404, 'not_found');
    for (const path of [`/payments?account=${w.account.uuid}`, `/payments/export?account=${w.account.uuid}`, `/overview?account=${w.account.uuid}`,
      `/accounts/${w.account.uuid}/balance`, `/accounts/${w.account.uuid}/statement`, `/accounts/${w.account.uuid}/statement/export`,
      '/payments?account=x', '/payments/999999999']) {
      assert.equal((await stranger.get(path)).text, first.text, path);
    }
    assert.equal((await owner.get(`/payments?account=${other.uuid}`)).text, first.text);
    assert.ok((await support.good('GET', '/payments')).items.length >= 6);
  });

  it('one payment tells its facts and its story, without what would let one act as the payer', async () => {
    const answer = await owner.get(`/payments/${shown.id}`);
    const p = answer.json;
    assert.equal(p.state, 'paid');
    assert.equal(p.account, w.account.uuid);
    assert.equal(p.paid_poisha - p.commission_poisha, p.credited_poisha);
    assert.equal(p.attempts[0].trx_id, shown.attempts[0].trx_id);
    assert.equal(p.notifications[0].state, 'delivered');
    assert.ok(!answer.text.includes('callback_token') && !answer.text.includes('wallet_url'));
    assert.deepEqual(p.story.map((s) => s.at), p.story.map((s) => s.at).sort((a, b) => a - b));
    assert.equal(p.story[0].kind, 'created');
    const events = p.story.filter((s) => s.kind === 'event').map((s) => s.event);
    for (const event of ['opened', 'attempt', 'create_answer', 'created', 'callback_success', 'execute', 'execute_answer', 'paid']) {
      assert.ok(events.includes(event), `${event} in ${events}`);
    }
    assert.equal(events.filter((e) => e === 'opened').length, 1);
    const execute = p.story.find((s) => s.event === 'execute_answer');
    assert.equal(execute.reason, 'ok');
    assert.ok(execute.detail.duration_ms >= 0);
    const [ledger] = p.story.filter((s) => s.kind === 'ledger');
    assert.equal(ledger.net_poisha, p.credited_poisha);
    const [tried] = p.story.filter((s) => s.kind === 'try');
    assert.equal(tried.status, 200);
    assert.ok(!tried.url.includes('?'));
  });

  it('the overview counts what the list shows', async () => {
    const o = await owner.good('GET', '/overview');
    assert.equal(o.total.created, 7);
    assert.equal(o.total.paid, 1);
    assert.equal(o.total.opened, 1);
    assert.equal(o.total.reached, 1);
    assert.equal(o.waiting.open, 6);
    assert.equal(o.days.length, 30);
    assert.equal(o.days.at(-1).day, today());
    assert.equal(o.days.at(-1).created, 7);
    assert.equal(o.wallets.find((x) => x.wallet === 'bkash').paid, 1);
    assert.deepEqual(o.accounts.map((a) => a.uuid), [w.account.uuid]);
    const p = (await owner.good('GET', `/payments/${shown.id}`));
    assert.equal(o.total.received_poisha, p.paid_poisha);
    assert.equal(o.balance_poisha, p.credited_poisha);
    const developer = await signIn(w, 'merchant_developer');
    assert.equal((await developer.good('GET', '/overview')).balance_poisha, null);
    expectCode(await owner.get('/overview?from=2020-01-01'), 400, 'field_invalid', { from: 'out_of_range' });
  });

  it('T61 the file has all payments as they were filtered, and no cell that a spreadsheet runs', async () => {
    const answer = await owner.get('/payments/export');
    assert.match(answer.headers['content-type'], /^text\/csv/);
    assert.match(answer.headers['content-disposition'], /^attachment; filename="payments-\d{4}-\d\d-\d\d\.csv"$/);
    const lines = answer.text.split('\r\n');
    assert.ok(lines[0].startsWith(`${BOM}created,order_id,state`));
    assert.equal(lines.length, 7 + 2);
    const line = lines.at(-2).split(',');
    assert.equal(line[1], "'=1+1");
    assert.equal(line[2], 'paid');
    assert.ok(lines.at(-2).includes(shown.uuid) && lines.at(-2).includes(w.account.uuid));
    const some = (await owner.get(`/payments/export?status=paid`)).text.split('\r\n');
    assert.equal(some.length, 1 + 2);
    expectCode(await owner.get('/payments/export?status=x'), 400, 'field_invalid', { status: 'invalid' });
  });

  it('balance, days and statement agree, and so do their files', async () => {
    await w.cli.json(['refund', 'new', String(shown.id), '--amount', '1.00', '--reason', 'test']).catch(() => null);
    const b = await owner.good('GET', `/accounts/${w.account.uuid}/balance`);
    assert.equal(b.closing_poisha, b.balance_poisha);
    assert.equal(b.opening_poisha, 0);
    assert.equal(b.days.at(-1).balance_poisha, b.balance_poisha);
    const s = await owner.good('GET', `/accounts/${w.account.uuid}/statement`);
    assert.equal(s.items.find((l) => l.balance_poisha !== null).balance_poisha, b.balance_poisha);
    assert.equal(s.items.at(-1).entry, 'paid');
    assert.equal(s.items.at(-1).order_id, '=1+1');
    assert.equal(s.items.reduce((sum, l) => sum + l.net_poisha, 0), b.balance_poisha);
    const one = await owner.good('GET', `/accounts/${w.account.uuid}/statement?limit=1`);
    assert.equal(one.items.length, 1);
    const lines = (await owner.get(`/accounts/${w.account.uuid}/statement/export`)).text.trim().split('\r\n');
    assert.equal(lines.length, s.items.length + 1);
    assert.match(lines[1], /,paid,'=1\+1,/);
    const days = (await owner.get(`/accounts/${w.account.uuid}/statement/export?by=day`)).text.trim().split('\r\n');
    assert.equal(days.length, b.days.length + 1);
    assert.ok(days.at(-1).startsWith(`${today()},`));
    assert.deepEqual((await owner.good('GET', `/accounts/${w.account.uuid}/statement?to=2020-01-01`)).items, []);
  });
});
