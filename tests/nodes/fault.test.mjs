// A node that dies, stands still, is cut off or has a wrong clock: nothing is lost, and nothing done twice.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { parallel } from '../api/lib/expect.mjs';
import { sleep, until } from '../api/lib/process.mjs';
import { BUILD, Door, nodesSuite } from './lib/nodes.mjs';

const OPTIONS = { count: 2, purposes: ['payments', 'notifications'] };

/** The whole way of a payer who pays, at the node that the front leads to. */
async function paidOnce(c, payment, paymentID) {
  await payment.payer.reaches('paid');
  await until(() => c.notes(payment).length > 0, { what: 'its notification' });
  assert.equal(new Set(c.notes(payment).map((n) => `${n.headers['webhook-id']} ${n.text}`)).size, 1);
  assert.equal((await c.world.sim.payment(paymentID)).executes, 1);
}

nodesSuite('T45 a node that dies', OPTIONS, (c) => {
  it('B13 killed in the middle of an execute: the other asks the wallet, and tells the merchant once', async () => {
    const [a, b] = c.nodes;
    c.front.to(a);
    const payment = await a.account.create();
    const { paymentID } = await c.world.begin(payment);
    await c.world.sim.fault('execute', 'delay', { payment_id: paymentID, value: '2500' });
    const callback = await c.world.sim.approve(paymentID);
    c.world.follow(payment, callback).catch(() => {});
    await until(async () => (await c.world.sim.payment(paymentID)).executes === 1, { what: 'the execute' });
    await a.program.kill9();
    c.front.to(b);
    assert.equal((await b.account.status(payment)).payment_status, 'wait');
    await c.world.follow(payment, callback);
    await b.advance(35);
    await paidOnce(c, payment, paymentID);
    assert.equal((await c.world.sim.payment(paymentID)).queries, 1);
    await a.start();
  });

  it('T40 killed while it tells a merchant: the other tells him, under the same id', async () => {
    const [a, b] = c.nodes;
    c.front.to(a);
    await c.clocksReach(await b.now());
    const payment = await a.account.create();
    c.world.receiver.on('/notify', { hang: true });
    await payment.payer.press('cancel');
    await until(() => c.notes(payment).length > 0, { what: 'a first try' });
    // whose try it is, is not known from outside: both are killed, one comes back
    await a.program.kill9();
    await b.program.kill9();
    c.world.receiver.on('/notify', { status: 200 });
    await b.start();
    await b.advance(60);
    await until(() => c.notes(payment).length > 1, { what: 'a second try' });
    assert.equal(new Set(c.notes(payment).map((n) => `${n.headers['webhook-id']} ${n.text}`)).size, 1);
    await a.start();
  });

  it('killed at any moment of the way: the other goes on, nothing is lost or taken twice', async () => {
    for (let round = 0; round < 6; round++) {
      const [a, b] = round % 2 ? [...c.nodes].reverse() : c.nodes;
      c.front.to(a);
      const payment = await a.account.create();
      const { paymentID } = await c.world.begin(payment);
      const callback = await c.world.sim.approve(paymentID);
      c.world.follow(payment, callback).catch(() => {});
      await sleep(round * 4);
      await a.program.kill9();
      c.front.to(b);
      await c.world.follow(payment, callback);
      await b.advance(35);
      await b.advance(121);
      const shown = await c.world.until(payment, 'settled', (p) => p.state === 'paid' || p.state === 'open');
      const { state, executes } = await c.world.sim.payment(paymentID);
      assert.equal(state === 'completed', shown.state === 'paid', `round ${round}: paid if and only if the money moved`);
      assert.ok(executes <= 1, `round ${round}: ${executes} executes`);
      if (shown.state === 'open') {
        await c.world.pay(payment, 2);
      }
      await until(() => c.notes(payment).length > 0, { what: 'its notification' });
      await a.start();
    }
    assert.equal((await c.world.sim.totals()).executes_max, 1);
  });
});

nodesSuite('T45 a node that stands still', OPTIONS, (c) => {
  it('wakes up after the others have gone on, and does nothing twice', { timeout: 180000 }, async () => {
    const [a, b] = c.nodes;
    c.front.to(a);
    const under = [];
    for (let i = 0; i < 12; i++) {
      const payment = await a.account.create();
      const { paymentID } = await c.world.begin(payment);
      under.push({ payment, paymentID, callback: await c.world.sim.approve(paymentID) });
    }
    // callbacks at all stages of their way when it stops
    for (const { payment, callback } of under) {
      c.world.follow(payment, callback).catch(() => {});
      await sleep(2);
    }
    a.freeze();
    // longer than any call may begin after its commit: by the monotonic clock, which no sandbox moves
    await sleep(12000);
    c.front.to(b);
    await until(() => b.isReady(), { ms: 60000, what: 'the other node' });
    await parallel(under, ({ payment, callback }) => c.world.follow(payment, callback), 4);
    await b.advance(35);
    await b.advance(121);
    await parallel(under, async (one) => {
      const shown = await c.world.until(one.payment, 'settled', (p) => p.state === 'paid' || p.state === 'open');
      one.attempts = shown.state === 'open' ? 2 : 1;
      if (shown.state === 'open') {
        await c.world.pay(one.payment, 2);
      }
    }, 4);
    a.thaw();
    await until(() => a.isReady(), { what: 'the node that stood still' });
    await c.clocksReach(await b.now());
    await sleep(1500);
    for (const { payment, paymentID, attempts } of under) {
      const first = await c.world.sim.payment(paymentID);
      assert.equal(first.state === 'completed', attempts === 1, `payment ${payment.id}: its money moved once`);
      assert.ok(first.executes <= 1);
      await until(() => c.notes(payment).length > 0, { what: 'its notification' });
      assert.equal(new Set(c.notes(payment).map((n) => `${n.headers['webhook-id']} ${n.text}`)).size, 1);
    }
    const totals = await c.world.sim.totals();
    assert.deepEqual([totals.completed, totals.executes_max], [under.length, 1]);
  });
});

