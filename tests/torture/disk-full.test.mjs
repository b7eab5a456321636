// A disk that is full or fails while kassad serves: it refuses what it can't keep, goes on answering what it can, and is well
// again by itself when the disk is.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BUILD } from '../api/lib/harness.mjs';
import { request } from '../api/lib/http.mjs';
import { Program, sleep, until } from '../api/lib/process.mjs';
import { CREATES_MAX, Full } from './lib/full.mjs';
import { mountMissing, ownMounts, SmallDisk } from './lib/mounts.mjs';
import { Strace, straceMissing } from './lib/strace.mjs';

ownMounts();

/** With its store in a file, which goes to a disk of its own. */
class OnFile extends Full {
  /** The store goes to a small file system, which is then kassad's disk. */
  async moveTo(size) {
    await this.stopKassad();
    this.disk = new SmallDisk(path.join(this.dir, 'disk'), size);
    for (const name of ['kassa.db', 'kassa.db-wal', 'kassa.db-shm']) {
      const from = path.join(this.dir, name);
      if (fs.existsSync(from)) {
        fs.copyFileSync(from, path.join(this.disk.dir, name));
      }
    }
    this.storeFile = 'disk/kassa.db';
    this.configure({ store: { path: this.storeFile } });
    await this.startKassad();
  }

  walSize() {
    return fs.statSync(path.join(this.dir, `${this.storeFile ?? 'kassa.db'}-wal`)).size;
  }
}

/** `onlyStored`: too many payments to wait for all their ends. */
function installation(name, { skip, onlyStored }, define) {
  describe(name, { skip, concurrency: false }, () => {
    const w = new OnFile();
    before(() => w.prepare(), { timeout: 120000 });
    after(async () => {
      w.disk?.unmount();
      await w.discard();
    }, { timeout: 60000 });
    define(w);
    it('afterwards all books agree', { timeout: 240000 }, async (t) => {
      await w.expectBooksAgree(t, onlyStored);
      await w.kassad.stop();
      await w.simProgram.stop();
    });
  });
}

installation('the disk of the store is full', { skip: mountMissing() }, (w) => {
  it('creates are refused, reads go on, money does not move, and it is well again when there is room', { timeout: 120000 }, async () => {
    await w.moveTo('8m');
    const { order, paymentID, callback } = await w.approved();
    const early = await w.good();
    w.disk.fill();
    await w.createUntilRefused();
    const stored = await Promise.all(Array.from({ length: 40 }, () => w.tryOne()));
    assert.ok(stored.filter((s) => !s).length >= 30, 'creates go on being refused');
    await w.expectUnwell();
    await w.expectReads(early);

    const pressed = await w.payerOf(early).press('pay');
    assert.equal(pressed.status, 503);
    assert.match(pressed.headers['content-type'], /text\/html/);
    const back = await w.payerOf(order).send('GET', callback);
    assert.equal(back.status, 503);
    assert.equal((await w.sim.payment(paymentID)).executes, 0, 'no execute goes out whose intent is not stored');
    assert.equal((await w.status({ id: order.id })).payment_status, 'wait');

    w.disk.free();
    await w.expectWellAgain();
    await w.expectRefusedAbsent();
    await w.payerOf(order).send('GET', callback);
    await w.payerOf(order).reaches('paid');
    await w.receiver.wait('/notify');
  });

  it('a payment whose money moves while the disk fills up is paid when there is room', { timeout: 120000 }, async () => {
    const { order, paymentID, callback } = await w.approved();
    await w.sim.fault('execute', 'delay', { value: 800, count: 1 });
    assert.equal((await w.payerOf(order).send('GET', callback)).status, 303);
    w.disk.fill();
    await until(async () => (await w.sim.payment(paymentID)).state === 'completed', { what: 'the money, taken' });
    await sleep(1200);
    assert.equal((await w.status({ id: order.id })).payment_status, 'wait', 'what is not stored is not told');
    w.disk.free();
    await w.clock.advance(60);
    await w.payerOf(order).reaches('paid');
    assert.equal((await w.sim.payment(paymentID)).executes, 1);
  });

  it('a disk that fills up and empties many times loses nothing', { timeout: 120000 }, async () => {
    for (let n = 0; n < 8; n++) {
      w.disk.fill();
      await w.createUntilRefused();
      w.disk.free();
      await until(() => w.tryOne(), { what: 'a create that is stored again' });
    }
    await w.expectRefusedAbsent();
  });

  it('killed while the disk is full, it starts again when there is room', { timeout: 120000 }, async () => {
    w.disk.fill();
    await w.createUntilRefused();
    await w.kill9();
    w.disk.free();
    await w.startKassad();
    await w.expectWellAgain();
    await w.expectRefusedAbsent();
  });
});

installation('the disk is full when the log is copied into the store', { skip: mountMissing(), onlyStored: true }, (w) => {
  it('the copying is put off, and nothing is lost', { timeout: 180000 }, async () => {
    await w.moveTo('64m');
    await w.good();
    // Nearly as much as makes kassad copy; then hardly any room is left for the file to grow.
    const most = 3600 * 4120;
    for (let n = 0; w.walSize() < most; n++) {
      assert.ok(n < CREATES_MAX / 4, 'the log grows');
      await Promise.all(Array.from({ length: 4 }, () => w.good()));
    }
    w.disk.fill(2 * 1024 * 1024);
    await w.createUntilRefused();
    assert.match(w.kassadLog(), /"what":"checkpoint"/, 'copying was tried and failed');
    await w.expectReads();
    w.disk.free();
    await w.expectWellAgain();
    await w.expectRefusedAbsent();
    await w.kill9();
    await w.startKassad();
    await w.expectReads();
  });
});

