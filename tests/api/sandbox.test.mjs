// `make run`'s sandbox: what it writes and prints, a payment through the simulator, its restarts and its end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Visitor } from '../cabinet/lib/cabinet.mjs';
import { BUILD } from './lib/harness.mjs';
import { request } from './lib/http.mjs';
import { Payer } from './lib/payer.mjs';
import { freePort, run, sleep, until } from './lib/process.mjs';
import { Sim } from './lib/sim.mjs';

const SANDBOX = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../tools/sandbox');
const START_MS = 90000;

/** The processes whose command line or folder names this folder; the sandbox itself is one of them. */
function processesOf(dir) {
  const found = [];
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      const zombie = stat.slice(stat.lastIndexOf(')') + 2)[0] === 'Z';
      if (!zombie && (command.includes(dir) || fs.readlinkSync(`/proc/${pid}/cwd`) === dir)) {
        found.push({ pid: Number(pid), command });
      }
    } catch {
      // it ended while it was looked at
    }
  }
  return found;
}

function killAll(dir) {
  for (const { pid } of processesOf(dir)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended meanwhile
    }
  }
}

class Sandbox {
  constructor(dir, ports) {
    this.dir = dir;
    this.ports = ports;
    this.env = { ...process.env, KASSA_BUILD: BUILD, KASSA_DIR: dir, KASSA_PORT: ports.api, KASSA_SIM_PORT: ports.sim,
      KASSA_LISTEN_PORT: ports.listen, KASSA_OPS_PORT: ports.ops };
  }

  /** `shell`: started by a shell in the background, where SIGINT is ignored. */
  async start({ shell = false } = {}) {
    const log = path.join(this.dir, '..', `${path.basename(this.dir)}.out`);
    const out = fs.openSync(log, 'w');
    const options = { env: this.env, stdio: ['ignore', out, out] };
    this.log = log;
    this.end = undefined;
    if (shell) {
      this.child = spawn('sh', ['-c', '"$0" & echo $! > "$1"; wait $!; echo ended $? >> "$1"', SANDBOX, `${log}.pid`], options);
      await until(() => fs.existsSync(`${log}.pid`) && fs.readFileSync(`${log}.pid`, 'utf8').trim());
      this.pid = Number(fs.readFileSync(`${log}.pid`, 'utf8').trim());
    } else {
      this.child = spawn(SANDBOX, [], options);
      this.pid = this.child.pid;
    }
    fs.closeSync(out);
    this.ended = new Promise((resolve) => this.child.once('exit', (code, signal) => {
      this.end = { code, signal };
      resolve(this.end);
    }));
    await until(() => {
      assert.equal(this.end, undefined, `it ended: ${this.text()}`);
      return fs.existsSync(path.join(this.dir, 'sandbox.json')) && this.text().includes('Ctrl-C ends it');
    }, { ms: START_MS, every: 50, what: 'the sandbox' }).catch((error) => {
      throw new Error(`${error.message}\n${this.text()}`);
    });
    this.facts = JSON.parse(fs.readFileSync(path.join(this.dir, 'sandbox.json'), 'utf8'));
    return this.facts;
  }

  text() {
    return fs.readFileSync(this.log, 'utf8');
  }

  async stop(signal = 'SIGTERM') {
    process.kill(this.pid, signal);
    const timer = setTimeout(() => killAll(this.dir), 60000);
    await this.ended;
    clearTimeout(timer);
    return this.end;
  }

