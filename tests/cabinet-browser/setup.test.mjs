// What a developer sets up, in a real browser: certificates, return addresses, endpoints, deliveries that try a receiver, and the first request.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { run, until } from '../api/lib/process.mjs';
import { invite, accept } from '../cabinet/lib/cabinet.mjs';
import { Cabinet, checkPages, PHONE, sessionOf } from './lib/cabinet.mjs';

const ONCE = { timeout: 120000 };
const AT = Date.UTC(2026, 10, 24, 6, 30);
const UUID = '6ca4b7a6-1d53-4b0e-9f5f-4b8a7c1f2d3e';
const HEX = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const ACCOUNT = { uuid: UUID, merchant_id: '3', name: 'Main shop', currency: 'BDT', fee_basis_points: 150, fee_fixed_poisha: 500,
  services: ['payment_card_bdt_hpp'], digest: 'sha256', success_redirect_id: '21', fail_redirect_id: null, endpoint_id: '31', notify_mode: 'POST',
  notify_field_set: 11, notify_old_secret_until: null, enabled: true, created_at: AT, api_url: 'https://kassa.example', stamp: 's' };
const CERT = { id: '11', purpose: 'payments', state: 'valid', algorithm: 'RSA-2048', fingerprint: HEX, created_at: AT, not_before: AT, not_after: null,
  revoked_at: null, used_at: AT, used_digest: 'sha256', refused_at: AT, refused_why: 'signature' };
const REDIRECT = { id: '21', name: 'After paying', url: 'https://shop.example/thank-you?lang=bn', is_success_default: true, is_fail_default: false };
const ENDPOINT = { id: '31', account: UUID, name: 'Shop', url: 'https://shop.example/kassa/notify', mode: 'POST_JSON', field_set: 11, is_default: true,
  enabled: false, disabled_at: AT, disabled_reason: 'the receiver answered 410', old_secret_until: AT + 1e12, stamp: 's' };
const SEND = { number: 1, state: 'sent', webhook_id: `msg_${UUID}`, sequence: 1, payment_status: 'paid', due_at: AT, sent_at: AT, duration_ms: 231, status: 200,
  error: null, reply: '{"ok":true}' };
const TRIAL = { id: '41', kind: 'test', expected: 'taken', order_id: 'kassa-trial-3f2a', amount_poisha: 30000, actor: 'dev@shop.example', created_at: AT, done: true,
  sends: [SEND] };
const NOTE = { id: '51', payment_id: '100000001', order_id: 'INV-2041', sequence: 1, webhook_id: `msg_${UUID}`, state: 'delivered', payment_status: 'paid',
  payment_amount_poisha: 12345600, tries: 2, created_at: AT, due_at: null, delivered_at: AT, parked_reason: null };
const list = (...items) => ({ items, next: null });
const MOCK = {
  'GET /session': sessionOf('merchant_developer', ['account_see', 'cert_change', 'endpoint_change', 'delivery_try', 'payment_see', 'payment_act']),
  'GET /accounts': list(ACCOUNT, { ...ACCOUNT, uuid: UUID.replace('6', '7'), name: 'Second', enabled: false }),
  [`GET /accounts/${UUID}/certs`]: list(CERT, { ...CERT, id: '12', purpose: 'notifications', state: 'not yet', refused_why: null, refused_at: null },
    { ...CERT, id: '13', state: 'revoked', revoked_at: AT, used_at: null, refused_why: 'no_certificate' }),
  [`GET /accounts/${UUID}/redirects`]: list(REDIRECT, { ...REDIRECT, id: '22', name: 'পেমেন্টের পরে', is_success_default: false, is_fail_default: true }),
  [`GET /accounts/${UUID}/endpoints`]: list(ENDPOINT, { ...ENDPOINT, id: '32', name: 'Second', enabled: true, is_default: false }),
  [`GET /accounts/${UUID.replace('6', '7')}/redirects`]: list(),
  [`GET /accounts/${UUID.replace('6', '7')}/endpoints`]: list(),
  'GET /endpoints/31': ENDPOINT,
  'GET /endpoints/31/trials': list({ ...TRIAL, id: '42', kind: 'wrong_signature', expected: 'refused', sends: [{ ...SEND, reply: '<b>thanks</b>' }] },
    { ...TRIAL, id: '43', kind: 'doubled', sends: [SEND, { ...SEND, number: 2, status: 0, error: 'timeout', reply: null }] }, TRIAL),
  'GET /endpoints/31/deliveries': list(NOTE, { ...NOTE, id: '52', state: 'parked', parked_reason: 'endpoint_disabled', order_id: 'INV-2042' }),
};