installation('the log has no room', { skip: mountMissing() }, (w) => {
  it('requests are answered, lines are dropped and counted, and come again', { timeout: 60000 }, async () => {
    await w.stopKassad();
    w.disk = new SmallDisk(path.join(w.dir, 'log'), '256k');
    const log = path.join(w.disk.dir, 'kassad.log');
    w.kassad = new Program(path.join(BUILD, 'kassad'), ['--config', w.cli.config], { cwd: w.dir, log });
    await w.kassad.ready(async () => (await request('GET', `${w.opsUrl}/readyz`, { agent: false })).status === 200);
    w.disk.fill();
    for (let n = 0; n < 30; n++) {
      const answer = await w.call('/v1/payment/status', { order_id: `no-${'x'.repeat(100)}` });
      assert.equal(answer.status, 400);
    }
    const { order, callback } = await w.approved();
    await w.payerOf(order).send('GET', callback);
    await w.payerOf(order).reaches('paid');
    assert.ok(await w.metric('kassa_log_lines_dropped_total') > 0);
    w.disk.free();
    const before = w.kassadLog().length;
    await w.call('/v1/payment/status', { order_id: 'no-such' });
    await until(() => w.kassadLog().length > before, { what: 'a line of the log' });
    const lines = w.kassadLog().slice(before).trim().split('\n');
    assert.doesNotThrow(() => JSON.parse(lines.at(-1)), 'the line after the loss is whole');
  });
});

installation('a limit of the files\' size', {}, (w) => {
  it('is as a full disk: refused, read on, well again', { timeout: 60000 }, async () => {
    const early = await w.good();
    const limit = (size) => {
      const set = spawnSync('prlimit', ['--pid', String(w.kassad.pid), `--fsize=${size}:unlimited`], { encoding: 'utf8' });
      assert.equal(set.status, 0, set.stderr);
    };
    limit(w.walSize() + 20000);
    await w.createUntilRefused();
    limit(4096); // even the smallest commit is too large now
    await w.expectUnwell();
    await w.expectReads(early);
    limit('unlimited');
    await w.expectWellAgain();
    await w.expectRefusedAbsent();
  });
});

installation('a disk that fails', { skip: straceMissing() }, (w) => {
  const FAULTS = [
    ['fdatasync:error=EIO', 'syncing fails'],
    ['pwrite64:error=EIO', 'writing fails'],
    ['pwrite64:error=ENOSPC', 'there is no room for writing'],
    ['pwrite64:error=EDQUOT', 'the quota is used up'],
  ];
  for (const [inject, what] of FAULTS) {
    it(`${what}: refused, read on, well again`, { timeout: 60000 }, async () => {
      const { order, paymentID, callback } = await w.approved();
      const trace = await Strace.attach(w.kassad.pid, inject);
      try {
        assert.equal(await w.tryOne(), false, 'a create is refused');
        assert.equal((await w.payerOf(order).send('GET', callback)).status, 503);
        await w.expectUnwell();
        await w.expectReads(order);
        assert.equal(await w.tryOne(), false, 'and so is the next');
      } finally {
        await trace.detach();
      }
      assert.equal((await w.sim.payment(paymentID)).executes, 0);
      await w.expectWellAgain();
      await w.expectRefusedAbsent();
      await w.payerOf(order).send('GET', callback);
      await w.payerOf(order).reaches('paid');
    });
  }

  it('every second write fails: what was told is what is there', { timeout: 60000 }, async () => {
    const trace = await Strace.attach(w.kassad.pid, 'pwrite64:error=EIO:when=1+2');
    const told = [];
    try {
      for (let i = 0; i < 12; i++) told.push(await w.tryOne());
    } finally {
      await trace.detach();
    }
    assert.ok(told.includes(true) && told.includes(false), `stored and refused in turn: ${told}`);
    await w.expectWellAgain();
    await w.expectRefusedAbsent();
  });

  it('what was refused when syncing failed is not there after a crash either, once something was stored', { timeout: 60000 }, async () => {
    const trace = await Strace.attach(w.kassad.pid, 'fdatasync:error=EIO');
    try {
      assert.equal(await w.tryOne(), false);
    } finally {
      await trace.detach();
    }
    await w.expectWellAgain();
    await w.kill9();
    await w.startKassad();
    await w.expectRefusedAbsent();
  });

  it('reading fails: answered with an error, and well again', { timeout: 60000 }, async () => {
    const order = await w.good();
    await w.restartKassad(); // what it has read before it may keep
    const trace = await Strace.attach(w.kassad.pid, 'pread64:error=EIO');
    try {
      const answer = await w.call('/v1/payment/status', { id: order.id });
      assert.ok(answer.status === 503 || answer.status === 500, `${answer.status} ${answer.text}`);
      assert.deepEqual(Object.keys(answer.json.errors), ['server']);
      assert.ok((await request('GET', order.url)).status >= 500);
    } finally {
      await trace.detach();
    }
    assert.equal((await w.status({ id: order.id })).uuid, order.uuid);
    await w.expectWellAgain();
  });
});
