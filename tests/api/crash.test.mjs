// What a client or payer was told holds after kill -9; what was under way is settled from the rows alone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { newOrder } from './lib/account.mjs';
import { expectGood, expectInvalid, parallel } from './lib/expect.mjs';
import { BUILD, suite } from './lib/harness.mjs';
import { run, sleep, until } from './lib/process.mjs';
import { sqlRun } from './lib/store.mjs';

suite('crash', { purposes: ['payments', 'notifications'] }, (w) => {
  const notes = (payment) => w.receiver.of('/notify').filter((note) => JSON.parse(note.text).id === payment.id);
  const again = async () => {
    await w.kill9();
    await w.startKassad();
  };
  const paidOnce = async (payment, paymentID) => {
    await payment.payer.reaches('paid');
    assert.equal((await w.status(payment)).payment_status, 'paid');
    await until(() => notes(payment).length > 0, { what: 'its notification' });
    assert.equal(new Set(notes(payment).map((n) => n.headers['webhook-id'])).size, 1);
    assert.equal((await w.sim.payment(paymentID)).executes, 1);
  };

  it('T38 every create that was answered 200 is there; every other one is there or not, and can be repeated', async () => {
    for (let round = 0; round < 4; round++) {
      const told = new Map();
      const bodies = [];
      let stop = false;
      const client = async (n) => {
        for (let i = 0; !stop; i++) {
          const fields = w.account.fields({ order_id: newOrder(`crash-${n}-${i}`) });
          const body = JSON.stringify(fields);
          bodies.push(body);
          try {
            const answer = await w.call('/v1/payment', body, { agent: false });
            if (answer.status === 200) {
              told.set(fields.order_id, answer.json.id);
            }
          } catch {
            return; // the connection is gone
          }
        }
      };
      const clients = Array.from({ length: 16 }, (_, n) => client(n));
      await until(() => told.size > 20 + 37 * round, { what: 'some payments' });
      await w.kill9();
      stop = true;
      await Promise.all(clients);
      await w.startKassad();
      await parallel([...told], async ([order_id, id]) => {
        const status = expectGood(await w.call('/v1/payment/status', { order_id }), order_id);
        assert.equal(status.id, id);
      });
      const repeated = await parallel(bodies, async (body) => expectGood(await w.call('/v1/payment', body), body));
      assert.equal(new Set(repeated.map((p) => p.id)).size, bodies.length, 'no order twice, no payment of two orders');
      for (const [i, body] of bodies.entries()) {
        const id = told.get(JSON.parse(body).order_id);
        assert.ok(id === undefined || id === repeated[i].id);
      }
    }
    await w.audit();
  });

  it('B13 T48 an execute that was sent when kassad died is settled by a query after the start, and not sent again', async () => {
    const payment = await w.create();
    const { paymentID } = await w.begin(payment);
    await w.sim.fault('execute', 'delay', { payment_id: paymentID, value: '1500' });
    const callback = await w.sim.approve(paymentID);
    w.follow(payment, callback).catch(() => {});
    await until(async () => (await w.sim.payment(paymentID)).executes === 1, { what: 'the execute' });
    await again();
    assert.equal((await w.status(payment)).payment_status, 'wait');
    await w.follow(payment, callback);
    await w.clock.advance(35);
    await paidOnce(payment, paymentID);
    assert.equal((await w.sim.payment(paymentID)).queries, 1);
  });

  it('a create at the wallet that was under way when kassad died: the payer presses again', async () => {
    const payment = await w.create();
    await w.sim.fault('create', 'delay', { invoice: `K${payment.id}-1`, value: '1500' });
    await payment.payer.press('pay');
    await w.sim.created(`K${payment.id}-1`);
    await again();
    await w.clock.advance(60);
    await w.attempt(payment, 'failed');
    await payment.payer.reaches('open');
    const { paymentID } = await w.pay(payment, 2);
    await paidOnce(payment, paymentID);
  });

  it('T39 killed right after the end of a payment: the notification goes all the same', async () => {
    for (let round = 0; round < 3; round++) {
      const payment = await w.create();
      await payment.payer.press('cancel');
      await again();
      assert.equal((await w.status(payment)).payment_status, 'cancel');
      await w.clock.advance(60);
      await until(() => notes(payment).length > 0, { what: 'its notification' });
      assert.equal(new Set(notes(payment).map((n) => `${n.headers['webhook-id']} ${n.text}`)).size, 1);
    }
  });

  it('killed at any moment of the way: nothing is lost, nothing is taken twice', async () => {
    const payments = [];
    for (let round = 0; round < 6; round++) {
      const payment = await w.create();
      payments.push(payment);
      const { paymentID } = await w.begin(payment);
      const callback = await w.sim.approve(paymentID);
      w.follow(payment, callback).catch(() => {});
      await sleep(round * 4);
      await again();
      await w.follow(payment, callback);
      await w.clock.advance(35);
      await w.clock.advance(121);
      const shown = await w.until(payment, 'settled', (p) => p.state === 'paid' || p.state === 'open');
      const { state, executes } = await w.sim.payment(paymentID);
      assert.equal(state === 'completed', shown.state === 'paid', `round ${round}: paid if and only if the money moved`);
      assert.ok(executes <= 1, `round ${round}: ${executes} executes`);
      if (shown.state === 'open') {
        await w.pay(payment, 2);
      }
      await until(() => notes(payment).length > 0, { what: 'its notification' });
    }
    await w.audit();
    assert.equal((await w.sim.totals()).executes_max, 1);
  });

  it('a stop while calls are under way answers them, and the next start goes on', async () => {
    const answers = parallel(Array.from({ length: 100 }), () => w.tryCreate({}, { agent: false }).catch((error) => error), 20);
    await sleep(30);
    await w.stopKassad();
    const seen = await answers;
    for (const answer of seen) {
      if (answer instanceof Error) {
        assert.match(`${answer.code}`, /ECONNREFUSED|ECONNRESET/);
      } else {
        assert.ok([200, 503].includes(answer.status), answer.text);
      }
    }
    await w.startKassad();
    for (const answer of seen.filter((a) => a.status === 200)) {
      assert.equal((await w.status(answer.json)).payment_status, 'wait');
    }
  });

  it('the state of payments survives a restart at each stage', async () => {
    const open = await w.create();
    const atWallet = await w.create();
    const { paymentID } = await w.begin(atWallet);
    await w.restartKassad();
    assert.equal((await open.payer.state()).stage, 'open');
    assert.equal((await atWallet.payer.state()).stage, 'at_wallet');
    await w.follow(atWallet, await w.sim.approve(paymentID));
    await paidOnce(atWallet, paymentID);
    await w.restartKassad();
    assert.equal((await w.status(atWallet)).payment_status, 'paid');
    assert.equal(notes(atWallet).length, 1);
  });
});

