// Two nodes on one store when everything happens at once: each merchant hears of each end, and each taka is posted once.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parallel } from '../api/lib/expect.mjs';
import { sleep, until } from '../api/lib/process.mjs';
import { nodesSuite, sqlRows } from './lib/nodes.mjs';

const GOOD = 200;
const DEAD = 10;
const PAID = 40;
/** A node looks for what is due at least so often: what one has told, the other has had the time to tell again. */
const LOOK_MS = 1500;

/** Added up anew by SQL of the test's own, beside the audit. */
const SUMS = {
  'entries whose postings are no zero': 'SELECT entry_id FROM posting GROUP BY entry_id HAVING sum(amount) <> 0',
  'entries without two postings': `SELECT e.id FROM ledger_entry e LEFT JOIN posting p ON p.entry_id = e.id
    GROUP BY e.id HAVING count(p.number) < 2`,
  'balances that are not the sum of their postings': `SELECT a.id FROM ledger_account a LEFT JOIN posting p ON p.ledger_account_id = a.id
    GROUP BY a.id, a.balance HAVING a.balance <> coalesce(sum(p.amount), 0)`,
  'running balances that do not follow': `SELECT entry_id FROM (SELECT entry_id, balance_after,
    sum(amount) OVER (PARTITION BY ledger_account_id ORDER BY entry_id, number) AS added FROM posting) p WHERE balance_after <> added`,
  'attached credits that are not posted once': `SELECT c.id FROM credit c LEFT JOIN ledger_entry e ON e.payment_id = c.payment_id
    GROUP BY c.id HAVING count(e.id) <> 1`,
};

nodesSuite('a storm at two nodes', { count: 2, purposes: ['payments', 'notifications'], feePercent: '1.5' }, (c) => {
  const at = (i) => c.nodes[i % c.nodes.length];
  const w = () => c.world;
  const of = (path) => new Set(w().receiver.of(path).map((note) => JSON.parse(note.text).id));

  it('T45 T54 every merchant is told once of every end, and a receiver that hangs holds up nobody', { timeout: 120000 }, async () => {
    const dead = await w().addAccount({ endpoint: false, purposes: ['payments', 'notifications'] });
    const endpoint = await w().addEndpoint(dead, { url: `${w().receiver.url}/dead`, mode: 'POST_JSON' });
    await w().setAccount(dead, ['--endpoint', endpoint.id]);
    await until(async () => (await dead.tryCreate()).status === 200, { what: 'the second account' });
    w().receiver.on('/dead', { hang: true });
    const make = (count, account) => parallel(Array.from({ length: count }), (_, i) => {
      account.world = { apiUrl: at(i).apiUrl };
      return account.create();
    }, 16);
    const lost = await make(DEAD, dead);
    const good = await make(GOOD, Object.assign(Object.create(Object.getPrototypeOf(w().account)), w().account));
    await parallel([...lost, ...good], async (payment, i) => {
      c.front.to(at(i));
      assert.equal((await payment.payer.press('cancel')).status, 303);
    }, 16);
    await until(() => of('/notify').size === GOOD, { ms: 30000, what: `${GOOD} notifications beside a receiver that hangs` });
    await sleep(LOOK_MS);
    assert.equal(w().receiver.of('/notify').length, GOOD, 'none is told twice');
    const delivered = await Promise.all(c.nodes.map((node) => node.metric('kassa_notify_delivered_total')));
    assert.equal(delivered[0] + delivered[1], GOOD, `delivered by each: ${delivered}`);
    w().receiver.on('/dead', {});
    await until(async () => {
      await at(0).advance(600);
      await sleep(300);
      return of('/dead').size === DEAD;
    }, { ms: 60000, what: `${DEAD} notifications to a receiver that lives again` });
    const ids = new Map();
    for (const note of w().receiver.of('/dead')) {
      const id = JSON.parse(note.text).id;
      assert.equal(ids.get(id) ?? note.headers['webhook-id'], note.headers['webhook-id'], 'each try has the same id');
      ids.set(id, note.headers['webhook-id']);
    }
    assert.equal(ids.size, DEAD);
  });

  it('T37 what is paid at both nodes at once adds up, by sums of the test\'s own', { timeout: 120000 }, async () => {
    const payments = await parallel(Array.from({ length: PAID }), (_, i) => at(i).account.create({ amount: `${10 + i}.37` }), 8);
    await parallel(payments, async (payment, i) => {
      c.front.to(at(i));
      await w().pay(payment);
    }, 8);
    for (const [what, select] of Object.entries(SUMS)) {
      assert.deepEqual(await sqlRows(w().cli.store, select), [], what);
    }
    const [{ paid }] = await sqlRows(w().cli.store, 'SELECT sum(amount)::bigint AS paid FROM credit');
    const { completed_amount: taken } = await w().sim.totals();
    assert.equal(String(paid), taken.replace('.', ''), 'what is credited is what the wallet took');
    const [{ rows }] = await sqlRows(w().cli.store, 'SELECT count(*) AS rows FROM credit');
    assert.equal(Number(rows), PAID);
  });
});