  lines() {
    return fs.readFileSync(path.join(this.dir, 'notifications.jsonl'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  /** The whole way of a payer, with the simulator's control in place of its page. */
  async pay({ id, url }) {
    const payer = new Payer(url);
    const sim = new Sim(this.facts.sim_url);
    assert.equal((await payer.press('pay')).status, 303);
    const { payment_id: paymentID } = await sim.created(`K${id}-1`);
    await payer.reaches('at_wallet');
    await payer.send('GET', await sim.approve(paymentID));
    await payer.reaches('paid');
    return payer;
  }

  async payByNagad({ id, url }) {
    const payer = new Payer(url);
    const sim = new Sim(this.facts.sim_url);
    assert.equal((await payer.press('pay')).status, 303);
    await payer.reaches('at_wallet');
    const [made] = (await sim.control('GET', `nagad/payments?order_id=K${id}N1`)).payments;
    const { callback_url: back } = await sim.control('POST', `nagad/payments/${encodeURIComponent(made.payment_ref_id)}`, { action: 'approve' });
    await payer.send('GET', back);
    await payer.reaches('paid');
  }

  async payByRocket({ id, url }) {
    const payer = new Payer(url);
    const sim = new Sim(this.facts.sim_url);
    assert.equal((await payer.press('pay')).status, 303);
    await payer.reaches('at_wallet');
    const [{ trans_id: transId }] = (await sim.control('GET', `rocket/payments?invoice=K${id}N1`)).payments;
    await sim.control('POST', 'rocket/payments', { trans_id: transId, action: 'approve' });
    await payer.send('POST', '/callback/rocket', { body: new URLSearchParams({ trans_id: transId }).toString() });
    await payer.reaches('paid');
  }

  phone(...args) {
    return run(path.join(path.dirname(SANDBOX), 'phone'), [...args, '--json'], { cwd: os.tmpdir(), env: this.env });
  }

  /** By the number: the phone tells its SMS, and the payer types the TrxID. */
  async payByNumber(wallet) {
    const { code, stdout, stderr } = await run(path.join(BUILD, 'kassa'), ['pay', '--api-url', this.facts.api_url, '--certs',
      path.join(this.dir, 'certs'), '--account', this.facts.account, '--amount', '250.00', '--order', `number-${wallet}-${Date.now()}`,
      '--customer-code', wallet, '--json'], { cwd: os.tmpdir() });
    assert.equal(code, 0, stderr);
    const payer = new Payer(JSON.parse(stdout).url);
    const { text: html } = await payer.send('GET', `${payer.url}?way=number`);
    assert.ok(html.includes(`data-testid="number">${this.facts.numbers[wallet]}<`));
    const told = await this.phone(wallet, '250.00');
    assert.equal(told.code, 0, told.stderr);
    const { trx_id: trxId, payer: digits, told: became } = JSON.parse(told.stdout);
    assert.deepEqual(became, { credit: 1 });
    assert.equal((await payer.press('trx-send', { html, extra: [['trx_id', trxId], ['payer', digits]] })).status, 303);
    assert.equal((await payer.state()).stage, 'paid');
  }

  /** bKash tells of the first payment that it completed. */
  async tellByWebhook() {
    const sim = new Sim(this.facts.sim_url);
    const paid = (await sim.control('GET', 'payments')).payments.find((p) => p.state === 'completed');
    const { status } = await sim.control('POST', 'sns', { url: this.facts.webhook_url, payment_id: paid.payment_id });
    assert.equal(status, 200);
  }

  kassa(...args) {
    return run(path.join(BUILD, 'kassa'), ['--config', path.join(this.dir, 'kassa.conf'), ...args], { cwd: os.tmpdir() });
  }
}

describe('sandbox', { concurrency: false }, () => {
  let root, dir, box, first;
  before(async () => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'kassa-sandbox-'));
    dir = path.join(root, 'with a blank');
    box = new Sandbox(dir, { api: await freePort(), sim: await freePort(), listen: await freePort(), ops: await freePort() });
  });
  after(() => {
    killAll(dir);
    fs.rmSync(root, { recursive: true, force: true });
  });

  it('a port that is taken is named, and nothing is left running', async () => {
    const server = net.createServer();
    await new Promise((resolve) => server.listen(box.ports.sim, '127.0.0.1', resolve));
    const result = await run(SANDBOX, [], { env: box.env });
    server.close();
    assert.equal(result.code, 1);
    assert.match(result.stderr, new RegExp(`port ${box.ports.sim} is taken .*KASSA_SIM_PORT`));
    assert.deepEqual(processesOf(dir), []);
  });

  it('a first start sets up a shop and creates a payment', async () => {
    const facts = await box.start();
    first = facts.first_payment;
    assert.equal(facts.api_url, `http://127.0.0.1:${box.ports.api}`);
    assert.equal(facts.sim_url, `http://127.0.0.1:${box.ports.sim}`);
    assert.equal(facts.listen_url, `http://127.0.0.1:${box.ports.listen}`);
    assert.equal(first.url, `${facts.pay_url}/${first.uuid}`);
    assert.ok(Number.isSafeInteger(first.id));
    for (const [purpose, files] of [['payments', 3], ['payouts', 3], ['notifications', 1]]) {
      assert.equal(fs.readdirSync(facts.certs[purpose]).length, files, purpose);
    }
    const text = box.text();
    for (const part of [first.url, facts.account, path.join(dir, 'certs')]) {
      assert.ok(text.includes(part), `${part} is printed`);
    }
    assert.ok(text.includes(facts.nagad_payment.url), 'the link of a payment by Nagad is printed');
    assert.ok(text.includes(facts.rocket_payment.url), 'the link of a payment by Rocket is printed');
    assert.match(text, /tools\/phone'? bkash 300\.00$/m);
    assert.deepEqual(Object.keys(facts.numbers), ['bkash', 'nagad', 'rocket']);
    assert.match(facts.device_key, /^[0-9a-f]{64}$/);
    assert.equal((await request('GET', first.url)).status, 200);
  });

  it('a person of each side signs in to the cabinet as it prints', async () => {
    const { merchant, operator } = box.facts.cabinet;
    const visitor = () => new Visitor({ payUrl: box.facts.pay_url });
    const owner = await visitor().good('POST', '/sign-in', { email: merchant.email, password: merchant.password });
    assert.deepEqual([owner.stage, owner.merchant.name], ['full', 'Demo shop']);
    const admin = visitor();
    assert.equal((await admin.good('POST', '/sign-in', { email: operator.email, password: operator.password })).stage, 'code');
    const shown = await run(path.join(path.dirname(SANDBOX), 'phone'), ['code'], { env: { KASSA_DIR: box.dir } });
    assert.equal((await admin.good('POST', '/sign-in/code', { code: shown.stdout.trim() })).person.role, 'operator_admin');
    for (const text of [merchant.password, operator.password, operator.totp_secret, `${box.facts.pay_url}/cabinet`]) {
      assert.ok(box.text().includes(text), text);
    }
    assert.equal((await fetch(box.facts.cabinet.url)).status, 200);
  });

  it('paying brings a line with both signatures true, and the books are right', async () => {
    const payer = await box.pay(first);
    const [line] = await until(() => box.lines().length > 0 && box.lines(), { what: 'the notification' });
    assert.deepEqual([line.payment_status, line.sign_ok, line.webhook_signature_ok, line.id, line.account],
      ['paid', true, true, first.id, box.facts.account]);
    assert.ok(!Number.isNaN(Date.parse(line.received_at)));
    const { text } = await payer.page();
    assert.ok(text.includes(`action="${box.facts.listen_url}/return"`), 'the payer is sent to the receiver');
    await box.payByNagad(box.facts.nagad_payment);
    await box.payByRocket(box.facts.rocket_payment);
    for (const wallet of ['bkash', 'nagad', 'rocket']) {
      await box.payByNumber(wallet);
    }
    await box.tellByWebhook();
    const notices = await box.kassa('notice', 'list', '--json');
    assert.deepEqual(JSON.parse(notices.stdout).notices.map((n) => [n.verdict, n.payment]), [['known', first.id]]);
    const books = await box.kassa('audit', '--json');
    assert.equal(books.code, 0, books.stdout + books.stderr);
  });

  it('its phone tells twice, late, in another order, with lost SMS and forged ones', async () => {
    const told = async (...args) => JSON.parse((await box.phone(...args)).stdout).told;
    assert.deepEqual(await told('bkash', '10', '--times', '3'), { credit: 1, same: 2 });
    assert.deepEqual(await told('bkash', '10', '--minutes-ago', '30', '--reference', 'order 5'), { credit: 1 });
    assert.deepEqual(await told('bkash', '10', '--sender', 'bK4sh'), { lookalike: 1 });
    // a reference that looks like the rest of a text: for a person
    assert.deepEqual(await told('bkash', '10', '--reference', 'x. Fee Tk 0.00. TrxID DK6AAAAAAA'), { unparsed: 1 });
    assert.deepEqual(await told('nagad', '10', '--hold'), {});
    // its balance does not follow from the last one that was told, until what was held back comes
    assert.deepEqual(await told('nagad', '20'), { review: 1, credit: 1 });
    assert.deepEqual(await told('rocket', '10', '--forge'), { review: 1 });
    const bad = await box.phone('rocket', '1.005');
    assert.equal(bad.code, 2);
    assert.match((await box.phone('--help')).stdout, /^Plays the phone/);
  });

  it('the commands that it prints work when pasted', async () => {
    const commands = [...box.text().matchAll(/^ {2}# (.*)\n {2}(.*)$/gm)];
    assert.deepEqual(commands.map(([, name]) => name), ['curl and openssl', 'kassa pay', 'PHP']);
    for (const [, name, command] of commands) {
      const result = await run('bash', ['-c', command], { cwd: '/' });
      assert.equal(result.code, 0, `${name}: ${result.stderr}`);
      assert.match(result.stdout.replaceAll('\\/', '/'), new RegExp(`${box.facts.pay_url}/[0-9a-f-]{36}`), `${name}: ${result.stdout}`);
    }
  });

  it('kassad is started again when it dies', async () => {
    const old = processesOf(dir).find((p) => /\/kassad /.test(p.command));
    process.kill(old.pid, 'SIGKILL');
    const now = await until(() => processesOf(dir).find((p) => /\/kassad /.test(p.command) && p.pid !== old.pid), { what: 'another kassad' });
    assert.notEqual(now.pid, old.pid);
    await until(async () => (await request('GET', `${box.facts.ops_url}/readyz`).catch(() => ({}))).status === 200,
      { ms: START_MS, what: 'kassad, ready again' });
    assert.equal((await request('GET', first.url)).status, 200);
  });

  it('a second sandbox in the same folder is refused', async () => {
    const result = await run(SANDBOX, [], { env: box.env });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /another sandbox/);
    assert.equal((await request('GET', first.url)).status, 200);
  });

  it('SIGTERM ends all that it started', async () => {
    assert.deepEqual(await box.stop(), { code: 0, signal: null });
    assert.deepEqual(processesOf(dir), []);
  });

  it('a second start goes on with the same data, on other ports too, and creates a payment of its own', async () => {
    const { account } = box.facts;
    const ports = { api: await freePort(), sim: await freePort(), listen: await freePort(), ops: await freePort() };
    box = new Sandbox(dir, ports);
    const facts = await box.start({ shell: true });
    assert.equal(facts.account, account);
    assert.notEqual(facts.first_payment.id, first.id);
    assert.equal((await request('GET', `${facts.pay_url}/${first.uuid}`)).status, 200);
    await box.pay(facts.first_payment);
    await box.tellByWebhook();
    await box.payByNagad(facts.nagad_payment);
    await box.payByRocket(facts.rocket_payment);
    await box.payByNumber('nagad');
    const line = await until(() => box.lines().find((l) => l.id === facts.first_payment.id), { what: 'the notification' });
    assert.deepEqual([line.payment_status, line.sign_ok, line.webhook_signature_ok], ['paid', true, true]);
    assert.equal((await box.kassa('audit')).code, 0);
  });

  it('SIGINT ends it also where a shell started it in the background', async () => {
    process.kill(box.pid, 'SIGINT');
    await box.ended;
    assert.match(fs.readFileSync(`${box.log}.pid`, 'utf8'), /ended 0/);
    assert.deepEqual(processesOf(dir), []);
  });

  it('kill -9 of the sandbox itself takes the programs with it', async () => {
    await box.start();
    process.kill(box.pid, 'SIGKILL');
    await box.ended;
    await until(() => processesOf(dir).length === 0, { ms: 40000, what: 'the end of the programs' });
  });

  it('a setup that was broken off is made again', async () => {
    const other = path.join(root, 'broken');
    const broken = new Sandbox(other, box.ports);
    fs.mkdirSync(other);
    const child = spawn(SANDBOX, [], { env: broken.env, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until(() => fs.existsSync(path.join(other, 'kassa.db')), { ms: START_MS, every: 5, what: 'a store' });
    child.kill('SIGKILL');
    await ended;
    await until(() => processesOf(other).length === 0, { ms: 20000, what: 'the end of what it ran' });
    await sleep(100);
    const facts = await broken.start();
    assert.ok(facts.first_payment.id);
    assert.deepEqual(await broken.stop('SIGHUP'), { code: 0, signal: null });
    assert.deepEqual(processesOf(other), []);
  });
});