suite('the cabinet\'s set-up', { purposes: ['payments', 'notifications'], endpoint: false, config: { limits: { trials_per_minute: 30 } } }, (w) => {
  let cabinet;
  let person, bangla;
  before(async () => {
    cabinet = await Cabinet.launch(w.payUrl);
    const visitor = await accept(w, await invite(w, 'merchant_developer'));
    person = visitor.person;
    bangla = (await accept(w, await invite(w, 'merchant_developer', { language: 'bn' }))).person;
  });
  after(async () => { await cabinet?.end(); });

  it('each page in both languages, on a phone and a desk, light and dark', ONCE, async () => {
    await checkPages(cabinet, [
      { name: 'setup-start', path: `/start?account=${UUID}` },
      { name: 'setup-accounts', path: '/accounts' },
      { name: 'setup-settings', path: '/accounts', ready: async (c) => {
        await c.page.getByTestId('settings').first().click();
        await c.page.getByTestId('settings-dialog').waitFor();
      } },
      { name: 'setup-certs', path: `/certs?account=${UUID}` },
      { name: 'setup-cert-new', path: `/certs?account=${UUID}`, ready: async (c) => {
        await c.press('new');
        await c.page.getByTestId('new-dialog').waitFor();
      } },
      { name: 'setup-redirects', path: `/redirects?account=${UUID}` },
      { name: 'setup-endpoints', path: `/endpoints?account=${UUID}` },
      { name: 'setup-endpoint', path: '/endpoints/31', ready: async (c) => {
        await c.page.getByTestId('trials').waitFor();
        await c.press('bad');
      } },
    ], MOCK);
  });

  /** Runs a program of the lesson as it is printed, in a folder with the archive's files, and gives the payment. */
  async function runAsPrinted(c, language, dir) {
    await c.press(`lesson-${language}`);
    const code = await c.page.getByTestId('lesson-code').textContent();
    const shown = language !== 'kassa' && await c.page.getByTestId('lesson-run').textContent();
    const file = shown ? /(\S+)$/.exec(shown)[1] : 'typed.sh';
    fs.writeFileSync(path.join(dir, file), code);
    const bin = path.join(dir, 'bin');
    fs.mkdirSync(bin, { recursive: true });
    for (const [name, target] of [['kassa', path.join(process.env.KASSA_BUILD, 'kassa')], ['node', process.execPath], ['python3', '/usr/bin/python3']]) {
      fs.rmSync(path.join(bin, name), { force: true });
      fs.symlinkSync(target, path.join(bin, name));
    }
    const done = await run('/bin/sh', ['-c', shown || `sh ./${file}`], { cwd: dir, env: { PATH: `${bin}:${process.env.PATH}`, no_proxy: '*' } });
    assert.equal(done.code, 0, `${language}: ${done.stderr}${done.stdout}`);
    assert.match(done.stdout, new RegExp(`${w.payUrl}/[0-9a-f-]{36}`.replaceAll('.', '\\.').replaceAll('/', '\\\\?/')), `${language}: ${done.stdout}`);
    return done.stdout;
  }

  it('a developer makes a certificate, unpacks it, and the first request of each language creates a payment', ONCE, async () => {
    const c = await cabinet.open({ acceptDownloads: true });
    await c.signIn(person.email, person.password);
    await c.page.getByTestId('me').waitFor({ state: 'attached' });
    await c.go('/certs');
    await c.press('new');
    const saved = c.page.waitForEvent('download');
    await c.press('yes');
    const download = await saved;
    assert.equal(download.suggestedFilename(), `${w.account.uuid}-payments.zip`);
    const dir = fs.mkdtempSync(path.join(w.dir, 'lesson-'));
    const zip = path.join(dir, 'c.zip');
    await download.saveAs(zip);
    await c.page.getByTestId('made-dialog').waitFor();
    await c.press('close');
    assert.equal((await run('python3', ['-m', 'zipfile', '-e', zip, dir])).code, 0);
    assert.deepEqual(fs.readdirSync(dir).sort(), ['c.zip', 'password.txt', 'private.pem', 'public.pem']);
    await c.go('/start');
    for (const language of ['php', 'node', 'python', 'curl', 'kassa']) {
      // kassad sees a new certificate within a second
      await until(async () => runAsPrinted(c, language, dir).catch((error) => {
        if (/could not be authenticated/.test(error.message)) {
          return false;
        }
        throw error;
      }), { ms: 20000, every: 500, what: `the payment of ${language}` });
    }
    const listed = (await w.cli.json(['payment', 'list'])).payments.map((p) => p.order_id);
    for (const language of ['php', 'node', 'python', 'curl', 'kassa']) {
      assert.ok(listed.some((order) => order.startsWith(`first-${language}-`)), language);
    }
    await c.go('/certs');
    await c.page.getByText('RSA-2048').first().waitFor();
    await c.close();
  });

  it('on a phone, in Bangla: an endpoint with its secret once, a test with its result, a bad delivery, a payment told and told again', ONCE, async () => {
    const c = await cabinet.open({ language: 'bn', width: PHONE });
    await c.signIn(bangla.email, bangla.password);
    await c.page.getByTestId('me').waitFor({ state: 'attached' });
    await c.go('/endpoints');
    await c.press('new');
    await c.fill('url', 'ftp://shop.example/');
    await c.press('yes');
    await c.page.locator('[name=url][aria-invalid=true]').waitFor();
    await c.fill('name', 'shop');
    await c.fill('url', `${w.receiver.url}/shop`);
    await c.press('yes');
    const secret = await c.page.getByTestId('secret').textContent();
    assert.match(secret, /^whsec_/);
    await c.press('close');
    await c.page.getByRole('link', { name: 'shop', exact: true }).click();
    await c.page.getByTestId('trials').waitFor();
    // kassad sees a new endpoint within a second; a trial reads it from the store
    await c.press('test');
    await c.page.locator('[data-kind=test] .badge.good').first().waitFor();
    const [note] = await w.receiver.wait('/shop', 1);
    assert.equal(note.headers['kassa-trial'], 'test');
    w.receiver.on('/shop', { status: 200 });
    await c.press('bad');
    await c.page.locator('[name=kind]').selectOption('wrong_signature');
    await c.press('order');
    await c.page.locator('[data-kind=wrong_signature] .badge.bad').first().waitFor();
    await c.page.getByText('ভালো রিসিভার এটি নাকচ করে').waitFor();

    const id = c.page.url().split('/').at(-1);
    await w.presetSeen(w.account, 'notification_endpoint_id', id);
    const payment = await w.create({ notification_endpoint_id: id });
    await payment.payer.press('cancel');
    await until(async () => {
      await c.press('reload');
      await c.settled();
      return c.page.getByTestId('deliveries').getByText(payment.order_id).isVisible();
    }, { what: 'the delivery in the log' });
    await c.press('tries');
    await c.page.getByTestId('tries-dialog').locator('.badge.good').waitFor();
    await c.page.keyboard.press('Escape');
    const before = w.receiver.of('/shop').length;
    await c.press('resend');
    await c.press('yes');
    await w.receiver.wait('/shop', before + 1);
    await c.close();
  });
});
