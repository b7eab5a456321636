// kassad is killed at random moments under load, KASSA_KILLS times, and started again at once on the same store. Afterwards
// everything that anybody was told must hold.
//
// The seed is printed; KASSA_SEED=N makes the same choices again (the moments still depend on the machine).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BUILD, World } from '../api/lib/harness.mjs';
import { Program, sleep } from '../api/lib/process.mjs';
import { check, settle } from './lib/books.mjs';
import { Load } from './lib/load.mjs';
import { Random, SEED } from './lib/random.mjs';

const KILLS = Number(process.env.KASSA_KILLS ?? 50);
const WORKERS = 16;
/** So much time passes between two kills: lost calls to the wallet are asked for, notifications are sent again. */
const SECONDS = 7;
const SECONDS_FOR_ONE = 4;

const CONFIG = {
  log: { level: 'warn' },
  notify: { connect_timeout_ms: 500, timeout_ms: 700 },
  wallet: { token_budget_per_hour: 1000 },
};

/** The next kill: after a while, or just after something has happened. */
const MOMENTS = [
  [40, 'time'],
  [15, 'answered'],
  [20, 'callback'],
  [15, 'note'],
  [10, 'start'],
];

const WALLET_FAULTS = [
  [60, undefined],
  [15, { op: 'execute', fault: 'delay', value: 250, count: 4 }],
  [10, { op: 'execute', fault: 'drop_after_commit', count: 1 }],
  [5, { op: 'execute', fault: 'drop_before', count: 1 }],
  [5, { op: 'create', fault: 'delay', value: 250, count: 4 }],
  [5, { op: 'create', fault: 'drop_after_commit', count: 1 }],
];

class Torture {
  random = new Random('kills');
  receiverRandom = new Random('receiver');
  counts = Object.fromEntries(MOMENTS.map(([, moment]) => [moment, 0]));
  kills = 0;
  slowest = 0;

  constructor(w) {
    this.w = w;
    // The simulator lists 20000 payments at most.
    this.load = new Load(w, { pauseMs: KILLS > 100 ? 1000 : 60 });
  }

  /** A receiver that takes its time, fails and hangs. */
  receive() {
    this.w.receiver.on('/notify', () => {
      this.load.moments.emit('note');
      return this.receiverRandom.pick([
        [70, { delay: this.receiverRandom.int(0, 60) }],
        [15, { status: 500, delay: this.receiverRandom.int(0, 20) }],
        [10, { hang: true }],
        [5, { reset: true }],
      ]);
    });
  }

  async moment(which) {
    const ms = this.random.int(100, 1100);
    const closely = this.random.int(0, 12);
    if (which === 'time') {
      await sleep(ms);
      return;
    }
    await sleep(ms / 2);
    await Promise.race([once(this.load.moments, which), sleep(1500)]);
    if (closely > 2) {
      await sleep(closely - 2);
    }
  }

  async round() {
    const { w, random } = this;
    const fault = random.pick(WALLET_FAULTS);
    if (fault) {
      await w.sim.control('POST', 'faults', fault);
    }
    const which = random.pick(MOMENTS);
    if (which === 'start') {
      await sleep(random.int(100, 400));
      await w.kill9();
      // It is killed again while it starts.
      const program = new Program(path.join(BUILD, 'kassad'), ['--config', w.cli.config],
        { cwd: w.dir, log: path.join(w.dir, 'kassad.log') });
      await sleep(random.int(1, 120));
      assert.equal(program.end, undefined, 'kassad starts on what a kill has left');
      await program.kill9();
      this.kills++;
    } else {
      await this.moment(which);
      await w.kill9();
    }
    this.kills++;
    this.counts[which]++;
    assert.equal(w.kassad.end.signal, 'SIGKILL', `kassad ended by itself:\n${w.kassadLog().slice(-3000)}`);
    if (random.chance(0.08)) {
      await w.simProgram.kill9();
      await w.startSim();
    }
    const start = Date.now();
    await w.startKassad();
    this.slowest = Math.max(this.slowest, Date.now() - start);
    if (random.chance(0.6)) {
      await w.clock.advance(SECONDS);
    }
    if (this.load.faults.length) {
      throw new Error(this.load.faults.join('\n'));
    }
  }
}

describe(`kassad killed ${KILLS} times under load, seed ${SEED}`, { concurrency: false }, () => {
  const w = new World();
  let torture;

  before(async () => {
    await w.start({ config: CONFIG, feePercent: '1.5', feeFixed: '1.00', simArgs: ['--fsync', 'no', '--hourly-block', 'no'] });
    torture = new Torture(w);
  }, { timeout: 120000 });
  after(() => w.discard(), { timeout: 60000 });

  it('it starts again each time', { timeout: (60 + KILLS * SECONDS_FOR_ONE) * 1000 }, async (t) => {
    torture.receive();
    torture.load.start(WORKERS);
    try {
      while (torture.kills < KILLS) {
        await torture.round();
      }
      await torture.load.stop();
    } catch (error) {
      await torture.load.abandon();
      error.message = `after ${torture.kills} kills: ${error.message}`;
      throw error;
    }
    t.diagnostic(`seed ${SEED}; ${torture.kills} kills: ${JSON.stringify(torture.counts)}; the slowest start took ${torture.slowest} ms`);
    t.diagnostic(`the load: ${JSON.stringify(torture.load.counts)}`);
  });

  it('what clients were told, what the wallet took, what merchants heard and the books agree', { timeout: 600000 }, async (t) => {
    await settle(w);
    t.diagnostic(await check(w, torture.load));
    await w.stop();
  });
});
