// From a SQLite file to a PostgreSQL database, as an operator does it: with payments in all their states, cut off, and gone on with.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { BUILD, suite } from './lib/harness.mjs';
import { Nagad, SIM_ARGS } from './lib/nagad.mjs';
import { PAYERS, addNumber } from './lib/number.mjs';
import { Postgres } from './lib/postgres.mjs';
import { Program, run, sleep, until } from './lib/process.mjs';
import { Rocket } from './lib/rocket.mjs';
import { sqlRows } from './lib/store.mjs';

suite('from a file to a database', { onFile: true, feePercent: '1.00', simArgs: SIM_ARGS, purposes: ['payments', 'notifications'],
  config: { ways: { rocket: 'checkout' } } }, (w) => {
  const postgres = new Postgres(), p = {};
  let nagad, rocket, number, target, said, statuses, history, audit, trx = 7706780000;

  before(async () => {
    await postgres.start();
    target = await postgres.database();
  });
  after(() => postgres.stop());

  const kassa = (...args) => w.cli.try(['--config', w.cli.config, ...args]);
  const refused = async (args, text, code = 1) => {
    const result = await kassa(...args);
    assert.equal(result.code, code, result.stdout + result.stderr);
    assert.match(result.stderr, text);
  };
  const next = () => String(trx += 1);
  const type = async (payment, trxId) => {
    const payer = w.payer(payment), html = (await payer.send('GET', `${payment.url}?way=number`)).text;
    const answer = await payer.press('trx-send', { extra: [['trx_id', trxId], ['payer', PAYERS.rocket]], html });
    assert.equal(answer.status, 303, answer.text);
  };
  const is = async (payment, status) => assert.equal((await w.status(payment)).payment_status, status);
  /** What a merchant is told of each payment, byte by byte. */
  const told = async () => Object.fromEntries(await Promise.all(Object.entries(p).map(async ([name, payment]) => [name,
    (await w.call('/v1/payment/status', { id: payment.id })).text])));
  const notes = (payment) => w.receiver.of('/notify').filter((note) => JSON.parse(note.text).id === payment.id);

  it('a shop with payments of every wallet, in many states', { timeout: 120000 }, async () => {
    nagad = await new Nagad(w).start();
    number = await addNumber(w, 'rocket', '017111111112');
    await number.alive();
    await until(async () => (await w.tryCreate({ customer_code: 'rocket' })).status === 200, { what: 'a create by number' });
    const byNumber = () => w.create({ customer_code: 'rocket', amount: '500.00' });
    [p.numberPaid, p.numberShort, p.numberTyped, p.numberLate] = await Promise.all([1, 2, 3, 4].map(byNumber));
    const ids = { paid: next(), short: next(), late: next() };
    await number.tell(500, ids.paid);
    await number.tell(200, ids.short);
    await number.tell(200, ids.late);
    await number.tell(77, next()); // nobody's yet
    await type(p.numberPaid, ids.paid);
    await type(p.numberShort, ids.short);
    await type(p.numberLate, ids.late);
    p.numberTyped.trxId = next();
    await type(p.numberTyped, p.numberTyped.trxId);
    await w.payer(p.numberLate).press('cancel');
    p.bkashPaid = await w.create();
    await w.pay(p.bkashPaid);
    p.bkashRefunded = await w.create();
    await w.pay(p.bkashRefunded);
    await w.cli.json(['refund', p.bkashRefunded.id, '--amount', '100.00', '--reason', 'returned']);
    await w.until(p.bkashRefunded, 'the refund', (s) => s.refunds.at(-1)?.state === 'done');
    p.nagadPaid = await nagad.create({ amount: '250.50' });
    const { ref } = await nagad.begin(p.nagadPaid);
    await w.follow(p.nagadPaid, await nagad.act(ref, 'approve'));
    await p.nagadPaid.payer.reaches('paid');
    rocket = await new Rocket(w).start();
    await until(async () => {
      p.rocketPaid = await rocket.create();
      return (await w.payer(p.rocketPaid).page()).text.includes('data-testid="pay"');
    }, { every: 250, what: 'Rocket at the bank' });
    const { transId } = await rocket.begin(p.rocketPaid);
    await rocket.act(transId, 'approve');
    await rocket.comeBack(p.rocketPaid, transId);
    await p.rocketPaid.payer.reaches('paid');
    p.begun = await w.create(); // its payer is at the wallet
    p.begun.attempt = await w.begin(p.begun);
    p.open = await w.create({ description: 'চা, "tea" & \\ biscuits' });
    p.pending = await w.create({ notification_endpoint_url: w.receiver.on('/pending', { status: 500 }) });
    await w.pay(p.pending);
    await w.receiver.wait('/pending');
    await is(p.numberPaid, 'paid');
    await is(p.numberShort, 'wait');
    await w.receiver.wait('/notify', 6, 30000);
  });

  it('a running kassad, a wrong address and a database in use are refused, and nothing has changed', async () => {
    await refused(['move', '--to', target], /another kassad runs.*stop it first/);
    statuses = await told();
    history = (await w.call('/v1/payment/history', {})).text;
    await w.stopKassad();
    audit = await w.audit();
    await refused(['move'], /--to/, 2);
    await refused(['move', '--to', '/tmp/other.db'], /postgresql:\/\//, 2);
    await refused(['move', '--to', target, '--database-gone'], /--undo/, 2);
    await refused(['move', '--to', postgres.server.replace('/postgres?', '/nowhere?')], /nowhere/);
    await refused(['move', '--undo', '--to', target], /was not moved/);
    const other = await postgres.database();
    assert.equal((await run('psql', ['-Xq', '-d', other, '-c', 'CREATE TABLE guest (a int)'])).code, 0);
    await refused(['move', '--to', other], /another program/);
    assert.deepEqual(await w.audit(), audit);
  });

  it('T47 killed at any moment, the books are whole on one side, and the same command goes on', { timeout: 120000 }, async () => {
    const seen = { before: 0, cut: 0, made: 0 };
    for (const ms of [5, 20, 40, 60, 80, 100, 130, 160, 200, 250, 300]) {
      const program = new Program(w.cli.program, ['--config', w.cli.config, 'move', '--to', target], { log: path.join(w.dir, 'move.log') });
      await sleep(ms);
      await program.kill9();
      const look = await kassa('audit', '--json');
      if (look.code === 0) {
        assert.deepEqual(JSON.parse(look.stdout), audit);
        seen.before += 1;
        continue;
      }
      assert.match(look.stderr, /moved to another database|has not ended/);
      await until(async () => (await sqlRows(target, `SELECT pid FROM pg_stat_activity WHERE datname = current_database()
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()`)).length === 0, { what: 'the end of the connection that was cut off' });
      const [{ n }] = await sqlRows(target, `SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'`);
      if (Number(n) === 0) {
        seen.cut += 1;
        continue;
      }
      seen.made += 1;
      assert.equal((await sqlRows(target, 'SELECT id FROM payment')).length, audit.payments);
      break;
    }
    assert.ok(seen.before + seen.cut + seen.made > 0);
  });

  it('all goes, the same on both sides, and the file is refused from then on', async () => {
    let text = await kassa('move', '--to', target, '--json');
    if (text.code !== 0) {
      assert.match(text.stderr, /was moved already/); // the last kill came too late
      text = undefined;
    }
    if (text && JSON.parse(text.stdout).tables) {
      said = JSON.parse(text.stdout);
      const here = Object.fromEntries(said.tables.map((t) => [t.table, t.here]));
      assert.equal(here.payment, audit.payments);
      assert.ok(said.tables.length > 25, said.tables.map((t) => t.table).join());
      assert.ok(said.ledger.every((l) => l.here === l.there), JSON.stringify(said.ledger));
      assert.ok(said.ledger.some((l) => l.kind === 'suspense' && l.here !== '0.00'));
      assert.ok(said.audit.every((a) => a.here === a.there), JSON.stringify(said.audit));
      assert.equal(said.audit.find((a) => a.audit === 'faults').there, 0);
      assert.equal(said.chain_head, audit.chain_head);
    }
    await refused(['audit'], /moved to another database/);
    await refused(['move', '--to', target], /moved already/);
    const started = await run(path.join(BUILD, 'kassad'), ['--config', w.cli.config], { cwd: w.dir });
    assert.equal(started.code, 1);
    assert.match(started.stderr, /moved to another database/);
  });

  it('the way back is open until the database is used', async () => {
    await w.cli.json(['move', '--undo', '--to', target]);
    assert.deepEqual(await w.audit(), audit);
    await refused(['move', '--to', target], /holds a store already/);
    target = await postgres.database();
    said = await w.cli.json(['move', '--to', target]);
    assert.equal(said.moved, true);
    assert.ok(said.tables.length > 25, said.tables.map((t) => t.table).join());
    assert.ok(said.ledger.every((l) => l.here === l.there), JSON.stringify(said.ledger));
    assert.ok(said.ledger.some((l) => l.kind === 'suspense' && l.here !== '0.00'));
    assert.ok(said.audit.every((a) => a.here === a.there), JSON.stringify(said.audit));
    assert.equal(said.chain_head, audit.chain_head);
    fs.copyFileSync(w.cli.config, path.join(w.dir, 'file.conf'));
    w.configure({ store: { path: target } });
    assert.deepEqual(await w.audit(), audit);
  });

  it('kassad goes on with it: links, statuses, money under way, and what was to be told', { timeout: 120000 }, async () => {
    w.receiver.on('/pending', { status: 200 });
    await w.startKassad();
    await w.seen();
    assert.deepEqual(await told(), statuses);
    assert.equal((await w.call('/v1/payment/history', {})).text, history);
    const page = await w.payer(p.open).page();
    assert.equal(page.status, 200);
    await w.pay(p.open);
    await w.follow(p.begun, await w.sim.approve(p.begun.attempt.paymentID));
    await w.payer(p.begun).reaches('paid');
    assert.equal((await w.sim.payment(p.begun.attempt.paymentID)).executes, 1);
    const rest = next();
    await type(p.numberShort, rest);
    await number.tell(300, rest);
    await is(p.numberShort, 'paid');
    await number.tell(500, p.numberTyped.trxId);
    await is(p.numberTyped, 'paid');
    const fresh = await nagad.create();
    assert.ok(Number(fresh.id) > Math.max(...Object.values(p).map((x) => Number(x.id))));
    const { ref } = await nagad.begin(fresh);
    await w.follow(fresh, await nagad.act(ref, 'approve'));
    await fresh.payer.reaches('paid');
    await w.clock.advance(3600);
    const pending = await w.receiver.wait('/pending', 2, 30000);
    assert.equal(new Set(pending.map((n) => n.headers['webhook-id'])).size, 1);
    await until(() => notes(fresh).length > 0 && notes(p.open).length > 0, { what: 'new notifications' });
    for (const payment of [p.bkashPaid, p.nagadPaid, p.rocketPaid, p.numberPaid]) {
      assert.equal(notes(payment).length, 1, `payment ${payment.id} was told once`);
    }
    assert.equal(w.receiver.of('/pending').length, 2);
    assert.equal((await w.audit()).ok, true);
  });

  it('a database in use is not left, and the file stays refused', async () => {
    await w.stopKassad();
    const file = path.join(w.dir, 'file.conf');
    const back = await w.cli.try(['--config', file, 'move', '--undo', '--to', target]);
    assert.equal(back.code, 1);
    assert.match(back.stderr, /in use since/);
    assert.equal((await w.cli.try(['--config', file, 'audit'])).code, 1);
    await w.startKassad();
  });

  it('migrate --check says that nothing is to be done, on both, and refuses what is too new', async () => {
    const file = path.join(w.dir, 'file.conf');
    for (const config of [w.cli.config, file]) {
      const look = await w.cli.try(['--config', config, 'migrate', '--check', '--json']);
      assert.equal(look.code, 0, look.stderr);
      assert.equal(JSON.parse(look.stdout).state, 'current');
    }
    await run('psql', ['-Xq', '-d', target, '-c', 'INSERT INTO schema_version SELECT max(version) + 1, 0, max(version) + 1 FROM schema_version']);
    const look = await w.cli.try(['--config', w.cli.config, 'migrate', '--check', '--json']);
    assert.equal(look.code, 1);
    assert.match(look.stderr, /use the newer program/);
  });
});