suite('secrets', { purposes: ['payments', 'notifications'] }, (w) => {
  const file = () => path.join(w.dir, 'secret.key');
  const refuses = async (change, what) => {
    const good = fs.readFileSync(file());
    await w.stopKassad();
    change();
    for (const args of [['--check-config'], []]) {
      const { code, stdout, stderr } = await run(path.join(BUILD, 'kassad'), ['--config', w.cli.config, ...args], { cwd: w.dir });
      assert.equal(code, 1, `${what}: ${args} ${stdout}${stderr}`);
      assert.ok(/secret/.test(stderr), `${what}: it says what is wrong: ${stderr}`);
      assert.ok(!stderr.includes(good.toString().trim()), `${what}: it does not tell the key`);
    }
    fs.rmSync(file(), { force: true });
    fs.writeFileSync(file(), good, { mode: 0o600 });
    await w.startKassad();
  };

  it('T8 without its secret key, or with an empty, unreadable or open one, kassad does not start', async () => {
    await refuses(() => fs.rmSync(file()), 'no file');
    await refuses(() => fs.writeFileSync(file(), ''), 'an empty file');
    await refuses(() => fs.writeFileSync(file(), 'not a key\n'), 'no key');
    await refuses(() => fs.chmodSync(file(), 0o644), 'a file that others can read');
    await refuses(() => fs.truncateSync(file(), 20), 'half a key');
  });

  it('T8 with another key kassad does not start; told that the old one is lost, it signs, sends and opens nothing; with the right one all is there again', async () => {
    const payment = await w.create();
    const other = path.join(w.dir, 'other');
    const made = await run(path.join(BUILD, 'kassa'), ['init', '--dir', other], { cwd: w.dir });
    assert.equal(made.code, 0, made.stderr);
    const good = fs.readFileSync(file());
    const becomes = (key) => {
      fs.rmSync(file());
      fs.writeFileSync(file(), key, { mode: 0o600 });
    };
    const lost = () => sqlRun(w.cli.store, "DELETE FROM setting WHERE name = 'secret_key_check'");
    await w.stopKassad();
    becomes(fs.readFileSync(path.join(other, 'secret.key')));
    const { code, stderr } = await run(path.join(BUILD, 'kassad'), ['--config', w.cli.config], { cwd: w.dir });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /secret_key_file.*is not the one that this store was made with/);
    await lost();
    await w.startKassad();
    expectInvalid(await w.tryCreate(), ['customer_code'], 'the wallet cannot be used');
    assert.equal((await payment.payer.send('GET', payment.url)).status, 404, 'the link was made with the lost key');
    await w.clock.advance(3700); // it runs out
    const shown = await w.until(payment, 'parked', (p) => p.notifications[0]?.state === 'parked');
    assert.equal(w.receiver.notes.length, 0);
    await w.stopKassad();
    becomes(good);
    await lost();
    await w.startKassad();
    assert.equal((await payment.payer.send('GET', payment.url)).status, 200);
    await w.cli.run(['notification', 'resend', shown.notifications[0].id]);
    await w.receiver.wait('/notify');
  });
});
