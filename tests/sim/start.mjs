// Starts a simulator of its own for a test file, and speaks to it as a merchant and as a tester.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const build = process.env.KASSA_BUILD ?? resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../build');

export const program = join(build, 'kassa-walletsim');

export const credentials = {
  username: 'kassa-sandbox',
  password: 'kassa-sandbox-password',
  app_key: 'kassa-sandbox-key',
  app_secret: 'kassa-sandbox-secret',
};

// Waits for the line that says where it listens; its standard error goes to ours.
export async function launch(dir, extra = []) {
  const child = spawn(program, ['--dir', dir, '--listen', '127.0.0.1:0', ...extra], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })));
  const line = await Promise.race([
    new Promise((done) => createInterface({ input: child.stdout }).once('line', done)),
    ended.then(({ code, signal }) => { throw new Error(`the simulator ended at once: ${code ?? signal}`); }),
  ]);
  return { child, ended, url: JSON.parse(line).listening };
}

export class Sim {
  #dir = mkdtempSync(join(tmpdir(), 'walletsim-'));

  static async start(extra = []) {
    const sim = new Sim();
    sim.extra = extra;
    await sim.up();
    return sim;
  }

  get dir() { return this.#dir; }

  async up() {
    Object.assign(this, await launch(this.#dir, this.extra));
    this.base = `${this.url}/v1.2.0-beta`;
    this.api = `${this.base}/tokenized/checkout`;
  }

  async down(signal = 'SIGTERM') {
    this.child.kill(signal);
    return this.ended;
  }

  async end() {
    const how = await this.down();
    rmSync(this.#dir, { recursive: true, force: true });
    if (how.code !== 0) throw new Error(`the simulator ended with ${how.code ?? how.signal}`);
  }

  async json(method, path, body) {
    const answer = await fetch(this.url + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    return { status: answer.status, body: await answer.json() };
  }

  async control(method, path, body) {
    const answer = await this.json(method, `/control${path}`, body);
    if (answer.status !== 200) throw new Error(`control ${path}: ${answer.status} ${answer.body.message}`);
    return answer.body;
  }

  fault(fault) { return this.control('POST', '/faults', fault); }

  act(id, action) { return this.control('POST', `/payments/${id}`, { action }); }

  payment(id) { return this.control('GET', `/payments/${id}`); }

  async raw(path, body, headers = {}) {
    return fetch(`${this.api}/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async token(path = 'grant', extra = {}, as = credentials) {
    const { username, password, app_key, app_secret } = as;
    const answer = await this.raw(`token/${path}`, { app_key, app_secret, ...extra }, { username, password });
    return { status: answer.status, body: await answer.json() };
  }

  async login() {
    this.id_token = (await this.token()).body.id_token;
  }

  // An API call with the token of login.
  async call(path, body, headers = {}) {
    const answer = await this.raw(path, body,
      { Authorization: this.id_token, 'X-App-Key': credentials.app_key, ...headers });
    return { status: answer.status, body: await answer.json() };
  }

  create(fields = {}) {
    return this.call('create', order(fields));
  }

  async created(fields = {}) {
    const { body } = await this.create(fields);
    if (body.statusCode !== '0000') throw new Error(`create: ${body.statusCode} ${body.statusMessage}`);
    return body.paymentID;
  }

  async approved(fields = {}) {
    const id = await this.created(fields);
    await this.act(id, 'approve');
    return id;
  }

  execute(id) { return this.call('execute', { paymentID: id }); }

  query(id) { return this.call('payment/status', { paymentID: id }); }
}

let invoices = 0;

// What a merchant asks for; a field given as undefined is left out.
export function order(fields = {}) {
  return {
    mode: '0011',
    payerReference: '01711111111',
    callbackURL: 'http://127.0.0.1:1/callback/abc',
    amount: '500.00',
    currency: 'BDT',
    intent: 'sale',
    merchantInvoiceNumber: `INV${process.pid}n${++invoices}`,
    ...fields,
  };
}
