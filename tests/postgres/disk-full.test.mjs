// The database server's disk is full, or fails: what cannot be kept is refused, no money moves for it, what was acknowledged is there
// afterwards, and the gateway is well again by itself when its server is. The same of a file: tests/torture/disk-full.test.mjs.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { request } from '../api/lib/http.mjs';
import { until } from '../api/lib/process.mjs';
import { Full } from '../torture/lib/full.mjs';
import { mountMissing, ownMounts, SmallDisk } from '../torture/lib/mounts.mjs';
import { Strace, straceMissing } from '../torture/lib/strace.mjs';
import { Server } from './lib/server.mjs';

ownMounts();

class OnServer extends Full {
  /** What was refused may have been stored in the moment when the server broke; it is the same payment when it is asked for again. */
  async expectRefusedOnce() {
    const refused = [...this.load.orders.values()].filter((order) => order.refused);
    assert.ok(refused.length > 0);
    for (const order of refused) {
      assert.ok(await this.tryOne(order));
      order.refused = false;
      await this.load.look(order);
    }
    assert.deepEqual(this.load.faults, []);
  }

  /** A write that needs no new page may still find room, and then it is ready for a moment. */
  async expectUnwell() {
    await until(async () => {
      await this.tryOne();
      return (await request('GET', `${this.opsUrl}/readyz`)).status === 503;
    }, { what: 'the end of readiness' });
    assert.equal((await request('GET', `${this.opsUrl}/healthz`)).status, 200);
  }

  async ready() {
    await until(async () => (await request('GET', `${this.opsUrl}/readyz`, { agent: false })).status === 200, { ms: 60000, what: 'readiness' });
    await until(() => this.tryOne(), { ms: 30000, what: 'a create that is stored again' });
  }
}

function installation(name, { skip, room, roomForLog }, define) {
  describe(name, { skip, concurrency: false }, () => {
    const w = new OnServer();
    const server = new Server();
    before(async () => {
      const disk = (what, size) => {
        const made = new SmallDisk(path.join(server.folder, what), size);
        server.give(made.dir);
        return made;
      };
      w.disk = room && disk('data', room);
      w.logDisk = roomForLog && disk('wal', roomForLog);
      // no checkpoint makes room in the log by itself
      await server.make({ wal: w.logDisk?.dir, settings: { max_wal_size: roomForLog ? '1GB' : '4MB', checkpoint_timeout: '1h' } });
      await w.prepare();
    }, { timeout: 120000 });
    after(async () => {
      await w.discard();
      await server.discard(w.disk, w.logDisk);
    }, { timeout: 60000 });
    define(w, server);
    it('afterwards all books agree', { timeout: 240000 }, async (t) => {
      await w.expectBooksAgree(t, true);
      await w.kassad.stop();
      await w.simProgram.stop();
    });
  });
}

/** A payer who has approved, and one who has not come yet: what is told is stored, and an execute goes out only when its intent is. */
async function expectHonest(w, { order, paymentID, callback }, early) {
  assert.ok([303, 503].includes((await w.payerOf(early).press('pay')).status));
  const back = await w.payerOf(order).send('GET', callback);
  assert.ok([303, 503].includes(back.status), `${back.status}`);
  const { executes } = await w.sim.payment(paymentID);
  assert.ok(executes <= (back.status === 303 ? 1 : 0), `${executes} executes, and the payer was answered ${back.status}`);
}

async function paysAfterAll(w, { order, paymentID, callback }) {
  await w.payerOf(order).send('GET', callback);
  await w.payerOf(order).reaches('paid');
  await w.receiver.wait('/notify');
  assert.equal((await w.sim.payment(paymentID)).executes, 1);
}

installation('the server has no room for data', { skip: mountMissing(), room: '96m' }, (w, server) => {
  it('T41 creates are refused, reads go on, what is told is stored, and it is well again when there is room', { timeout: 120000 }, async () => {
    const waiting = await w.approved();
    const early = await w.good();
    w.disk.fill();
    await w.createUntilRefused();
    const stored = await Promise.all(Array.from({ length: 40 }, () => w.tryOne()));
    assert.ok(stored.filter((s) => !s).length >= 30, 'creates go on being refused');
    await w.expectUnwell();
    await w.expectReads(early);
    await expectHonest(w, waiting, early);
    assert.match(w.kassadLog(), /the database server's disk is full/);
    w.disk.free();
    await w.ready();
    await w.expectRefusedAbsent();
    await paysAfterAll(w, waiting);
    assert.equal(server.program.end, undefined, 'the server has not ended');
  });
});

installation('the server has no room for its log', { skip: mountMissing(), roomForLog: '32m' }, (w, server) => {
  it('T41 it stops, and what was acknowledged is there when it is started with room again', { timeout: 120000 }, async () => {
    const waiting = await w.approved();
    w.logDisk.fill();
    await w.createUntilRefused();
    await until(async () => (await request('GET', `${w.opsUrl}/readyz`)).status === 503, { what: 'the end of readiness' });
    assert.equal((await w.payerOf(waiting.order).send('GET', waiting.callback)).status, 503);
    assert.equal((await w.sim.payment(waiting.paymentID)).executes, 0);
    w.logDisk.free();
    await server.bringBack();
    await w.ready();
    await w.expectRefusedOnce();
    await paysAfterAll(w, waiting);
  });
});

installation('the server\'s disk fails', { skip: straceMissing() }, (w, server) => {
  const FAULTS = [['fdatasync:error=EIO', 'syncing its log fails'], ['pwrite64:error=EIO', 'writing fails']];
  for (const [inject, what] of FAULTS) {
    it(`T42 ${what}: it recovers, and nothing acknowledged is lost`, { timeout: 120000 }, async () => {
      const waiting = await w.approved();
      await w.good();
      const writer = await server.writer(w.cli.store);
      const trace = await Strace.attach(writer, inject);
      const answers = await Promise.all(Array.from({ length: 4 }, () => w.tryOne()));
      await server.bringBack();
      await trace.detach();
      await w.ready();
      assert.match(server.program.text(), /PANIC: .*(sync|write)/, `${answers}`);
      await paysAfterAll(w, waiting);
    });
  }
});
