// A whole installation for a suite: wallet simulator, kassad, a merchant's account with its certificates, a receiver of
// notifications; all on loopback and in a folder of its own, all ended by stop().
//
//   const w = await start({ feePercent: '1.5', mode: 'POST_JSON' });
//   const payment = await w.create({ amount: '250.00' });
//   await w.pay(payment);
//   const [note] = await w.receiver.wait('/notify');
//   await w.stop();
//
// Programs come from the build KASSA_BUILD, by default build/ of this tree. KASSA_KEEP=1 keeps the folder.
import { after, before, describe, it } from 'node:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Account, newOrder, readCert } from './account.mjs';
import { Cli, configSet } from './cli.mjs';
import { closeAgents, request, trust } from './http.mjs';
import { Payer } from './payer.mjs';
import { freePort, Program, run, until } from './process.mjs';
import { Receiver } from './receiver.mjs';
import { Sim } from './sim.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const BUILD = path.resolve(process.env.KASSA_BUILD ?? path.join(ROOT, 'build'));

// Suites end calls quickly; what is left at its default is not named.
export const CONFIG = {
  log: { level: 'info' },
  sandbox: { sandbox: 'yes' },
  notify: { allow_private_addresses: 'yes', connect_timeout_ms: 2000, timeout_ms: 3000 },
  wallet: { timeout_ms: 3000, connect_timeout_ms: 2000 },
  limits: { page_posts_per_minute: 10000, unknown_pages_per_minute: 10000 },
};

export const merge = (...parts) => {
  const all = {};
  for (const part of parts) {
    for (const [section, keys] of Object.entries(part ?? {})) {
      all[section] = { ...all[section], ...keys };
    }
  }
  return all;
};

export class World {
  /**
   * Options, all optional: config {section: {key: value}}; simArgs; env of kassad; tls (kassad itself ends it, with a certificate
   * of its own, `caFile`); onFile (the store is a file in any case); for the first account what addAccount takes.
   */
  async start(options = {}) {
    this.options = options;
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kassa-suite-'));
    this.cli = this.makeCli();
    this.receiver = await new Receiver().start();
    try {
      await this.cli.init({ onFile: this.options.onFile });
      await this.startSim();
      await this.startKassadAnywhere();
      this.credential = await this.addCredential();
      this.account = await this.addAccount(options);
      this.certs = this.account.certs;
    } catch (error) {
      await this.discard();
      throw error;
    }
    return this;
  }

  makeCli() {
    return new Cli(BUILD, this.dir);
  }

  // ---- programs ----

  async startSim() {
    this.simPort ??= await freePort();
    this.simUrl = `http://127.0.0.1:${this.simPort}`;
    const args = ['--listen', `127.0.0.1:${this.simPort}`, '--dir', path.join(this.dir, 'sim')];
    fs.mkdirSync(path.join(this.dir, 'sim'), { recursive: true });
    this.simProgram = new Program(path.join(BUILD, 'kassa-walletsim'), [...args, ...(this.options.simArgs ?? [])],
      { log: path.join(this.dir, 'walletsim.log') });
    this.sim = new Sim(this.simUrl);
    await this.simProgram.ready(async () => (await request('GET', `${this.simUrl}/healthz`)).status === 200);
  }

  configure(values) {
    configSet(this.cli.config, values);
  }

  async makeCertificate() {
    this.caFile = path.join(this.dir, 'tls.pem');
    const key = path.join(this.dir, 'tls.key');
    const made = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:localhost', '-keyout', key, '-out', this.caFile]);
    if (made.code !== 0) {
      throw new Error(made.stderr);
    }
    fs.chmodSync(key, 0o600);
    trust(fs.readFileSync(this.caFile));
    return { tls_certificate_file: this.caFile, tls_key_file: key };
  }

