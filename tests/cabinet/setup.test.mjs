// What a developer sets up in the cabinet: certificates, redirects, notification endpoints, and deliveries that try a receiver.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { before, it } from 'node:test';
import { newOrder } from '../api/lib/account.mjs';
import { suite } from '../api/lib/harness.mjs';
import { request } from '../api/lib/http.mjs';
import { verifyNotification, verifyWebhook } from '../api/lib/notify.mjs';
import { run, until } from '../api/lib/process.mjs';
import { sqlRows } from '../api/lib/store.mjs';
import { expectCode, signIn } from './lib/cabinet.mjs';

suite('cabinet setup', { purposes: ['payments', 'notifications'], config: { limits: { trials_per_minute: 30 } } }, (w) => {
  let owner, developer, viewer, foreign, other;
  let base;
  before(async () => {
    other = await w.addAccount({ purposes: ['payments'] });
    owner = await signIn(w, 'merchant_owner');
    developer = await signIn(w, 'merchant_developer');
    viewer = await signIn(w, 'merchant_viewer');
    foreign = await signIn(w, 'merchant_owner', { merchant: other.merchant });
    base = `/accounts/${w.account.uuid}`;
  });

  const items = async (visitor, at) => (await visitor.good('GET', at)).items;
  const newEndpoint = (more = {}) => developer.good('POST', `${base}/endpoints`, { url: `${w.receiver.url}/${newOrder('e')}`, mode: 'POST_JSON',
    field_set: 11, name: newOrder('endpoint'), ...more });
  const at = (endpoint) => new URL(endpoint.url).pathname;

  /** The archive of a new certificate, unpacked: {dir, id}. */
  async function unpacked(answer) {
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['content-type'], 'application/zip');
    assert.match(answer.headers['cache-control'], /no-store/);
    const dir = fs.mkdtempSync(path.join(w.dir, 'cert-'));
    fs.writeFileSync(path.join(dir, 'c.zip'), answer.body);
    const done = await run('python3', ['-m', 'zipfile', '-e', path.join(dir, 'c.zip'), dir]);
    assert.equal(done.code, 0, done.stderr);
    fs.rmSync(path.join(dir, 'c.zip'));
    return { dir, id: answer.headers['x-kassa-certificate'] };
  }

  function signed(dir, body, digest = 'sha256') {
    const key = crypto.createPrivateKey({ key: fs.readFileSync(path.join(dir, 'private.pem')), passphrase: fs.readFileSync(path.join(dir, 'password.txt')) });
    return crypto.sign(digest, Buffer.from(body), key).toString('base64');
  }

  const create = (dir) => {
    const body = JSON.stringify(w.account.fields({ order_id: newOrder() }));
    return request('POST', `${w.apiUrl}/v1/payment`, { headers: { 'Content-Type': 'application/json', Account: w.account.uuid,
      Sign: signed(dir, body) }, body });
  };

  // ---- rights ----

  it('T64 T65 each route is for its roles alone, and another merchant finds nothing there', async () => {
    const endpoint = await newEndpoint();
    const redirect = await developer.good('POST', `${base}/redirects`, { url: 'https://shop.example/rights' });
    const [cert] = await items(developer, `${base}/certs`);
    const payment = await w.create({ notification_endpoint_id: endpoint.id });
    await payment.payer.press('cancel');
    const note = await until(async () => (await items(developer, `${base}/deliveries`)).find((n) => n.payment_id === String(payment.id)),
      { what: 'a notification' });
    const form = { url: 'https://shop.example/x', mode: 'GET', field_set: 11 };
    const settings = { notify_mode: 'GET', notify_field_set: 11, digest: 'sha1' };
    const see = ['owner', 'developer', 'viewer'];
    const act = ['owner', 'developer'];
    const routes = [
      ['GET', base, see], ['POST', `${base}/settings`, act, settings], ['POST', `${base}/secret`, act],
      ['GET', `${base}/certs`, see], ['POST', `${base}/certs`, act, { purpose: 'nothing' }], ['POST', `${base}/certs/import`, act, {}],
      ['GET', `/certs/${cert.id}/public`, see], ['POST', '/certs/1/revoke', act],
      ['GET', `${base}/redirects`, see], ['POST', `${base}/redirects`, act, {}], ['POST', `/redirects/${redirect.id}/delete`, act],
      ['GET', `${base}/endpoints`, see], ['POST', `${base}/endpoints`, act, {}], ['GET', `${base}/deliveries`, see],
      ['GET', `/endpoints/${endpoint.id}`, see], ['POST', `/endpoints/${endpoint.id}`, act, form],
      ['POST', `/endpoints/${endpoint.id}/disable`, act], ['POST', `/endpoints/${endpoint.id}/enable`, act],
      ['POST', `/endpoints/${endpoint.id}/secret`, act], ['GET', `/endpoints/${endpoint.id}/deliveries`, see],
      ['GET', `/endpoints/${endpoint.id}/trials`, see], ['POST', `/endpoints/${endpoint.id}/trials`, act, {}],
      ['GET', `/trials/${(await developer.good('POST', `/endpoints/${endpoint.id}/trials`, { kind: 'test' })).id}`, see],
      ['GET', `/notifications/${note.id}`, see], ['POST', `/notifications/${note.id}/resend`, act],
      ['POST', `/endpoints/${endpoint.id}/delete`, act],
    ];
    const visitors = { owner, developer, viewer };
    for (const [method, route, roles, body] of routes) {
      const denied = await foreign.call(method, route, body ?? {});
      expectCode(denied, 404, 'not_found');
      for (const [name, visitor] of Object.entries(visitors)) {
        const answer = await visitor.call(method, route, body ?? {});
        assert.equal(answer.status === 403, !roles.includes(name), `${name} ${method} ${route}: ${answer.text}`);
      }
    }
    assert.deepEqual((await items(foreign, '/accounts')).map((a) => a.uuid), [other.uuid]);
    assert.deepEqual((await items(viewer, '/accounts')).map((a) => a.uuid), [w.account.uuid]);
  });

  // ---- certificates ----

  it('a new certificate comes as an archive once, signs a request at once, and its use is seen', async () => {
    const { dir, id } = await unpacked(await developer.post(`${base}/certs`, { purpose: 'payments', overlap_hours: 1 }));
    assert.deepEqual(fs.readdirSync(dir).sort(), ['password.txt', 'private.pem', 'public.pem']);
    await until(async () => (await create(dir)).status === 200, { what: 'the new certificate, known to kassad' });
    const cert = await until(async () => (await items(developer, `${base}/certs`)).find((c) => c.id === id && c.used_at), { what: 'its last use' });
    assert.equal(cert.used_digest, 'sha256');
    assert.equal(cert.algorithm, 'RSA-2048');
    assert.equal(cert.state, 'valid');
    const old = (await items(developer, `${base}/certs`)).filter((c) => c.purpose === 'payments' && c.id !== id);
    assert.ok(old.length > 0 && old.every((c) => c.state === 'ending' && c.not_after - Date.now() < 3_700_000));
    const pem = await developer.get(`/certs/${id}/public`);
    assert.equal(pem.text, fs.readFileSync(path.join(dir, 'public.pem'), 'utf8'));

    await developer.good('POST', `/certs/${id}/revoke`);
    expectCode(await developer.post(`/certs/${id}/revoke`), 409, 'stale');
    await until(async () => (await create(dir)).status === 401, { what: 'the revoked certificate refused' });
    assert.equal((await create(w.certs.payments.dir)).status, 200);
  });

  it('a notifications certificate comes without a private half', async () => {
    const { dir } = await unpacked(await developer.post(`${base}/certs`, { purpose: 'notifications', bits: 3072 }));
    assert.deepEqual(fs.readdirSync(dir), ['public.pem']);
    const [cert] = await items(developer, `${base}/certs`);
    assert.equal(cert.state, 'not yet');
    assert.equal(cert.algorithm, 'RSA-3072');
    await developer.good('POST', `/certs/${cert.id}/revoke`);
  });

  it("a merchant's own key is taken; what can't be is told at its field", async () => {
    const { publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const public_pem = publicKey.export({ type: 'spki', format: 'pem' });
    const made = await developer.good('POST', `${base}/certs/import`, { purpose: 'payouts', public_pem });
    assert.ok((await items(developer, `${base}/certs`)).some((c) => c.id === made.id && c.purpose === 'payouts'));
    expectCode(await developer.post(`${base}/certs/import`, { purpose: 'payouts', public_pem: 'x' }), 400, 'field_invalid', { public_pem: 'invalid' });
    expectCode(await developer.post(`${base}/certs/import`, { purpose: 'notifications', public_pem }), 400, 'field_invalid', { purpose: 'invalid' });
    expectCode(await developer.post(`${base}/certs/import`, {}), 400, 'field_invalid', { purpose: 'required', public_pem: 'required' });
    expectCode(await developer.post(`${base}/certs`, { purpose: 'payments', bits: 1024 }), 400, 'field_invalid', { bits: 'out_of_range' });
    expectCode(await developer.post(`${base}/certs`, { purpose: 'payments', bits: 2049 }), 400, 'field_invalid', { bits: 'invalid' });
    expectCode(await developer.post(`${base}/certs`, { purpose: 'payments', overlap_hours: -1 }), 400, 'field_invalid', { overlap_hours: 'out_of_range' });
  });

  it('a refused use is told with why', async () => {
    const body = JSON.stringify(w.account.fields({ order_id: newOrder() }));
    const call = (Sign) => request('POST', `${w.apiUrl}/v1/payment`, { headers: { 'Content-Type': 'application/json', Account: w.account.uuid, Sign }, body });
    const why = async () => (await items(developer, `${base}/certs`)).find((c) => c.purpose === 'payments' && c.refused_why);
    assert.equal((await call(signed(w.certs.payments.dir, `${body} `))).status, 401);
    const cert = await until(why, { what: 'the refused use' });
    assert.match(cert.refused_why, /^(signature|no_certificate)$/);
    assert.ok(Math.abs(cert.refused_at - Date.now()) < 120_000);
  });

  // ---- presets ----

  it('redirects: added, named once, kept while they are the default', async () => {
    const made = await developer.good('POST', `${base}/redirects`, { name: 'after paying', url: 'https://shop.example/ok' });
    expectCode(await developer.post(`${base}/redirects`, { name: 'after paying', url: 'https://shop.example/2' }), 400, 'field_invalid', { name: 'taken' });
    expectCode(await developer.post(`${base}/redirects`, { url: 'ftp://x' }), 400, 'field_invalid', { url: 'invalid' });
    const settings = { success_redirect_id: made.id, fail_redirect_id: null, endpoint_id: w.account.endpoint.id, notify_mode: 'POST', notify_field_set: 12,
      digest: 'sha1' };
    const { stamp } = await developer.good('GET', base);
    const changed = await developer.good('POST', `${base}/settings`, { ...settings, stamp });
    assert.equal(changed.success_redirect_id, made.id);
    assert.equal(changed.notify_field_set, 12);
    expectCode(await developer.post(`${base}/settings`, { ...settings, stamp }), 409, 'stale');
    expectCode(await developer.post(`/redirects/${made.id}/delete`), 409, 'is_default');
    expectCode(await developer.post(`${base}/settings`, { ...settings, success_redirect_id: 999999 }), 409, 'preset_unknown');
    const theirs = await foreign.good('POST', `/accounts/${other.uuid}/redirects`, { url: 'https://other.example/' });
    expectCode(await developer.post(`${base}/settings`, { ...settings, success_redirect_id: theirs.id }), 409, 'preset_unknown');
    await developer.good('POST', `${base}/settings`, { ...settings, success_redirect_id: null });
    await developer.good('POST', `/redirects/${made.id}/delete`);
    expectCode(await developer.post(`/redirects/${made.id}/delete`), 404, 'not_found');
  });

  it('endpoints: the secret is told once and signs; a stale form changes nothing; disabled ones park', async () => {
    const made = await newEndpoint();
    assert.match(made.secret, /^whsec_/);
    assert.equal((await developer.good('GET', `/endpoints/${made.id}`)).secret, undefined);
    await w.presetSeen(w.account, 'notification_endpoint_id', made.id);
    const cancelled = async () => {
      const payment = await w.create({ notification_endpoint_id: made.id });
      await payment.payer.press('cancel');
      return payment;
    };
    const payment = await cancelled();
    const [note] = await w.receiver.wait(at(made), 1);
    verifyWebhook(note, 'POST_JSON', made.secret);
    const listed = await until(async () => (await items(developer, `/endpoints/${made.id}/deliveries`)).find((n) => n.state === 'delivered'),
      { what: 'the delivery in the log' });
    assert.equal(listed.order_id, payment.order_id);
    const log = await developer.good('GET', `/notifications/${listed.id}`);
    assert.equal(log.log[0].status, 200);
    await developer.good('POST', `/notifications/${listed.id}/resend`);
    const again = (await w.receiver.wait(at(made), 2)).at(-1);
    assert.equal(again.headers['webhook-id'], note.headers['webhook-id']);

    const rotated = await developer.good('POST', `/endpoints/${made.id}/secret`, { overlap_hours: 2 });
    assert.notEqual(rotated.secret, made.secret);
    expectCode(await developer.post(`/endpoints/${made.id}`, { ...made, name: 'late form', stamp: made.stamp }), 409, 'stale');
    const named = await developer.good('POST', `/endpoints/${made.id}`, { url: made.url, mode: 'POST_JSON', field_set: 12, name: 'new name',
      stamp: rotated.stamp });
    assert.equal(named.name, 'new name');
    await until(async () => {
      await cancelled();
      const last = (await w.receiver.wait(at(made), 3)).at(-1);
      return last.headers['webhook-signature'].includes(' ');
    }, { what: 'both secrets' });
    await developer.good('POST', `/endpoints/${made.id}/disable`, {});
    const off = await developer.good('GET', `/endpoints/${made.id}`);
    assert.equal(off.enabled, false);
    assert.equal(off.disabled_reason, 'cabinet');
    const parked = await until(async () => {
      await cancelled();
      return (await items(developer, `/endpoints/${made.id}/deliveries?state=parked`))[0];
    }, { what: 'a parked one' });
    assert.equal(parked.parked_reason, 'endpoint_disabled');
    await developer.good('POST', `/endpoints/${made.id}/enable`, {});
    await developer.good('POST', `/endpoints/${made.id}/delete`, {});
    expectCode(await developer.get(`/endpoints/${made.id}`), 404, 'not_found');
  });

  it('addresses that can never be told are refused at their field', async () => {
    for (const url of ['http://shop.example:22/', 'https://user@shop.example/', 'javascript:alert(1)', 'https://shop.example/\\x']) {
      expectCode(await developer.post(`${base}/endpoints`, { url, mode: 'GET', field_set: 11 }), 400, 'field_invalid', { url: 'invalid' });
    }
    expectCode(await developer.post(`${base}/endpoints`, { url: 'https://shop.example/', mode: 'PUT', field_set: 9, name: ' ' }), 400, 'field_invalid',
      { mode: 'invalid', field_set: 'out_of_range' });
  });

  it("the account's own secret rotates, and is told once", async () => {
    const rotated = await owner.good('POST', `${base}/secret`, { overlap_hours: 0 });
    assert.match(rotated.secret, /^whsec_/);
    assert.equal(rotated.old_secret_until, null);
    assert.equal((await w.cli.json(['account', 'secret', w.account.uuid])).notify_secret, rotated.secret);
    w.account.notifySecret = rotated.secret;
  });

  it('the deliveries page on by a cursor', async () => {
    const seen = [];
    for (let after; ;) {
      const page = await developer.good('GET', `${base}/deliveries?limit=2${after ? `&after=${after}` : ''}`);
      seen.push(...page.items.map((n) => n.id));
      assert.ok(seen.length < 200);
      after = page.next;
      if (!after) {
        break;
      }
    }
    assert.equal(new Set(seen).size, seen.length);
    const whole = await items(developer, `${base}/deliveries?limit=100`);
    assert.deepEqual(seen, whole.map((n) => n.id));
    expectCode(await developer.get(`${base}/deliveries?after=x`), 400, 'request_invalid');
  });

  // ---- trials ----

  const ordered = async (endpoint, body) => {
    const { id } = await developer.good('POST', `/endpoints/${endpoint.id}/trials`, body);
    return until(async () => {
      const trial = await developer.good('GET', `/trials/${id}`);
      return trial.done && trial;
    }, { what: `the trial ${body.kind}` });
  };

  it('T58 a test send tells its result at once, with a bounded prefix of the answer', async () => {
    const endpoint = await newEndpoint();
    w.receiver.on(at(endpoint), { status: 202, body: `<script>${'x'.repeat(5000)}` });
    await until(async () => (await developer.post(`/endpoints/${endpoint.id}/trials`, { kind: 'test' })).status === 200, { what: 'a trial' });
    const trial = await ordered(endpoint, { kind: 'test', reference: 'order-7', amount_poisha: 12300 });
    const [send] = trial.sends;
    assert.equal(send.status, 202);
    assert.ok(send.reply.startsWith('<script>xxx') && send.reply.length <= 1024);
    assert.equal(trial.order_id, 'kassa-trial-order-7');
    const note = (await w.receiver.wait(at(endpoint), 2)).at(-1);
    assert.equal(note.headers['kassa-trial'], 'test');
    const fields = verifyNotification(note, { mode: 'POST_JSON', publicKey: w.certs.notifications.publicKey });
    verifyWebhook(note, 'POST_JSON', endpoint.secret);
    assert.equal(fields.order_id, 'kassa-trial-order-7');
    assert.equal(fields.payment_amount, '123.00');
    assert.ok(fields.id < 100000001);
    assert.equal((await items(developer, `/endpoints/${endpoint.id}/deliveries`)).length, 0, 'no notification of a payment');
  });

  it('bad deliveries arrive as they were ordered, and the books stay as they are', async () => {
    const endpoint = await newEndpoint();
    const ledger = async () => (await w.cli.json(['account', 'show', w.account.uuid])).balance;
    const balance = await ledger();
    const doubled = await ordered(endpoint, { kind: 'doubled' });
    const [first, second] = await w.receiver.wait(at(endpoint), 2);
    assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
    assert.equal(first.text, second.text);
    assert.equal(doubled.expected, 'taken');
    await ordered(endpoint, { kind: 'out_of_order' });
    const [third, fourth] = (await w.receiver.wait(at(endpoint), 4)).slice(2);
    assert.deepEqual([third, fourth].map((n) => n.headers['webhook-sequence']), ['2', '1']);
    assert.equal(JSON.parse(third.text).payment_status, 'paid');
    assert.equal(JSON.parse(fourth.text).payment_status, 'cancel');
    w.receiver.on(at(endpoint), { status: 400 });
    const wrong = await ordered(endpoint, { kind: 'wrong_signature' });
    const fifth = (await w.receiver.wait(at(endpoint), 5)).at(-1);
    assert.throws(() => verifyNotification(fifth, { mode: 'POST_JSON', publicKey: w.certs.notifications.publicKey }), /the sign of/);
    assert.throws(() => verifyWebhook(fifth, 'POST_JSON', endpoint.secret));
    assert.equal(wrong.expected, 'refused');
    assert.equal(wrong.sends[0].status, 400);
    w.receiver.on(at(endpoint), { status: 200 });
    assert.equal((await ordered(endpoint, { kind: 'late', delay_s: 1 })).sends[0].status, 200);
    assert.equal((await ordered(endpoint, { kind: 'slow' })).sends[0].status, 200);
    assert.equal(await ledger(), balance);
    assert.equal((await items(developer, `/endpoints/${endpoint.id}/trials`)).length, 5);
    assert.equal((await w.cli.try(['audit'])).code, 0);
  });

  it('trials are for one’s own endpoints, within a rate, and wrong ones are told at their field', async () => {
    const endpoint = await newEndpoint({ mode: 'GET' });
    const theirs = await foreign.good('POST', `/accounts/${other.uuid}/endpoints`, { url: `${w.receiver.url}/theirs`, mode: 'POST', field_set: 11 });
    expectCode(await developer.post(`/endpoints/${theirs.id}/trials`, { kind: 'test' }), 404, 'not_found');
    expectCode(await foreign.post(`/endpoints/${theirs.id}/trials`, { kind: 'test' }), 409, 'no_notifications_key');
    expectCode(await developer.post(`/endpoints/${endpoint.id}/trials`, { kind: 'slow' }), 400, 'field_invalid', { kind: 'needs_post' });
    expectCode(await developer.post(`/endpoints/${endpoint.id}/trials`, { kind: 'x', reference: 'a b', amount_poisha: 0, delay_s: 0 }), 400,
      'field_invalid', { kind: 'invalid', reference: 'invalid', amount_poisha: 'out_of_range', delay_s: 'out_of_range' });
    const trial = await ordered(endpoint, { kind: 'test' });
    expectCode(await foreign.get(`/trials/${trial.id}`), 404, 'not_found');
    let answer;
    for (let i = 0; i < 40; i++) {
      answer = await developer.post(`/endpoints/${endpoint.id}/trials`, { kind: 'test' });
      if (answer.status !== 200) {
        break;
      }
    }
    expectCode(answer, 429, 'too_many');
  });

  it('T68 each of it is in the audit log with who and from where, and no secret is', async () => {
    const rows = await sqlRows(w.cli.store, 'SELECT * FROM audit_log');
    const mine = rows.filter((r) => r.actor === developer.person.email);
    for (const action of ['cert.new', 'cert.import', 'cert.revoke', 'redirect.add', 'redirect.delete', 'endpoint.add', 'endpoint.update',
      'endpoint.rotate-secret', 'endpoint.disable', 'endpoint.enable', 'endpoint.delete', 'endpoint.try', 'account.update', 'notification.resend']) {
      const row = mine.find((r) => r.action === action);
      assert.ok(row, action);
      assert.equal(row.client_ip, '127.0.0.1');
      assert.equal(String(row.merchant_id), String(w.account.merchant));
    }
    assert.doesNotMatch(JSON.stringify(rows), /whsec_|PRIVATE KEY/);
    assert.equal((await w.cli.try(['audit'])).code, 0);
  });
});