nodesSuite('T46 a node whose clock is wrong', { ...OPTIONS, count: 1 }, (c) => {
  for (const apart of [3600, -3600]) {
    it(`by ${apart} seconds: it says so, is not ready, and writes nothing`, async () => {
      const [a] = c.nodes;
      const wrong = await c.add();
      wrong.spawn({ env: { LD_PRELOAD: path.join(BUILD, 'tests/nodes/clock_apart.so'), CLOCK_APART_S: `${apart}` } });
      const seen = await until(async () => {
        const answer = await wrong.ready();
        return answer.status === 503 && /clock/.test(answer.text) && answer;
      }, { what: 'a node that is not ready' });
      assert.match(seen.text, /This machine's clock and the database's differ/);
      const before = (await a.account.history()).meta.total;
      const refused = (await wrong.account.tryCreate()).status; // an hour ago its certificate was not valid yet
      assert.equal(refused, apart > 0 ? 503 : 401);
      assert.equal((await a.account.history()).meta.total, before);
      assert.equal(Math.round((await wrong.metric('kassa_store_clock_apart_ms')) / 1000), -apart);
      assert.match(wrong.log(), /"event":"clock_apart"/);
      // neither may it end what has not run out, or take a call of the others as lost
      const payment = await a.account.create();
      const { paymentID } = await c.world.begin(payment);
      await c.world.sim.fault('execute', 'delay', { payment_id: paymentID, value: '1500' });
      await c.world.follow(payment, await c.world.sim.approve(paymentID));
      await payment.payer.reaches('paid');
      assert.equal((await c.world.sim.payment(paymentID)).queries, 0);
      assert.ok(await a.isReady());
      await wrong.program.stop();
      c.nodes.pop();
    });
  }
});

nodesSuite('T45 a node that is cut off', { ...OPTIONS, count: 1 }, (c) => {
  const door = new Door();

  it('is not ready within seconds while nobody asks it anything, and is again when the way is free', { timeout: 120000 }, async () => {
    const [a] = c.nodes;
    await door.start(c.databaseSocket);
    const b = await c.add({ store: { path: c.storeThrough(door) } });
    await b.start();
    const payment = await b.account.create();
    door.cut = true;
    await until(async () => {
      const answer = await b.ready();
      return answer.status === 503 && /does not answer/.test(answer.text);
    }, { what: 'a node that is not ready' });
    assert.equal(await b.metric('kassa_store_answers'), 0);
    // the other goes on, also with what the first has begun
    c.front.to(a);
    await c.world.pay(payment);
    assert.equal((await a.account.status(payment)).payment_status, 'paid');
    door.cut = false;
    door.drop();
    await until(() => b.isReady(), { ms: 60000, what: 'the node, which is ready again' });
    assert.equal((await b.account.status(payment)).payment_status, 'paid');
    assert.equal((await b.account.tryCreate()).status, 200);
    await b.program.stop();
    await door.stop();
  });
});

nodesSuite('nodes that do not belong together', { ...OPTIONS, count: 1 }, (c) => {
  it('another secret key file is refused at the start', async () => {
    const other = path.join(c.world.dir, 'other');
    fs.mkdirSync(other);
    const made = await c.world.cli.try(['init', '--sandbox', '--dir', other]);
    assert.equal(made.code, 0, made.stderr);
    const node = await c.add({ security: { secret_key_file: path.join(other, 'secret.key') } });
    node.spawn();
    const { code } = await node.program.ended;
    assert.equal(code, 1);
    assert.match(node.log(), /secret_key_file: .* is not the one that this store was made with/);
  });

  it('a key is changed in two rounds, and every node opens what the others sealed', async () => {
    const keys = path.join(c.world.dir, 'secret.key');
    const old = fs.readFileSync(keys, 'utf8');
    const fresh = `kassa-key-1 ${randomBytes(32).toString('hex')}\n`;
    const write = (text, name) => {
      const file = path.join(c.world.dir, name);
      fs.writeFileSync(file, text, { mode: 0o600 });
      return file;
    };
    const [a] = c.nodes;
    const before = await a.account.create();
    // the first round: all can open what the new key will seal
    const b = await c.add({ security: { secret_key_file: write(old + fresh, 'second.key') } });
    await b.start();
    await a.program.stop();
    fs.writeFileSync(keys, old + fresh);
    await a.start();
    // the second: it seals
    await b.program.stop();
    write(fresh + old, 'second.key');
    await b.start();
    const after = await b.account.create();
    for (const node of [a, b]) {
      c.front.to(node);
      for (const payment of [before, after]) {
        assert.equal((await payment.payer.state()).stage, 'open');
      }
    }
    c.front.to(a);
    await c.world.pay(after);
    await b.program.stop();
    // a node that was forgotten is refused
    write(old, 'second.key');
    b.spawn();
    assert.equal((await b.program.ended).code, 1);
    assert.match(b.log(), /lacks its newest key/);
  });
});