  /** A port that was free may be taken before kassad gets to it. */
  async startKassadAnywhere() {
    const tls = this.options.tls ? await this.makeCertificate() : {};
    const scheme = this.options.tls ? 'https' : 'http';
    for (let tries = 5; ; tries--) {
      this.port = await freePort();
      this.opsPort = await freePort();
      this.apiUrl = this.payUrl = `${scheme}://127.0.0.1:${this.port}`;
      this.opsUrl = `http://127.0.0.1:${this.opsPort}`;
      const server = {
        listen: `127.0.0.1:${this.port}`,
        ops_listen: `127.0.0.1:${this.opsPort}`,
        api_url: this.apiUrl,
        pay_url: this.payUrl,
        ...tls,
      };
      this.configure(merge(CONFIG, { server }, this.options.config));
      try {
        await this.startKassad();
        return;
      } catch (error) {
        if (tries === 1 || !/can't listen/.test(error.message)) {
          throw error;
        }
      }
    }
  }

  async startKassad() {
    this.kassad = new Program(path.join(BUILD, 'kassad'), ['--config', this.cli.config],
      { cwd: this.dir, log: path.join(this.dir, 'kassad.log'), env: this.options.env });
    await this.kassad.ready(async () => (await request('GET', `${this.opsUrl}/readyz`, { agent: false })).status === 200);
  }

  async stopKassad() {
    await this.kassad.stop();
  }

  async restartKassad(config) {
    await this.kassad.stop();
    if (config) {
      this.configure(config);
    }
    await this.startKassad();
  }

  async kill9() {
    await this.kassad.kill9();
  }

  kassadLog() {
    return this.kassad.text();
  }

  // ---- what an operator sets up ----

  async addCredential(more = []) {
    return this.cli.json(['wallet', 'add', 'bkash', '--name', 'simulator', '--base-url', `${this.simUrl}/v1.2.0-beta`,
      '--username', 'kassa-sandbox', '--app-key', 'kassa-sandbox-key', '--password-env', 'SIM_PASSWORD', '--app-secret-env',
      'SIM_SECRET', ...more], { env: { SIM_PASSWORD: 'kassa-sandbox-password', SIM_SECRET: 'kassa-sandbox-secret' } });
  }

  setWallet(enabled) {
    return this.cli.json(['wallet', enabled ? 'enable' : 'disable', this.credential.id]);
  }

  addMerchant(name) {
    return this.cli.json(['merchant', 'add', '--name', name]);
  }

