// Rocket in a suite: a bank of its own, the merchant's certificate, and a payer's way to the bank's page.
import fs from 'node:fs';
import path from 'node:path';
import { freePort, Program, run, until } from './process.mjs';
import { request } from './http.mjs';
import { BUILD } from './harness.mjs';
import { Sim } from './sim.mjs';

export class Rocket {
  constructor(world) {
    this.world = world;
  }

  file(name) {
    return path.join(this.dir, name);
  }

  /** A certificate that is its own issuer: NAME.pem and NAME.key. */
  async certificate(name, more = ['-addext', 'subjectAltName=IP:127.0.0.1']) {
    const made = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`, ...more,
      '-keyout', this.file(`${name}.key`), '-out', this.file(`${name}.pem`)]);
    if (made.code !== 0) {
      throw new Error(made.stderr);
    }
    fs.chmodSync(this.file(`${name}.key`), 0o600);
  }

  /** The bank knows the merchant `merchant`, and not `stranger`. */
  async startBank() {
    this.dir = path.join(this.world.dir, 'rocket');
    fs.mkdirSync(this.dir);
    await Promise.all(['bank', 'merchant', 'stranger'].map((name) => this.certificate(name)));
    fs.copyFileSync(this.file('merchant.pem'), this.file('merchants.pem'));
    const port = await freePort();
    this.tlsPort = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const program = this.world.own(new Program(path.join(BUILD, 'kassa-walletsim'), ['--dir', this.file('sim'), '--listen',
      `127.0.0.1:${port}`, '--rocket-listen', `127.0.0.1:${this.tlsPort}`, '--rocket-tls', this.dir, '--rocket-return',
      `${this.world.payUrl}/callback/rocket`], { log: this.file('bank.log') }));
    this.sim = new Sim(this.url);
    await program.ready(async () => (await request('GET', `${this.url}/healthz`)).status === 200);
  }

  addArgs({ certificate = 'merchant', key = certificate, issuers = 'bank', base = `https://127.0.0.1:${this.tlsPort}/ecomm2/MerchantHandler`,
    page = `${this.url}/ecomm2/ClientHandler`, more = [] } = {}) {
    return ['wallet', 'add', 'rocket', '--name', 'rocket', '--base-url', base, '--page-url', page, '--certificate-file',
      this.file(`${certificate}.pem`), '--private-key-file', this.file(`${key}.key`), '--issuers-file', this.file(`${issuers}.pem`), ...more];
  }

  /** Starts the bank, adds the credential, and waits until kassad takes payments with it. */
  async start(options) {
    await this.startBank();
    this.credential = await this.world.cli.json(this.addArgs(options));
    await until(async () => (await this.world.tryCreate({ customer_code: 'rocket' })).status === 200, { what: 'a create with rocket' });
    return this;
  }

  create(more = {}) {
    return this.world.create({ customer_code: 'rocket', ...more });
  }

  async byInvoice(invoice) {
    return (await this.sim.control('GET', `rocket/payments?invoice=${invoice}`)).payments;
  }

  async payment(transId) {
    const { payments } = await this.sim.control('GET', 'rocket/payments');
    return payments.find((p) => p.trans_id === transId);
  }

  /** approve, leave, cancel, wrong-pin, insufficient, timeout, reverse */
  act(transId, action) {
    return this.sim.control('POST', 'rocket/payments', { trans_id: transId, action });
  }

  fault(command, fault, more = {}) {
    return this.sim.control('POST', 'rocket/faults', { command, fault, ...more });
  }

  /** Presses pay and waits until the page leads to the bank: {invoice, transId}. */
  async begin(payment, attempt = 1) {
    const answer = await payment.payer.press('pay');
    if (answer.status !== 303) {
      throw new Error(`pay answered ${answer.status}: ${answer.text.slice(0, 500)}`);
    }
    await payment.payer.reaches('at_wallet');
    const invoice = `K${payment.id}N${attempt}`;
    const [made] = await this.byInvoice(invoice);
    return { invoice, transId: made?.trans_id };
  }

  /** The bank's page posts through the payer's browser, from another site. */
  comeBack(payment, transId) {
    const headers = { Origin: 'https://bank.example', 'Sec-Fetch-Site': 'cross-site' };
    return payment.payer.send('POST', `${this.world.payUrl}/callback/rocket`, { headers,
      body: new URLSearchParams({ trans_id: transId, product_name: '' }).toString() });
  }

  /** Waits until the bank was asked that often about the payment. */
  asked(transId, count) {
    return until(async () => (await this.payment(transId)).asked >= count, { what: `command c ${count} of ${transId}` });
  }

  async advance(seconds) {
    await this.sim.advance(seconds);
    await this.world.clock.advance(seconds);
  }
}
