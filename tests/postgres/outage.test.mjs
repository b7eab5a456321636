// No writable primary: what a gateway says meanwhile, that it takes up again by itself, and that nothing acknowledged is lost.
import assert from 'node:assert/strict';
import { after, afterEach, before, it } from 'node:test';
import { newOrder } from '../api/lib/account.mjs';
import { suite } from '../api/lib/harness.mjs';
import { request } from '../api/lib/http.mjs';
import { until } from '../api/lib/process.mjs';
import { serverRun, sqlRows } from '../api/lib/store.mjs';
import { Relay } from './lib/relay.mjs';

suite('a gateway whose database is away', {}, (w) => {
  let relay, second;
  const acknowledged = new Map();

  before(async () => {
    relay = await new Relay().start();
    second = await new Relay().start();
  });
  afterEach(async () => {
    relay.goOn();
    await relay.back();
  });
  after(async () => {
    await relay.stop();
    await second.stop();
  });

  const readiness = () => request('GET', `${w.opsUrl}/readyz`, { agent: false });
  const ready = (wanted) => until(async () => (await readiness()).status === (wanted ? 200 : 503),
    { ms: 60000, every: 200, what: wanted ? 'readiness' : 'the end of readiness' });
  const create = async (order_id = newOrder()) => {
    const answer = await w.tryCreate({ order_id });
    if (answer.status === 200) {
      acknowledged.set(order_id, answer.json.id);
    }
    return { ...answer, order_id };
  };
  const refused = (answer) => {
    assert.equal(answer.status, 503, answer.text);
    assert.ok(Number(answer.headers['retry-after']) >= 1, 'it says when to come again');
    assert.deepEqual(Object.keys(answer.json.errors), ['server']);
  };
  /** What was refused may be asked again; what was acknowledged is there once. */
  const settled = async (answers) => {
    for (const answer of answers) {
      const again = await create(answer.order_id);
      assert.equal(again.status, 200, again.text);
      if (answer.status === 200) {
        assert.equal(again.json.id, answer.json.id);
      }
    }
    const rows = await sqlRows(w.cli.store, 'SELECT id, order_id FROM payment');
    const stored = new Map(rows.map((r) => [r.order_id, r.id]));
    assert.equal(stored.size, rows.length);
    for (const [order, id] of acknowledged) {
      assert.equal(String(stored.get(order)), String(id), order);
    }
  };

  it('T44 the server is away: not ready though nobody writes, 503 with Retry-After, and then all goes on', async () => {
    await w.restartKassad({ store: { path: relay.url(w.cli.store) } });
    const before = await create();
    assert.equal(before.status, 200);
    await relay.away();
    await ready(false);
    assert.match((await readiness()).json.errors.server[0], /^The (store|database) /);
    assert.equal(await w.metric('kassa_store_writable'), 0);
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => create()));
    answers.forEach(refused);
    assert.equal((await request('GET', `${w.opsUrl}/healthz`)).status, 200, 'a restart would not help');
    await relay.back();
    await ready(true);
    assert.equal(await w.metric('kassa_store_writable'), 1);
    await settled([before, ...answers]);
  });

  it('T44 the server is silent: who waits is not joined by others, and gets its answer', async () => {
    relay.hang();
    const waiting = [1, 2, 3].map(() => create());
    try {
      await ready(false);
      refused(await create());
      refused(await w.call('/v1/payment/history', {}));
    } finally {
      relay.goOn();
    }
    await ready(true);
    await settled(await Promise.all(waiting));
  });

  it('T44 it is a standby for now: not ready, and ready again when it is the primary', async () => {
    const database = /@\/(\w+)\?/.exec(w.cli.store)[1];
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`;
    await serverRun(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
    await serverRun(cut);
    await ready(false);
    refused(await create());
    await serverRun(`ALTER DATABASE ${database} RESET default_transaction_read_only`);
    await ready(true);
    await settled([await create()]);
  });

  it('T44 with several hosts the next one is taken', async () => {
    await w.restartKassad({ store: { path: Relay.url(w.cli.store, relay, second) } });
    assert.equal((await create()).status, 200);
    await relay.away();
    await until(async () => (await create()).status === 200, { ms: 60000, every: 200, what: 'a create at the next host' });
    await ready(true);
    await relay.back();
    await settled([]);
  });

  it('a payer pays after all that, and the books are right', async () => {
    await w.pay(await w.create({ amount: '90.00' }));
    await w.audit();
  });
});