  /**
   * An account with its three certificates, and an endpoint at the receiver's /notify as its default. Options: merchant (an id; else a
   * new merchant), feePercent, feeFixed, digest, mode, fieldSet, endpoint (false: none), notifyMode and notifyFieldSet (for
   * addresses given in requests), purposes (of its certificates).
   */
  async addAccount({ merchant, feePercent, feeFixed, digest = 'sha1', mode = 'POST_JSON', fieldSet = 11, endpoint = true, notifyMode,
    notifyFieldSet, purposes = ['payments', 'payouts', 'notifications'] } = {}) {
    const owner = merchant ?? (await this.addMerchant(`Shop ${newOrder('')}`)).id;
    const given = { 'fee-percent': feePercent, 'fee-fixed': feeFixed, 'notify-mode': notifyMode,
      'notify-field-set': notifyFieldSet };
    const made = await this.cli.json(['account', 'add', '--merchant', owner, '--currency', 'BDT', '--digest', digest,
      ...Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))]);
    const account = new Account(this, made.account);
    Object.assign(account, { merchant: owner, digest, notifySecret: made.notify_secret });
    await Promise.all(purposes.map(async (purpose) => {
      account.certs[purpose] = await this.addCert(account, purpose);
    }));
    if (endpoint) {
      account.endpoint = await this.addEndpoint(account, { url: `${this.receiver.url}/notify`, mode, fieldSet });
      await this.setAccount(account, ['--endpoint', account.endpoint.id]);
    }
    await this.seen(account);
    return account;
  }

  setAccount(account, options) {
    return this.cli.json(['account', 'update', account.uuid, ...options]);
  }

  async addCert(account, purpose, more = []) {
    this.certsMade = (this.certsMade ?? 0) + 1;
    const dir = path.join(this.dir, `${purpose}-${this.certsMade}-${account.uuid}`);
    const made = await this.cli.json(['cert', 'new', purpose, '--account', account.uuid, '--out', dir, ...more]);
    return { ...readCert(dir), id: made.id };
  }

  revoke(cert) {
    return this.cli.json(['cert', 'revoke', cert.id]);
  }

  tryImport(account, purpose, file) {
    return this.cli.try(['cert', 'import', '--config', this.cli.config, '--account', account.uuid, '--purpose', purpose, '--public',
      file]);
  }

  /** {id, secret, ...} */
  addEndpoint(account, { url, mode = 'GET', fieldSet = 11, name = newOrder('endpoint') }) {
    return this.cli.json(['endpoint', 'add', '--account', account.uuid, '--name', name, '--url', url, '--mode', mode, '--field-set',
      fieldSet]);
  }

  addRedirect(account, url) {
    return this.cli.json(['redirect', 'add', '--account', account.uuid, '--name', newOrder('redirect'), '--url', url]);
  }

  /** Waits until kassad has seen all changes made so far; it looks every quarter of a second. */
  async seen(account = this.account) {
    let last;
    await until(async () => {
      last = await account.call('/v1/payment/history', {});
      return last.status === 200;
    }, { ms: 5000, what: 'the account, known to kassad' }).catch((error) => {
      throw new Error(`${error.message}; ${last?.status} ${last?.text}\n${this.kassadLog().slice(-3000)}`);
    });
  }

  /** Waits until a preset may be named in creates. */
  async presetSeen(account, field, id) {
    await until(async () => (await account.tryCreate({ [field]: id })).status === 200, { ms: 5000, what: `the preset ${id}` });
  }

  // ---- the first account, in short ----

  sign(body, options) {
    return this.account.sign(body, options);
  }

  call(apiPath, body, options) {
    return this.account.call(apiPath, body, options);
  }

  create(fields, options) {
    return this.account.create(fields, options);
  }

  tryCreate(fields, options) {
    return this.account.tryCreate(fields, options);
  }

  status(payment) {
    return this.account.status(payment);
  }

  history(body, query) {
    return this.account.history(body, query);
  }

  // ---- payers ----

  payer(payment) {
    return payment.payer ?? new Payer(payment.url);
  }

  /** Presses pay and waits for the wallet: {paymentID, invoice}, when the page leads there. */
  async begin(payment, attempt = 1) {
    const payer = this.payer(payment);
    const answer = await payer.press('pay');
    if (answer.status !== 303) {
      throw new Error(`pay answered ${answer.status}: ${answer.text.slice(0, 500)}`);
    }
    const invoice = `K${payment.id}-${attempt}`;
    const { payment_id: paymentID } = await this.sim.created(invoice);
    await payer.reaches('at_wallet');
    return { paymentID, invoice };
  }

  /** The whole way of a payer who pays; waits for `paid`. Gives {paymentID, callback}. */
  async pay(payment, attempt = 1) {
    const { paymentID, invoice } = await this.begin(payment, attempt);
    const callback = await this.sim.approve(paymentID);
    await this.follow(payment, callback);
    await this.payer(payment).reaches('paid');
    return { paymentID, invoice, callback };
  }

  /** The payer's browser is sent to the callback address. */
  follow(payment, callback) {
    return this.payer(payment).send('GET', callback);
  }

  /** What an operator sees of a payment: state, attempts, events, credits, postings, notifications, notification_tries. */
  show(payment) {
    return this.cli.json(['payment', 'show', payment.id]);
  }

  /** Waits until the payment, or its last attempt, fits; gives what `show` says. */
  async until(payment, what, fits, ms = 40000) {
    let last;
    return until(async () => {
      last = await this.show(payment);
      return fits(last) && last;
    }, { ms, every: 150, what: `payment ${payment.id}: ${what}` }).catch((error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(last, null, 1)}`);
    });
  }

  state(payment, state, ms) {
    return this.until(payment, `the state ${state}`, (p) => p.state === state, ms);
  }

  attempt(payment, state, ms) {
    return this.until(payment, `an attempt that is ${state}`, (p) => p.attempts.at(-1)?.state === state, ms);
  }

  /**
   * Waits until the answer of a wallet that takes the money at its page is written down: while it is asked it is to be asked again in a
   * minute, afterwards within so many seconds.
   */
  answered(payment, seconds = 12) {
    return until(async () => {
      const { next_ask_at: at } = (await this.show(payment)).attempts.at(-1);
      return at && Date.parse(at) - await this.clock.now() <= seconds * 1000;
    }, { every: 100, what: `payment ${payment.id}: the wallet's answer, written down` });
  }

  settle(payment, options) {
    return this.cli.json(['payment', 'settle', payment.id, ...options]);
  }

  /** Throws unless the books are right. */
  async audit() {
    const report = await this.cli.json(['audit']);
    if (!report.ok) {
      throw new Error(`the books are wrong: ${JSON.stringify(report, null, 1)}`);
    }
    return report;
  }

  // ---- the clock ----

  clock = {
    /** Moves kassad's clock, and the simulator's with it unless told otherwise. */
    advance: async (seconds, { sim = true } = {}) => {
      if (sim) {
        await this.sim.advance(seconds);
      }
      const answer = await request('POST', `${this.opsUrl}/sandbox/clock`, {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ advance_s: seconds }),
      });
      if (answer.status !== 200) {
        throw new Error(`the clock's control answered ${answer.status}: ${answer.text}`);
      }
      return answer.json.now_ms;
    },
    now: async () => (await request('GET', `${this.opsUrl}/sandbox/clock`)).json.now_ms,
  };

  /** A figure of /metrics. */
  async metric(name) {
    const { text } = await request('GET', `${this.opsUrl}/metrics`);
    const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text);
    return found && Number(found[1]);
  }

  // ---- the end ----

  /** Hands over a program that a suite has started beside: it is ended with all else. */
  own(program) {
    this.owned = [...(this.owned ?? []), program];
    return program;
  }

  /** Ends all. Throws unless the programs end with 0 and no sanitizer has reported anything. */
  async stop() {
    const faults = [];
    for (const program of [this.kassad, this.simProgram]) {
      await program?.stop().catch((error) => faults.push(error));
    }
    this.kassad = this.simProgram = undefined;
    await this.discard();
    if (faults.length) {
      throw faults[0];
    }
  }

  /** Ends all that is left, whatever its state. */
  async discard() {
    for (const program of [...(this.owned ?? []), this.kassad, this.simProgram]) {
      await program?.kill9().catch(() => {});
    }
    this.owned = [];
    if (this.receiver) {
      await this.receiver.stop();
      this.receiver = undefined;
    }
    closeAgents();
    await this.cli?.discard().catch(() => {});
    if (this.dir && !process.env.KASSA_KEEP) {
      fs.rmSync(this.dir, { recursive: true, force: true });
      this.dir = undefined;
    }
  }
}

export function start(options) {
  return new World().start(options);
}

/** A suite with an installation of its own: `define(w)` states its tests, in which `w` is the started World. */
export function suite(name, options, define) {
  describe(name, { concurrency: false }, () => {
    const w = new World();
    before(() => w.start(options), { timeout: 120000 });
    after(() => w.discard(), { timeout: 60000 });
    define(w);
    it('the programs end with 0, and no sanitizer has reported anything', { timeout: 60000 }, async () => {
      if (!w.dir) {
        throw new Error('it did not start');
      }
      await w.stop();
    });
  });
}
