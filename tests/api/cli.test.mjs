// The command line: what an operator sets up and decides, and the audit of the books.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Cli, configSet } from './lib/cli.mjs';
import { BUILD, suite } from './lib/harness.mjs';
import { request } from './lib/http.mjs';
import { Program, run, until } from './lib/process.mjs';
import { onPostgres, sqlChanges, sqlRows, storeClone, storeCopy, storeNew, storeRemove, storeUnlock } from './lib/store.mjs';

const mode = (file) => fs.statSync(file).mode & 0o777;

describe('setting up', () => {
  let dir, cli, account;
  before(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kassa-cli-'));
    cli = new Cli(BUILD, path.join(dir, 'k'));
    fs.mkdirSync(cli.dir);
  });
  after(async () => {
    await cli.discard();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  const refused = async (args, code, text, options) => {
    const result = await cli.try(['--config', cli.config, ...args], options);
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, text);
    assert.equal(result.stdout, '');
  };
  const audit = () => cli.json(['audit']);
  const rows = (select) => sqlRows(cli.store, select);

  it('init makes a folder that only its owner reads, and says only what differs from the defaults', async () => {
    cli.store = await storeNew(cli.dir);
    const made = await cli.try(['init', '--sandbox', '--dir', cli.dir, '--listen', '127.0.0.1:18080',
      '--set', 'log.level=warn', '--set', 'server.threads=2', ...(onPostgres ? ['--set', `store.path=${cli.store}`] : [])]);
    assert.equal(made.code, 0, made.stderr);
    for (const name of ['kassa.conf', 'secret.key', ...(onPostgres ? [] : ['kassa.db'])]) {
      assert.equal(mode(path.join(cli.dir, name)), 0o600, name);
    }
    const conf = fs.readFileSync(cli.config, 'utf8');
    assert.match(conf, /^listen = 127\.0\.0\.1:18080$/m);
    assert.match(conf, /^api_url = http:\/\/127\.0\.0\.1:18080$/m);
    assert.match(conf, /^sandbox = yes$/m);
    assert.match(conf, /^level = warn$/m);
    assert.doesNotMatch(conf, /threads|ops_listen/);
  });

  it('init refuses to overwrite anything', async () => {
    for (const name of ['kassa.conf', 'secret.key', 'kassa.db']) {
      const other = path.join(dir, `has-${name}`);
      fs.mkdirSync(other);
      fs.writeFileSync(path.join(other, name), 'mine');
      const result = await cli.try(['init', '--dir', other]);
      assert.equal(result.code, 1);
      assert.match(result.stderr, new RegExp(`${name} exists already`));
      assert.deepEqual(fs.readdirSync(other), [name]);
      assert.equal(fs.readFileSync(path.join(other, name), 'utf8'), 'mine');
    }
  });

  it('init refuses a value that kassad would refuse, and leaves nothing behind', async () => {
    const other = path.join(dir, 'bad');
    const result = await cli.try(['init', '--dir', other, '--api-url', 'ftp://x.example']);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /server\.api_url/);
    assert.deepEqual(fs.readdirSync(other), []);
  });

  it('wrong use is told by the name of what is wrong, and ends with 2', async () => {
    await refused(['merchant', 'add'], 2, /--name/);
    await refused(['merchant', 'add', '--nmae', 'x'], 2, /unknown option --nmae/);
    await refused(['merchant', 'add', '--name'], 2, /--name needs a value/);
    await refused(['merchant', 'add', '--name', 'a', '--name', 'b'], 2, /--name is given twice/);
    await refused(['merchant', 'add', '--name', 'a', 'b'], 2, /unexpected "b"/);
    await refused(['merchant', 'frob'], 2, /unknown command frob/);
    await refused(['frob'], 2, /unknown command "frob"/);
    await refused(['account', 'show'], 2, /UUID is required/);
    await refused(['cert', 'new', 'payment', '--account', crypto.randomUUID()], 2, /"payment" is none of/);
    await refused(['wallet', 'add', 'nagad', '--base-url', 'http://127.0.0.1:1', '--username', 'u', '--app-key', 'k'], 2, /nagad/);
  });

  it('help names every command', async () => {
    const { stdout, code } = await cli.try(['help']);
    assert.equal(code, 0);
    for (const noun of ['init', 'merchant add', 'account update', 'cert import', 'redirect delete', 'endpoint rotate-secret', 'wallet add',
      'payment settle', 'credit attach', 'credit mark', 'refund', 'refund settle', 'notification resend', 'audit', 'backup', 'restore', 'pay', 'status', 'history', 'sign', 'verify notification', 'listen']) {
      assert.match(stdout, new RegExp(`^  ${noun} `, 'm'), noun);
    }
    assert.match((await cli.try(['endpoint', 'help'])).stdout, /endpoint secret ID/);
    assert.match((await cli.try(['cert', 'new', '--help'])).stdout, /--overlap HOURS/);
  });

  it('a merchant and an account with an exact fee', async () => {
    const merchant = await cli.json(['merchant', 'add', '--name', 'দোকান "A"']);
    await refused(['merchant', 'add', '--name', 'দোকান "A"'], 1, /already/);
    for (const percent of ['1.505', '-1', '100.01', '1,5', '1e1', '', 'x']) {
      await refused(['account', 'add', '--merchant', merchant.id, '--currency', 'BDT', `--fee-percent=${percent}`], 2, /--fee-percent/);
    }
    await refused(['account', 'add', '--merchant', merchant.id, '--currency', 'BDT', '--services', 'x'], 2, /--services/);
    await refused(['account', 'add', '--merchant', merchant.id, '--currency', 'EUR'], 2, /--currency/);
    await refused(['account', 'add', '--merchant', 999999, '--currency', 'BDT'], 1, /no merchant/);
    account = await cli.json(['account', 'add', '--merchant', merchant.id, '--currency', 'BDT', '--fee-percent', '1.15',
      '--fee-fixed', '0.29', '--services', 'payment_card_bdt_hpp', '--digest', 'sha256']);
    assert.deepEqual(await rows('SELECT fee_bp, fee_fixed, services, digest FROM account'),
      [{ fee_bp: 115, fee_fixed: 29, services: 'payment_card_bdt_hpp', digest: 'sha256' }]);
    assert.match(account.notify_secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(await cli.json(['account', 'secret', account.account]), { notify_secret: account.notify_secret });
    assert.equal((await cli.json(['account', 'list'])).accounts[0].fee_percent, '1.15');
  });

  it('an archive has the three files, its key opens with the pass phrase, and is no copy of the store', async () => {
    const out = path.join(dir, 'p'), zip = path.join(dir, 'p.zip');
    const made = await cli.json(['cert', 'new', 'payments', '--account', account.account, '--out', out, '--zip', zip]);
    assert.deepEqual(fs.readdirSync(out).sort(), ['password.txt', 'private.pem', 'public.pem']);
    for (const name of fs.readdirSync(out)) {
      assert.equal(mode(path.join(out, name)), 0o600);
    }
    assert.equal(mode(zip), 0o600);
    const password = fs.readFileSync(path.join(out, 'password.txt'), 'utf8');
    assert.match(password, /^[0-9a-f]{48}$/);
    assert.match(fs.readFileSync(path.join(out, 'private.pem'), 'utf8'),
      /^-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,/);
    const opened = await run('openssl', ['rsa', '-in', path.join(out, 'private.pem'), '-passin', `file:${path.join(out, 'password.txt')}`, '-pubout']);
    assert.equal(opened.code, 0, opened.stderr);
    assert.equal(opened.stdout, fs.readFileSync(path.join(out, 'public.pem'), 'utf8'));
    const listed = await run('unzip', ['-Z1', zip]);
    assert.deepEqual(listed.stdout.trim().split('\n').sort(), ['password.txt', 'private.pem', 'public.pem']);
    for (const name of ['password.txt', 'private.pem', 'public.pem']) {
      assert.equal((await run('unzip', ['-p', zip, name])).stdout, fs.readFileSync(path.join(out, name), 'utf8'));
    }
    const der = crypto.createPublicKey(fs.readFileSync(path.join(out, 'public.pem'))).export({ type: 'spki', format: 'der' });
    assert.equal(made.fingerprint, crypto.createHash('sha256').update(der).digest('hex'));
    assert.deepEqual(await rows('SELECT length(private_box) AS kept FROM certificate'), [{ kept: null }]);
  });

  it('the archive of notifications has the public key only; Kassa keeps the other half in a box', async () => {
    const out = path.join(dir, 'n');
    await cli.json(['cert', 'new', 'notifications', '--account', account.account, '--bits', '3072', '--out', out]);
    assert.deepEqual(fs.readdirSync(out), ['public.pem']);
    assert.equal(crypto.createPublicKey(fs.readFileSync(path.join(out, 'public.pem'))).asymmetricKeyDetails.modulusLength, 3072);
    const hex = onPostgres ? "encode(private_box, 'hex')" : 'hex(private_box)';
    const [{ box }] = await rows(`SELECT ${hex} AS box FROM certificate WHERE purpose = 'notifications'`);
    assert.ok(box.length > 1000 && !box.toUpperCase().includes('2A864886F70D010101'), 'a box that is no bare key');
    await refused(['cert', 'new', 'payouts', '--account', account.account, '--bits', '2049', '--out', out], 2, /--bits/);
  });

  it('nothing is overwritten, and then nothing is changed', async () => {
    const count = await rows('SELECT COUNT(*) AS n FROM certificate');
    await refused(['cert', 'new', 'payments', '--account', account.account, '--out', path.join(dir, 'p')], 1, /File exists/);
    await refused(['cert', 'new', 'payments', '--account', account.account, '--out', path.join(dir, 'q'), '--zip', path.join(dir, 'p.zip')],
      1, /exists already/);
    assert.deepEqual(fs.readdirSync(path.join(dir, 'q')), []);
    assert.deepEqual(await rows('SELECT COUNT(*) AS n FROM certificate'), count);
  });

  it('a new certificate leaves the older one valid for the overlap, 24 hours unless told', async () => {
    const certs = async () => (await cli.json(['cert', 'list', '--account', account.account])).certificates
      .filter((c) => c.purpose === 'payments');
    const hours = (c) => (Date.parse(c.not_after) - Date.now()) / 3600000;
    await cli.json(['cert', 'new', 'payments', '--account', account.account, '--out', path.join(dir, 'p2')]);
    let [second, first] = await certs();
    assert.equal(second.not_after, null);
    assert.ok(hours(first) > 23.9 && hours(first) <= 24, first.not_after);
    await cli.json(['cert', 'new', 'payments', '--account', account.account, '--out', path.join(dir, 'p3'), '--overlap', '2']);
    let third;
    [third, second, first] = await certs();
    assert.equal(third.state, 'valid');
    assert.ok(hours(second) > 1.9 && hours(second) <= 2, second.not_after);
    assert.ok(hours(first) > 1.9 && hours(first) <= 2, 'an older end is not put off, a later one is brought forward');
    await cli.json(['cert', 'new', 'payments', '--account', account.account, '--out', path.join(dir, 'p4'), '--overlap', '0']);
    assert.deepEqual((await certs()).map((c) => c.state), ['valid', 'ended', 'ended', 'ended']);
  });

  it("a merchant's own public key is taken, a weak one and a private one are not", async () => {
    const write = (name, key) => {
      fs.writeFileSync(path.join(dir, name), key);
      return path.join(dir, name);
    };
    const pair = (bits, publicExponent = 65537) => crypto.generateKeyPairSync('rsa', { modulusLength: bits, publicExponent });
    const pem = (key) => key.export({ type: 'spki', format: 'pem' });
    const good = pair(2048);
    const args = (file) => ['cert', 'import', '--account', account.account, '--purpose', 'payouts', '--public', file];
    await cli.json(args(write('own.pem', pem(good.publicKey))));
    await refused(args(write('short.pem', pem(pair(1024).publicKey))), 1, /2048 to 4096/);
    await refused(args(write('e3.pem', pem(pair(2048, 3).publicKey))), 1, /exponent/);
    await refused(args(write('private.pem', good.privateKey.export({ type: 'pkcs8', format: 'pem' }))), 1, /no PEM of an RSA public key/);
    await refused(args(path.join(dir, 'none.pem')), 1, /can't be read/);
    await refused(['cert', 'import', '--account', account.account, '--purpose', 'notifications', '--public', path.join(dir, 'own.pem')],
      2, /--purpose/);
    const [own] = (await cli.json(['cert', 'list', '--account', account.account])).certificates;
    await cli.json(['cert', 'revoke', own.id]);
    await refused(['cert', 'revoke', own.id], 1, /revoked before/);
    assert.equal((await cli.json(['cert', 'list', '--account', account.account])).certificates[0].state, 'revoked');
  });

  it('an endpoint with its secret, which rotates with an overlap', async () => {
    const made = await cli.json(['endpoint', 'add', '--account', account.account, '--url', 'https://shop.example/n', '--mode', 'POST',
      '--field-set', '12']);
    assert.match(made.secret, /^whsec_/);
    const rotated = await cli.json(['endpoint', 'rotate-secret', made.id, '--overlap', '3']);
    assert.notEqual(rotated.secret, made.secret);
    assert.ok(Math.abs(Date.parse(rotated.old_secret_until) - Date.now() - 3 * 3600000) < 60000);
    assert.equal((await cli.json(['endpoint', 'secret', made.id])).secret, rotated.secret);
    await cli.json(['endpoint', 'update', made.id, '--mode', 'GET']);
    await cli.json(['endpoint', 'disable', made.id]);
    const [row] = (await cli.json(['endpoint', 'list', '--account', account.account])).endpoints;
    assert.deepEqual([row.mode, row.field_set, row.enabled, row.disabled_reason], ['GET', 12, false, 'operator']);
    await cli.json(['account', 'update', account.account, '--endpoint', made.id]);
    await refused(['endpoint', 'delete', made.id], 1, /default/);
    await cli.json(['account', 'update', account.account, '--endpoint', 0]);
    await cli.json(['endpoint', 'delete', made.id]);
    await refused(['endpoint', 'enable', made.id], 1, /no endpoint/);
    await refused(['account', 'update', account.account, '--endpoint', made.id], 1, /no such redirect or endpoint/);
    for (const url of ['ftp://shop.example', 'https://u:p@shop.example/', 'https://shop.example:22/', 'shop.example', 'https://0.0.0.0/',
      `https://shop.example/${'x'.repeat(256)}`]) {
      await refused(['endpoint', 'add', '--account', account.account, '--url', url], 2, /--url/);
    }
  });

  it('an http return address is told of where the page is https', async () => {
    const add = async (conf, url) => {
      const result = await cli.try(['--config', conf, 'redirect', 'add', '--account', account.account, '--url', url, '--json']);
      assert.equal(result.code, 0, result.stderr);
      return result.stderr;
    };
    const https = path.join(cli.dir, 'https.conf');
    fs.writeFileSync(https, fs.readFileSync(cli.config, 'utf8').replace(/^pay_url = .*/m, 'pay_url = https://pay.example'));
    assert.match(await add(https, 'http://shop.example/'), /browsers warn/);
    assert.equal(await add(https, 'https://shop.example/'), '');
    assert.equal(await add(cli.config, 'http://shop.example/'), '');
  });

  it('wallet secrets come from files, standard input or variables, and are readable nowhere', async () => {
    const add = (more, options) => cli.run(['wallet', 'add', 'bkash', '--base-url', 'http://127.0.0.1:9/v1', '--username', 'user-1',
      '--app-key', 'open-1', ...more], options);
    const file = path.join(dir, 'secret.txt');
    fs.writeFileSync(file, 'sesame-file\n');
    await add(['--password-stdin', '--app-secret-stdin'], { input: 'sesame-one\nsesame-two\n' });
    await add(['--password-file', file, '--app-secret-env', 'S'], { env: { S: 'sesame-env' } });
    await refused(['wallet', 'add', 'bkash', '--base-url', 'http://127.0.0.1:9', '--username', 'u', '--app-key', 'k'], 2, /--password-file/);
    await refused(['wallet', 'add', 'bkash', '--base-url', 'https://bkash.example', '--username', 'u', '--app-key', 'k',
      '--password-file', file, '--app-secret-file', file], 2, /sandbox only loopback/);
    const raw = fs.readdirSync(cli.dir).map((name) => fs.readFileSync(path.join(cli.dir, name), 'latin1')).join();
    assert.doesNotMatch(raw, /sesame|open-1/);
    assert.doesNotMatch(await cli.run(['wallet', 'list']), /sesame|open-1/);
    const [one] = (await cli.json(['wallet', 'list'])).credentials;
    await cli.json(['wallet', 'disable', one.id]);
    assert.equal((await cli.json(['wallet', 'list'])).credentials[0].enabled, false);
  });

  it('outside a sandbox a wallet off loopback must be https', async () => {
    const other = new Cli(BUILD, path.join(dir, 'real'));
    fs.mkdirSync(other.dir);
    await other.init({ sandbox: false });
    const args = (url) => ['--config', other.config, 'wallet', 'add', 'bkash', '--base-url', url, '--username', 'u', '--app-key', 'k',
      '--password-env', 'P', '--app-secret-env', 'P'];
    assert.equal((await other.try(args('https://tokenized.pay.bka.sh/v1.2.0-beta'), { env: { P: 'x' } })).code, 0);
    assert.match((await other.try(args('http://tokenized.pay.bka.sh/v1.2.0-beta'), { env: { P: 'x' } })).stderr, /https/);
  });

  it('each change is in the audit chain, without a secret, and moves the counter', async () => {
    const changes = await rows('SELECT * FROM audit_log ORDER BY id');
    const user = os.userInfo().username;
    assert.ok(changes.every((r) => r.actor === `cli:${user}`));
    for (const action of ['merchant.add', 'account.add', 'cert.new', 'cert.import', 'cert.revoke', 'endpoint.add', 'endpoint.rotate-secret',
      'endpoint.delete', 'redirect.add', 'wallet.add', 'wallet.disable', 'account.update']) {
      assert.ok(changes.some((r) => r.action === action), action);
    }
    assert.doesNotMatch(JSON.stringify(changes), /whsec_|sesame|BEGIN/);
    const updated = changes.find((r) => r.action === 'account.update');
    assert.notEqual(updated.before_json, updated.after_json);
    assert.deepEqual(Object.keys(JSON.parse(updated.before_json)), Object.keys(JSON.parse(updated.after_json)).filter((k) => !/rotated/.test(k)));
    const [{ id: merchant }] = await rows('SELECT id FROM merchant ORDER BY id LIMIT 1');
    const own = changes.filter((r) => Number(r.merchant_id) === Number(merchant));
    assert.deepEqual(own.map((r) => Number(r.merchant_number)), own.map((r, i) => i + 1));
    for (const action of ['merchant.add', 'account.add', 'cert.new', 'cert.revoke', 'endpoint.add', 'endpoint.delete', 'redirect.add', 'account.update']) {
      assert.ok(own.some((r) => r.action === action), `${action} is told to its merchant`);
    }
    assert.deepEqual(await rows('SELECT changes FROM change_counter'), [{ changes: changes.length + 1 }]);
    const books = await audit();
    assert.deepEqual([books.ok, books.changes, books.chain_head], [true, changes.length, changes.at(-1).hash]);
  });

  it('the configuration comes from --config, then KASSA_CONFIG, then the current folder', async () => {
    const list = (options, args = []) => cli.try(['merchant', 'list', '--json', ...args], options);
    assert.equal((await list({ cwd: cli.dir })).code, 0);
    assert.equal((await list({ cwd: dir, env: { KASSA_CONFIG: cli.config } })).code, 0);
    const none = await list({ cwd: dir, env: { KASSA_CONFIG: '' } });
    assert.equal(none.code, 1);
    assert.match(none.stderr, /kassa\.conf can't be read/);
  });
});

suite('books and decisions', { feePercent: '1.50', feeFixed: '2.00', config: { wallet: { timeout_ms: 20000 } } }, (w) => {
  let paid, late;
  const show = (payment) => w.cli.json(['payment', 'show', payment.id]);

  it('a paid payment is shown with all that belongs to it, by each of its names', async () => {
    paid = await w.create({ amount: '250.00' });
    await w.pay(paid);
    const facts = await until(async () => {
      const f = await show(paid);
      return f.notifications[0]?.state === 'delivered' && f;
    });
    assert.equal(facts.payment_status, 'paid');
    assert.equal(facts.commission_amount, '5.75');
    assert.deepEqual(facts.attempts.map((a) => a.state), ['paid']);
    assert.deepEqual(facts.postings.map((p) => [p.ledger, p.amount]),
      [['wallet_clearing', '250.00'], ['merchant_payable', '-244.25'], ['our_fee', '-5.75']]);
    assert.deepEqual(facts.credits.map((c) => [c.amount, c.attached]), [['250.00', true]]);
    assert.deepEqual(facts.notification_tries.map((t) => [t.number, t.status]), [[1, 200]]);
    assert.ok(facts.events.some((e) => e.event === 'execute' && e.from === 'open' && e.to === 'executing'));
    assert.equal((await w.cli.json(['payment', 'show', paid.uuid])).id, paid.id);
    assert.equal((await w.cli.json(['payment', 'show', paid.order_id, '--account', w.account.uuid])).id, paid.id);
    assert.match((await w.cli.try(['--config', w.cli.config, 'payment', 'show', paid.order_id])).stderr, /--account/);
    assert.equal((await w.cli.json(['account', 'show', w.account.uuid])).balance, '244.25');
  });

  it('a delivered notification is sent again with the same webhook-id', async () => {
    const { notifications: [note] } = await show(paid);
    const before = w.receiver.of('/notify').length;
    await w.cli.run(['notification', 'resend', note.id]);
    await until(() => w.receiver.of('/notify').length > before, { what: 'the notification again' });
    const ids = new Set(w.receiver.of('/notify').map((r) => r.headers['webhook-id']));
    assert.deepEqual([...ids], [note.webhook_id]);
    await until(async () => (await w.cli.json(['notification', 'show', note.id])).state === 'delivered');
    assert.equal((await w.cli.json(['notification', 'show', note.id])).log.length, 2);
    const none = await w.cli.try(['--config', w.cli.config, 'notification', 'resend', '1']);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no notification 1/);
  });

  it('a payment whose amount the wallet tells differently waits for a person, who settles it', async () => {
    const payment = await w.create({ amount: '100.00' });
    await w.sim.fault('execute', 'amount', { value: '90.00' });
    const { paymentID } = await w.begin(payment);
    await w.follow(payment, await w.sim.approve(paymentID));
    const review = await until(async () => (await w.cli.json(['payment', 'list', '--review'])).payments[0], { what: 'the review' });
    assert.equal(review.id, payment.id);
    const { trx_id: trx } = await w.sim.payment(paymentID);
    const settle = (...more) => w.cli.try(['--config', w.cli.config, 'payment', 'settle', String(payment.id), ...more]);
    for (const [args, text] of [[[], /--reason/], [['--reason', 'x'], /--paid or --not-paid/], [['--reason', 'x', '--paid'], /--amount/],
      [['--reason', 'x', '--paid', '--amount', '90'], /--trx-id/], [['--reason', 'x', '--not-paid', '--amount', '90'], /--amount/],
      [['--reason', 'x', '--paid', '--amount', '9O', '--trx-id', trx], /--amount/]]) {
      const result = await settle(...args);
      assert.equal(result.code, 2, args.join(' '));
      assert.match(result.stderr, text);
    }
    const { credits: [{ trx_id: taken }] } = await show(paid);
    const twice = await settle('--paid', '--amount', '100.00', '--trx-id', taken.toLowerCase(), '--reason', 'x');
    assert.equal(twice.code, 1);
    assert.match(twice.stderr, /--trx-id/);
    // what the wallet told is in the books already: another sum, or a mistyped TrxID, would count it anew
    const [credit] = (await show(payment)).credits;
    assert.deepEqual([credit.trx_id, credit.amount, credit.attached], [trx, '90.00', false]);
    for (const [amount, id, text] of [['100.00', trx, /--amount/], ['90.00', 'AAA0000000', /--trx-id/]]) {
      const slip = await settle('--paid', '--amount', amount, '--trx-id', id, '--reason', 'x');
      assert.equal(slip.code, 1);
      assert.match(slip.stderr, text);
    }
    const done = await settle('--paid', '--amount', '90.00', '--trx-id', trx, '--reason', 'the statement says 90', '--json');
    assert.equal(done.code, 0, done.stderr);
    assert.equal((await w.status(payment)).payment_status, 'paid');
    assert.ok((await show(payment)).events.some((e) => e.reason === 'the statement says 90'));
    assert.equal((await settle('--not-paid', '--reason', 'x')).code, 1);
    assert.equal((await w.cli.json(['audit'])).ok, true);
  });

  it('money that comes after the end is kept, and a person attaches it', async () => {
    late = await w.create({ amount: '80.00' });
    await w.sim.fault('execute', 'drop_after_commit');
    await w.sim.fault('query', 'delay', { value: 9000 });
    const { paymentID } = await w.begin(late);
    await w.follow(late, await w.sim.approve(paymentID));
    await until(async () => (await show(late)).attempts[0].state === 'unknown', { what: 'the lost answer' });
    await w.clock.advance(60);
    await until(async () => (await w.sim.calls('query')).length > 0, { what: 'the question to the wallet' });
    await w.cli.run(['payment', 'settle', late.id, '--not-paid', '--reason', 'seen too early']);
    await w.payer(late).press('cancel');
    assert.equal((await w.status(late)).payment_status, 'cancel');
    const credit = await until(async () => (await w.cli.json(['credit', 'list', '--unattached'])).credits[0],
      { ms: 30000, every: 200, what: 'the late money' });
    assert.deepEqual([credit.payment, credit.amount, credit.attached], [late.id, '80.00', false]);
    assert.equal((await w.status(late)).payment_amount, '80.00');
    assert.equal((await w.cli.json(['account', 'show', w.account.uuid])).unattached, '80.00');
    assert.equal((await w.cli.json(['audit'])).ok, true);
    await w.cli.run(['credit', 'attach', credit.id, '--reason', 'it was theirs']);
    assert.equal((await w.status(late)).payment_status, 'paid');
    const twice = await w.cli.try(['--config', w.cli.config, 'credit', 'attach', String(credit.id), '--reason', 'x']);
    assert.equal(twice.code, 1);
    const facts = await show(late);
    assert.deepEqual(facts.notifications.map((n) => [n.sequence, n.payment_status, n.payment_amount]).sort(),
      [[1, 'cancel', '0.00'], [2, 'cancel', '80.00'], [3, 'paid', '80.00']]);
  });

  it('T37 the books are right', async () => {
    const cancelled = await w.create();
    await w.payer(cancelled).press('cancel');
    await w.create();
    const books = await w.cli.json(['audit']);
    assert.deepEqual(books.faults, []);
    assert.equal(books.verdict, 'right');
    assert.deepEqual([books.payments, books.credits], [5, 3]);
    assert.match(await w.cli.run(['audit']), /The books are right\.\n$/);
  });

  describe('each kind of corruption is found', () => {
    let dir, unlocked, copies = 0;
    before(async () => {
      dir = path.join(w.dir, 'copies');
      fs.mkdirSync(dir);
      unlocked = await storeCopy(w.cli.store, dir);
      await storeUnlock(unlocked);
    });
    after(() => storeRemove(unlocked));

    /** The audit of a copy of the store that somebody has edited. */
    const edited = async (sql) => {
      const home = path.join(dir, String(++copies));
      fs.mkdirSync(home);
      for (const name of ['kassa.conf', 'secret.key']) {
        fs.copyFileSync(path.join(w.dir, name), path.join(home, name));
      }
      const store = await storeClone(unlocked, home);
      configSet(path.join(home, 'kassa.conf'), { store: { path: store } });
      assert.notEqual(await sqlChanges(store, sql), 0, 'the edit must touch a row');
      const result = await w.cli.try(['--config', path.join(home, 'kassa.conf'), 'audit', '--json']);
      await storeRemove(store);
      const books = JSON.parse(result.stdout);
      assert.equal(result.code, books.ok ? 0 : 1);
      return { ...books, checks: [...new Set(books.faults.map((f) => f.check))] };
    };

    it('an unedited copy is right', async () => {
      assert.equal((await edited('UPDATE payment SET language = language WHERE id = (SELECT MIN(id) FROM payment)')).ok, true);
    });

    const cases = [
      ['an altered posting', 'UPDATE posting SET amount = amount + 1 WHERE entry_id = (SELECT MIN(entry_id) FROM posting) AND number = 1',
        'entry-sum'],
      ['two altered postings of an entry that still sums to zero', 'UPDATE posting SET amount = amount + CASE number WHEN 2 THEN 100 ELSE'
        + ' -100 END WHERE entry_id = (SELECT MIN(entry_id) FROM posting) AND number > 1', 'payment-postings'],
      ['a lost posting', 'DELETE FROM posting WHERE entry_id = (SELECT MIN(entry_id) FROM posting) AND number = 3', 'entry-sum'],
      ['a lost entry', 'DELETE FROM ledger_entry WHERE id = (SELECT MIN(id) FROM ledger_entry)', 'postings'],
      ['an entry without postings', 'DELETE FROM posting WHERE entry_id = (SELECT MIN(entry_id) FROM posting)', 'entries'],
      ['an altered balance', "UPDATE ledger_account SET balance = balance - 5 WHERE kind = 'merchant_payable'", 'balance'],
      ['an altered running balance', 'UPDATE posting SET balance_after = balance_after + 7 WHERE number = 2', 'balance-after'],
      ['an entry moved to another payment', 'UPDATE ledger_entry SET payment_id = (SELECT MAX(id) FROM payment)'
        + ' WHERE id = (SELECT MIN(id) FROM ledger_entry)', 'payment-entries'],
      ['money moved to another merchant', "UPDATE ledger_account SET owner = owner + 1000 WHERE kind = 'merchant_payable'", 'balance-by-rows'],
      ['a paid amount', "UPDATE payment SET paid = paid + 1 WHERE state = 'paid'", 'paid-amount'],
      ['a commission', "UPDATE payment SET commission = commission - 1, credited = credited + 1 WHERE state = 'paid'", 'commission'],
      ['a credited amount', "UPDATE payment SET credited = credited + 1 WHERE state = 'paid'", 'credited-amount'],
      ['a payment made paid by hand', "UPDATE payment SET state = 'paid' WHERE state = 'cancelled'", 'credits'],
      ['a paid payment made open by hand', "UPDATE payment SET state = 'open', final_at = 0 WHERE id = (SELECT MIN(id) FROM payment)", 'credits'],
      ['a credit detached', 'UPDATE credit SET attached = 0 WHERE id = (SELECT MIN(id) FROM credit)', 'balance-by-rows'],
      ['a lost credit', 'DELETE FROM credit WHERE id = (SELECT MIN(id) FROM credit)', 'paid-amount'],
      ['an altered credit', 'UPDATE credit SET amount = amount * 2 WHERE id = (SELECT MIN(id) FROM credit)', 'paid-amount'],
      ['a TrxID counted twice', 'UPDATE credit SET trx_id = (SELECT lower(trx_id) FROM credit ORDER BY id LIMIT 1)'
        + ' WHERE id = (SELECT MAX(id) FROM credit)', 'trx-id'],
      ['a lost notification', "DELETE FROM outbox_try; DELETE FROM outbox WHERE id = (SELECT MIN(id) FROM outbox)", 'notifications'],
      ['a gap in the notifications', 'UPDATE outbox SET sequence = sequence + 1 WHERE id = (SELECT MIN(id) FROM outbox)', 'notifications'],
      ['an altered notification', 'UPDATE outbox SET payment_amount = payment_amount + 1 WHERE id = (SELECT MIN(id) FROM outbox)',
        'notifications'],
      ['a lost attempt', "DELETE FROM attempt WHERE state = 'paid'", 'attempts'],
      ['an attempt paid without a credit', "UPDATE attempt SET state = 'paid' WHERE state = 'declined'; UPDATE credit SET attempt_id = NULL", 'attempts'],
      ['an altered link', 'UPDATE payment SET uuid = (SELECT p.uuid FROM payment p ORDER BY p.id DESC LIMIT 1)'
        + ' WHERE id = (SELECT MIN(id) FROM payment)', 'link'],
      ['a day counter', 'UPDATE day_count SET payments = payments + 1', 'day-counter'],
      ['a lost day counter', 'DELETE FROM day_count', 'day-counter'],
      ['a payment filed under another day', 'UPDATE payment SET day = day - 1 WHERE id = (SELECT MIN(id) FROM payment)', 'day'],
      ['an altered change', "UPDATE audit_log SET actor = 'cli:nobody' WHERE id = 2", 'audit-chain'],
      ['a lost change', 'DELETE FROM audit_log WHERE id = 2', 'audit-chain'],
      ['a change given to nobody', 'UPDATE audit_log SET merchant_id = NULL, merchant_number = NULL, merchant_prev_hash = NULL, merchant_hash = NULL'
        + ' WHERE id = (SELECT MIN(id) FROM audit_log WHERE merchant_id IS NOT NULL)', 'merchant-chain'],
      ['a lost first change', 'DELETE FROM audit_log WHERE id = 1', 'audit-chain'],
    ];
    for (const [what, sql, check] of cases) {
      it(what, async () => {
        const books = await edited(sql);
        assert.equal(books.verdict, 'wrong');
        assert.ok(books.checks.includes(check), `${check} in ${JSON.stringify(books.faults.slice(0, 5))}`);
      });
    }

    it('names the entry and the payment', async () => {
      const books = await edited('UPDATE posting SET amount = amount + 1 WHERE entry_id = (SELECT MIN(entry_id) FROM posting) AND number = 1');
      const entry = (await show(paid)).postings[0].entry;
      assert.ok(books.faults.some((f) => f.check === 'entry-sum' && f.object === 'entry' && f.id === entry));
      assert.ok(books.faults.some((f) => f.check === 'payment-postings' && f.object === 'payment' && f.id === paid.id));
    });
  });
});

suite('merchant side', { feePercent: '1.00' }, (w) => {
  let certs, client;
  before(() => {
    certs = path.join(w.dir, 'unpacked');
    fs.mkdirSync(certs);
    for (const purpose of ['payments', 'notifications']) {
      fs.cpSync(w.certs[purpose].dir, path.join(certs, purpose), { recursive: true });
    }
    client = ['--api-url', w.apiUrl, '--certs', certs, '--account', w.account.uuid];
  });

  it('pay prints the link; the same order again is the same payment; errors name the field', async () => {
    const args = ['pay', ...client, '--amount', '12.50', '--order', 'cli-1', '--desc', 'Büroklammern', '--lifetime', '900',
      '--customer-email', 'a@shop.example'];
    const made = await w.cli.json(args);
    assert.match(made.url, new RegExp(`^${w.payUrl}/[0-9a-f-]{36}$`));
    assert.equal(made.replayed, false);
    const again = await w.cli.json(args);
    assert.deepEqual([again.id, again.replayed], [made.id, true]);
    const refused = await w.cli.try(['pay', ...client, '--amount', '12.505', '--order', 'cli-2', '--customer-code', 'x', '--json']);
    assert.equal(refused.code, 1);
    assert.deepEqual(JSON.parse(refused.stdout).errors.map((e) => e.field).sort(), ['amount', 'customer_code']);
    const status = await w.cli.json(['status', ...client, '--order', 'cli-1', '--digest', 'sha256']);
    assert.deepEqual([status.id, status.amount, status.payment_status], [made.id, '12.50', 'wait']);
    const history = await w.cli.json(['history', ...client]);
    assert.ok(history.payments.some((p) => p.id === made.id));
  });

  it('sign signs the very bytes of standard input', async () => {
    const body = '{ "amount":1,\n"x":"é" }\n';
    const signed = await w.cli.try(['sign', '--certs', certs], { input: body });
    assert.equal(signed.code, 0, signed.stderr);
    assert.ok(crypto.verify('sha1', Buffer.from(body), w.certs.payments.publicKey, Buffer.from(signed.stdout.trim(), 'base64')));
  });

  it('listen takes the three modes, checks both signatures and keeps each as a line', async () => {
    const out = path.join(w.dir, 'lines.jsonl');
    const listener = new Program(path.join(BUILD, 'kassa'), ['listen', '--port', '0', '--json', '--out', out,
      '--account-public', path.join(certs, 'notifications', 'public.pem'), '--secret-file', path.join(w.dir, 'listen.secret')],
    { log: path.join(w.dir, 'listen.log'), cwd: w.dir });
    // the secret is that of each endpoint in turn; the file holds one, so the endpoints are checked one by one below
    await listener.ended;
    assert.equal(listener.end.code, 1, 'a secret file that is not there is refused');
    for (const mode of ['GET', 'POST', 'POST_JSON']) {
      await oneMode(mode, `${out}.${mode}`);
    }
  });

  const lines = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l)) : []);

  async function oneMode(mode, out) {
    const secretFile = path.join(w.dir, `secret.${mode}`);
    fs.writeFileSync(secretFile, '');
    const endpoint = await w.addEndpoint(w.account, { url: 'http://127.0.0.1:1024/', mode });
    fs.writeFileSync(secretFile, endpoint.secret);
    const log = path.join(w.dir, `listen-${mode}.log`);
    const listener = new Program(path.join(BUILD, 'kassa'), ['listen', '--port', '0', '--json', '--out', out,
      '--account-public', path.join(certs, 'notifications', 'public.pem'), '--secret-file', secretFile], { log, cwd: w.dir });
    const first = await until(() => /\{"listening".*\}/.exec(fs.readFileSync(log, 'utf8')), { what: 'the listener' });
    const { listening } = JSON.parse(first[0]);
    try {
      await w.cli.run(['endpoint', 'update', endpoint.id, '--url', `${listening}?shop=1`]);
      await w.presetSeen(w.account, 'notification_endpoint_id', endpoint.id);
      const payment = await w.create({ notification_endpoint_id: endpoint.id, amount: '40.00', desc: 'A & B' });
      await w.pay(payment);
      const [line] = await until(() => lines(out).length > 0 && lines(out), { what: `the notification by ${mode}` });
      assert.deepEqual([line.sign_ok, line.webhook_signature_ok, line.webhook_fresh, line.payment_status, String(line.id), line.desc, line.mode],
        [true, true, true, 'paid', String(payment.id), 'A & B', mode]);
      assert.equal(line.webhook_sequence, 1);
      assert.match(line.webhook_id, /^msg_/);
      assert.match(line.received_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(line.shop, mode === 'GET' ? '1' : undefined);
      await forged(listening, line, out);
      await verified(mode, line, payment);
      await returned(listening, payment);
    } finally {
      await listener.stop();
    }
  }

  async function forged(listening, line, out) {
    const body = JSON.stringify({ ...line, sign_ok: true, webhook_signature_ok: true, payment_amount: '4000.00' });
    const answer = await request('POST', listening, { headers: { 'Content-Type': 'application/json' }, body });
    assert.equal(answer.status, 400);
    const last = lines(out).at(-1);
    assert.deepEqual([last.sign_ok, last.webhook_signature_ok, last.payment_amount], [false, false, '4000.00']);
  }

  async function verified(mode, line, payment) {
    if (mode !== 'POST_JSON') {
      return;
    }
    const fields = ['type', 'id', 'order_id', 'payment_status', 'amount', 'payment_amount', 'commission_amount', 'is_partial_payment',
      'account', 'service', 'desc', 'sign'];
    const data = JSON.stringify(Object.fromEntries(fields.map((f) => [f, line[f]])));
    const verify = (text) => w.cli.try(['verify', 'notification', '--mode', mode, '--public', path.join(certs, 'notifications', 'public.pem'),
      '--json', '--data', text]);
    const good = await verify(data);
    assert.equal(good.code, 0, good.stderr);
    assert.deepEqual([JSON.parse(good.stdout).sign_ok, JSON.parse(good.stdout).id], [true, payment.id]);
    const bad = await verify(data.replace('"40.00"', '"41.00"'));
    assert.equal(bad.code, 1);
    assert.equal(JSON.parse(bad.stdout).sign_ok, false);
  }

  async function returned(listening, payment) {
    const url = listening.replace('/notify', '/return');
    const text = JSON.stringify({ order_id: payment.order_id, uuid: payment.uuid });
    const post = (sign) => request('POST', url, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ order_id: payment.order_id, uuid: payment.uuid, sign }).toString() });
    const wrong = await post(w.sign(text));
    assert.equal(wrong.status, 400, 'the payments key is not the notifications key');
    assert.match(wrong.text, /data-testid="return-sign">wrong</);
    const evil = await request('GET', `${url}?order_id=%3Cscript%3E`, {});
    assert.doesNotMatch(evil.text, /<script>/);
  }

  it("the payer's return form is checked", async () => {
    const back = await w.addRedirect(w.account, 'http://127.0.0.1:1024/return');
    await w.presetSeen(w.account, 'success_redirect_id', back.id);
    const payment = await w.create({ success_redirect_id: back.id });
    await w.pay(payment);
    const { text } = await w.payer(payment).page();
    const value = (name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(text)[1];
    const verify = (order) => w.cli.try(['verify', 'redirect', '--public', path.join(certs, 'notifications', 'public.pem'),
      '--order', order, '--uuid', value('uuid'), '--sign', value('sign').replace(/&#43;/g, '+')]);
    assert.equal((await verify(payment.order_id)).code, 0);
    assert.equal((await verify(`${payment.order_id}x`)).code, 1);
  });
});
