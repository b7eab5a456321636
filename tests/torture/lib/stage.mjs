// Where stories are told: an installation that is set up once and put back to its beginning for each.
import fs from 'node:fs';
import path from 'node:path';
import { World } from '../../api/lib/harness.mjs';
import { Nagad, SIM_ARGS } from '../../api/lib/nagad.mjs';
import { Rocket } from '../../api/lib/rocket.mjs';
import { Look } from './look.mjs';

/** Answers that come later than this are lost; story.mjs delays some by more. */
export const WALLET_TIMEOUT_MS = 500;

const OPTIONS = {
  feePercent: '1.5',
  purposes: ['payments', 'notifications'],
  simArgs: [...SIM_ARGS, '--fsync', 'no', '--hourly-block', 'no'],
  config: {
    wallet: { timeout_ms: WALLET_TIMEOUT_MS, connect_timeout_ms: WALLET_TIMEOUT_MS, token_budget_per_hour: 1000 },
    notify: { timeout_ms: 400, connect_timeout_ms: 400 },
  },
};

export class Stage {
  async start() {
    this.w = new World();
    await this.w.start(OPTIONS);
    this.nagad = await new Nagad(this.w).start();
    this.rocket = await new Rocket(this.w).start();
    this.look = new Look(path.join(this.w.dir, 'kassa.db'));
    await this.w.stopKassad();
    this.first = new Map(this.storeFiles().map((file) => [file, fs.readFileSync(file)]));
    return this;
  }

  storeFiles() {
    return fs.readdirSync(this.w.dir).filter((name) => name.startsWith('kassa.db')).map((name) => path.join(this.w.dir, name));
  }

  async begin() {
    this.storeFiles().forEach((file) => fs.rmSync(file));
    this.first.forEach((bytes, file) => fs.writeFileSync(file, bytes, { mode: 0o600 }));
    await Promise.all([this.w.sim, this.rocket.sim].map((sim) => sim.control('POST', 'reset', {})));
    this.w.receiver.notes = [];
    fs.writeFileSync(path.join(this.w.dir, 'kassad.log'), '');
    await this.w.startKassad();
  }

  /** Everybody's clock; gives kassad's time in milliseconds. */
  async advance(seconds) {
    await this.rocket.sim.advance(seconds);
    return this.w.clock.advance(seconds);
  }

  async kill() {
    await this.look.close();
    await this.w.kill9();
  }

  async end() {
    await this.look.close();
    await this.w.stopKassad();
  }

  async discard() {
    await this.look?.close();
    await this.w.discard();
  }
}
