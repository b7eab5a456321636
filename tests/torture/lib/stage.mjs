// Where stories are told: an installation that is set up once and put back to its beginning for each.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { World } from '../../api/lib/harness.mjs';
import { Nagad, SIM_ARGS } from '../../api/lib/nagad.mjs';
import { freePort, run } from '../../api/lib/process.mjs';
import { Rocket } from '../../api/lib/rocket.mjs';
import { isServer, storeClone, storeReset } from '../../api/lib/store.mjs';
import { Look } from './look.mjs';
import { Phone } from './phone.mjs';
import { TOLERANCE } from './sent.mjs';

/** Answers that come later than this are lost; story.mjs delays some by more. */
export const WALLET_TIMEOUT_MS = 500;

const TOPIC = 'arn:aws:sns:ap-southeast-1:354285753755:bpt_kassa';

function options(sns) {
  return {
    feePercent: '1.5',
    purposes: ['payments', 'notifications'],
    simArgs: [...SIM_ARGS, '--fsync', 'no', '--hourly-block', 'no', '--sns-listen', `127.0.0.1:${sns.port}`, '--sns-certificate', sns.cert, '--sns-key',
      sns.key],
    config: {
      wallet: { timeout_ms: WALLET_TIMEOUT_MS, connect_timeout_ms: WALLET_TIMEOUT_MS, token_budget_per_hour: 1000 },
      notify: { timeout_ms: 400, connect_timeout_ms: 400 },
      number: { over_tolerance_poisha: TOLERANCE },
      sandbox: { sandbox: 'yes', sns_url: `https://127.0.0.1:${sns.port}`, sns_ca_file: sns.cert },
      limits: { page_posts_per_minute: 10000, unknown_pages_per_minute: 10000, trxids_per_minute: 10000, device_requests_per_minute: 10000 },
    },
  };
}

export class Stage {
  async start() {
    this.w = new World();
    await this.w.start(options(await this.certificate()));
    this.nagad = await new Nagad(this.w).start();
    this.rocket = await new Rocket(this.w).start();
    await this.w.cli.json(['topic', 'add', '--credential', this.w.credential.id, '--arn', TOPIC]);
    this.phones = {};
    for (const wallet of ['bkash', 'nagad', 'rocket']) {
      this.phones[wallet] = await Phone.add(this.w, wallet, () => this.now());
    }
    this.look = new Look(this.w.cli.store);
    await this.w.stopKassad();
    await this.remember();
    return this;
  }

  /** Of what stands in for Amazon SNS. */
  async certificate() {
    this.snsDir = fs.mkdtempSync(path.join(os.tmpdir(), 'kassa-sns-'));
    const [cert, key] = ['sns.pem', 'sns.key'].map((name) => path.join(this.snsDir, name));
    const made = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=sns.amazonaws.com', '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:sns.amazonaws.com', '-keyout', key, '-out', cert]);
    if (made.code !== 0) {
      throw new Error(made.stderr);
    }
    return { cert, key, port: await freePort() };
  }

  /** kassad's time, which its clock's control moves ahead of ours. */
  now() {
    return Date.now() + (this.ahead ?? 0);
  }

  storeFiles() {
    return fs.readdirSync(this.w.dir).filter((name) => name.startsWith('kassa.db')).map((name) => path.join(this.w.dir, name));
  }

  /** How the store is before each story. */
  async remember() {
    const { store } = this.w.cli;
    if (isServer(store)) {
      const first = await storeClone(store, this.w.dir);
      this.restore = () => storeReset(store, first);
      return;
    }
    const first = new Map(this.storeFiles().map((file) => [file, fs.readFileSync(file)]));
    this.restore = async () => {
      this.storeFiles().forEach((file) => fs.rmSync(file));
      first.forEach((bytes, file) => fs.writeFileSync(file, bytes, { mode: 0o600 }));
    };
  }

  async begin() {
    await this.restore();
    await Promise.all([this.w.sim, this.rocket.sim].map((sim) => sim.control('POST', 'reset', {})));
    this.w.receiver.notes = [];
    this.ahead = 0;
    Object.values(this.phones).forEach((phone) => phone.begin());
    fs.writeFileSync(path.join(this.w.dir, 'kassad.log'), '');
    await this.w.startKassad();
  }

  /** Everybody's clock; gives kassad's time in milliseconds. */
  async advance(seconds) {
    await this.rocket.sim.advance(seconds);
    const now = await this.w.clock.advance(seconds);
    this.ahead = now - Date.now();
    return now;
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
    fs.rmSync(this.snsDir, { recursive: true, force: true });
  }
}
