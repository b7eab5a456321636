// Notifications: what is sent, how it is signed, to whom. Each signature is checked by code that shares nothing with Kassa.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newOrder } from './lib/account.mjs';
import { suite } from './lib/harness.mjs';
import { FIELDS, received, signedText, verifyNotification, verifyWebhook } from './lib/notify.mjs';
import { until } from './lib/process.mjs';

const MODES = ['GET', 'POST', 'POST_JSON'];
const HARD = ['plain', 'অর্ডার/১', 'ünï "quoted" \\ back', '\u{1F600}\u{1F468}\u200d\u{1F469}', 'a b&c=d?e#f%20+', "it's <b>", 'y\u2028\u2029x',
  '\u007f\u0080\u00ff', 'x\u0001y\bz\tq', '~!@$^*()_-`|{}[];:,.'];

suite('notifications', { feePercent: '1.50', endpoint: false, purposes: ['payments', 'notifications'] }, (w) => {
  let paths = 0;
  const newPath = () => `/n/${++paths}`;
  const key = () => w.certs.notifications.publicKey;
  const one = async (path, count = 1) => (await w.receiver.wait(path, count)).at(-1);
  const cancel = async (payment) => {
    await payment.payer.press('cancel');
    await payment.payer.reaches('cancelled');
  };
  /** An endpoint that kassad knows, at a path of its own. */
  const endpoint = async (options, account = w.account) => {
    const path = options.path ?? newPath();
    const made = await w.addEndpoint(account, { url: `${w.receiver.url}${path}${options.query ?? ''}`, ...options });
    await w.presetSeen(account, 'notification_endpoint_id', made.id);
    return { ...made, path };
  };

  for (const mode of MODES) {
    for (const set of [10, 11, 12]) {
      it(`${mode}, field set ${set}: paid and unpaid, both signatures`, async () => {
        const ep = await endpoint({ mode, fieldSet: set });
        const paid = await w.create({ notification_endpoint_id: ep.id, amount: '200.00', desc: 'চা / tea' });
        await w.pay(paid);
        const note = await one(ep.path);
        const fields = verifyNotification(note, { mode, set, publicKey: key() });
        verifyWebhook(note, mode, ep.secret);
        const json = mode === 'POST_JSON';
        const want = { type: 'payment', id: json ? paid.id : String(paid.id), order_id: paid.order_id, payment_status: 'paid',
          amount: '200.00', payment_amount: '200.00', commission_amount: '3.00', is_partial_payment: json ? false : '0',
          account: w.account.uuid, service: 'payment_card_bdt_hpp', desc: 'চা / tea' };
        for (const name of FIELDS[set]) {
          if (name !== 'card_brand') {
            assert.deepEqual(fields[name], want[name], name);
          }
        }
        assert.equal('commission_amount' in fields, set !== 10);
        assert.equal('card_brand' in fields, json && set === 12);
        assert.ok(!json || set !== 12 || fields.card_brand === null);
        assert.match(note.headers['webhook-id'], /^msg_[0-9a-f-]{36}$/);
        assert.equal(note.headers['webhook-sequence'], '1');
        assert.match(note.headers['webhook-signature'], /^v1,[A-Za-z0-9+/]{43}=$/);
        assert.ok(Math.abs(Number(note.headers['webhook-timestamp']) - Date.now() / 1000) < 60);

        const unpaid = await w.create({ notification_endpoint_id: ep.id });
        await cancel(unpaid);
        const second = await one(ep.path, 2);
        const rest = verifyNotification(second, { mode, set, publicKey: key() });
        verifyWebhook(second, mode, ep.secret);
        assert.equal(rest.payment_status, 'cancel');
        assert.equal(rest.payment_amount, '0.00');
        assert.equal(rest.commission_amount, set === 10 ? undefined : '0.00');
        assert.ok(json ? rest.desc === null : !('desc' in rest), 'an absent desc');
        assert.notEqual(second.headers['webhook-id'], note.headers['webhook-id']);
      });
    }

    it(`${mode}: every kind of character in order_id and desc`, async () => {
      const ep = await endpoint({ mode, fieldSet: 11 });
      for (const [i, text] of HARD.entries()) {
        const order_id = `${newOrder()}${text}.`;
        const payment = await w.create({ notification_endpoint_id: ep.id, order_id, desc: `${text}.` });
        await cancel(payment);
        const note = await one(ep.path, i + 1);
        const fields = verifyNotification(note, { mode, publicKey: key() });
        verifyWebhook(note, mode, ep.secret);
        assert.equal(fields.order_id, order_id);
        assert.equal(fields.desc, `${text}.`);
      }
    });

    it(`T52 ${mode}: one changed byte is found by both signatures`, async () => {
      const ep = await endpoint({ mode, fieldSet: 11 });
      await cancel(await w.create({ notification_endpoint_id: ep.id }));
      const note = await one(ep.path);
      const change = (text) => text.replace('cancel', 'paid12');
      const changed = { ...note, query: change(note.query), body: Buffer.from(change(note.text)), text: change(note.text) };
      if (mode === 'GET') {
        changed.body = Buffer.alloc(0);
      }
      assert.throws(() => verifyNotification(changed, { mode, publicKey: key() }), /the sign of/);
      assert.throws(() => verifyWebhook(changed, mode, ep.secret));
      const later = { ...note, headers: { ...note.headers, 'webhook-timestamp': String(Number(note.headers['webhook-timestamp']) + 1) } };
      assert.throws(() => verifyWebhook(later, mode, ep.secret));
      const other = { ...note, headers: { ...note.headers, 'webhook-id': `${note.headers['webhook-id']}0` } };
      assert.throws(() => verifyWebhook(other, mode, ep.secret));
    });
  }

  it('an account with SHA-256 signs with SHA-256', async () => {
    const account = await w.addAccount({ digest: 'sha256', endpoint: false, purposes: ['payments', 'notifications'] });
    const ep = await endpoint({ mode: 'POST_JSON' }, account);
    await cancel(await account.create({ notification_endpoint_id: ep.id }));
    const note = await one(ep.path);
    const { publicKey } = account.certs.notifications;
    verifyNotification(note, { mode: 'POST_JSON', publicKey, digest: 'sha256' });
    assert.throws(() => verifyNotification(note, { mode: 'POST_JSON', publicKey, digest: 'sha1' }));
    assert.throws(() => verifyNotification(note, { mode: 'POST_JSON', publicKey: key(), digest: 'sha256' }));
  });

  it("GET keeps the endpoint's own query, drops its fragment and signs the whole", async () => {
    const ep = await endpoint({ mode: 'GET', query: '?shop=1&k=a%20b#top' });
    await cancel(await w.create({ notification_endpoint_id: ep.id, desc: 'a b+c' }));
    const note = await one(ep.path);
    assert.ok(note.query.startsWith('shop=1&k=a%20b&type=payment&id='), note.query);
    assert.ok(!note.target.includes('#') && !note.target.includes('top'));
    assert.ok(note.query.includes('desc=a%20b%2Bc'), note.query);
    verifyNotification({ ...note, own: ['shop', 'k'] }, { mode: 'GET', publicKey: key() });
    verifyWebhook(note, 'GET', ep.secret);
    const bare = await endpoint({ mode: 'GET', query: '?' });
    await cancel(await w.create({ notification_endpoint_id: bare.id }));
    assert.match((await one(bare.path)).query, /^type=payment&/);
  });

  it('POST keeps the query of the endpoint in its address', async () => {
    for (const mode of ['POST', 'POST_JSON']) {
      const ep = await endpoint({ mode, query: '?shop=1#x' });
      await cancel(await w.create({ notification_endpoint_id: ep.id }));
      const note = await one(ep.path);
      assert.equal(note.query, 'shop=1');
      verifyNotification(note, { mode, publicKey: key() });
    }
  });

  it('non-ASCII in the path and query of an endpoint is percent-encoded', async () => {
    const path = `/পথ ${newPath()}`.replace(' ', '');
    const ep = await endpoint({ mode: 'POST', path, query: '?নাম=১' });
    await cancel(await w.create({ notification_endpoint_id: ep.id }));
    const note = await one(encodeURI(path));
    assert.equal(note.query, encodeURI('নাম=১'));
  });

  it('sign is percent-encoded in query and form', async () => {
    for (const mode of ['GET', 'POST']) {
      const ep = await endpoint({ mode });
      for (let i = 1; i <= 6; i++) {
        await cancel(await w.create({ notification_endpoint_id: ep.id }));
        const note = await one(ep.path, i);
        const [, sign] = /&sign=([^&]*)$/.exec(mode === 'GET' ? note.query : note.text);
        assert.match(sign, /^[A-Za-z0-9%]+$/, sign);
        assert.match(sign, /%3D$/);
      }
    }
  });

  it("an address in the request wins over an id, an id over the account's default", async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments', 'notifications'], notifyMode: 'POST', notifyFieldSet: 12 });
    const preset = await endpoint({ mode: 'POST_JSON' }, account);
    const fallback = await endpoint({ mode: 'GET' }, account);
    await w.setAccount(account, ['--endpoint', fallback.id]);
    const { publicKey } = account.certs.notifications;
    // the default is seen within a second: what is sent is decided when it is sent
    await until(async () => {
      await cancel(await account.create());
      return w.receiver.of(fallback.path).length > 0;
    }, { every: 300, what: 'a notification at the default' });
    verifyNotification(w.receiver.of(fallback.path)[0], { mode: 'GET', publicKey });

    const byId = await account.create({ notification_endpoint_id: preset.id });
    await cancel(byId);
    verifyNotification(await one(preset.path), { mode: 'POST_JSON', publicKey });

    const direct = newPath();
    const byAddress = await account.create({ notification_endpoint_id: preset.id,
      notification_endpoint_url: `${w.receiver.url}${direct}` });
    await cancel(byAddress);
    const note = await one(direct);
    verifyNotification(note, { mode: 'POST', set: 12, publicKey });
    verifyWebhook(note, 'POST', account.notifySecret);
    assert.equal(w.receiver.of(preset.path).length, 1);
    for (const { query } of w.receiver.of(fallback.path)) {
      assert.ok(!query.includes(`id=${byId.id}&`) && !query.includes(`id=${byAddress.id}&`), 'nor at the default');
    }
  });

  it('with no address at all nothing is sent, and nothing waits', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments', 'notifications'] });
    const payment = await account.create();
    const before = w.receiver.notes.length;
    await cancel(payment);
    await w.until(payment, 'no notification that waits', (p) => p.notifications.every((n) => n.state !== 'waiting'));
    assert.equal(w.receiver.notes.length, before);
  });

  it('T51 any 2xx is a delivery, whatever its body', async () => {
    const ep = await endpoint({ mode: 'POST' });
    const bodies = ['', 'OK', '{"error":1}', '<html>', 'ERROR'];
    for (const [i, status] of [200, 201, 202, 204, 299].entries()) {
      w.receiver.on(ep.path, { status, body: status === 204 ? '' : bodies[i] });
      const payment = await w.create({ notification_endpoint_id: ep.id });
      await cancel(payment);
      const shown = await w.until(payment, 'delivered', (p) => p.notifications[0]?.state === 'delivered');
      assert.equal(shown.notification_tries.length, 1);
      assert.equal(shown.notification_tries[0].status, status);
    }
  });

  it('while a secret is rotated both sign; after that the new one alone', async () => {
    const ep = await endpoint({ mode: 'POST_JSON' });
    const fresh = await w.cli.json(['endpoint', 'rotate-secret', ep.id, '--overlap', '1']);
    assert.notEqual(fresh.secret, ep.secret);
    const send = async (count) => {
      await cancel(await w.create({ notification_endpoint_id: ep.id }));
      return one(ep.path, count);
    };
    let count = 0;
    const note = await until(async () => {
      const n = await send(++count);
      return n.headers['webhook-signature'].split(' ').length === 2 && n;
    }, { every: 200, what: 'two signatures' });
    verifyWebhook(note, 'POST_JSON', ep.secret);
    verifyWebhook(note, 'POST_JSON', fresh.secret);
    const [first, second] = note.headers['webhook-signature'].split(' ');
    assert.notEqual(first, second);
    await w.clock.advance(3601);
    const last = await send(++count);
    assert.equal(last.headers['webhook-signature'].split(' ').length, 1);
    const { webhookFits } = await import('./lib/notify.mjs');
    assert.ok(webhookFits(last, 'POST_JSON', fresh.secret));
    assert.ok(!webhookFits(last, 'POST_JSON', ep.secret));
  });

  it('a new notifications certificate signs when the overlap with the old one ends', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments', 'notifications'] });
    const ep = await endpoint({ mode: 'POST_JSON' }, account);
    const old = account.certs.notifications;
    const fresh = await w.addCert(account, 'notifications', ['--overlap', '1']);
    const send = async (count) => {
      await cancel(await account.create({ notification_endpoint_id: ep.id }));
      return one(ep.path, count);
    };
    const check = (note, cert) => verifyNotification(note, { mode: 'POST_JSON', publicKey: cert.publicKey });
    check(await send(1), old);
    await w.clock.advance(3601);
    let count = 1;
    await until(async () => {
      const note = await send(++count);
      try {
        return check(note, fresh);
      } catch {
        return false;
      }
    }, { every: 200, what: 'a signature by the new certificate' });
  });

  it('the signed text is exactly what PHP gives', () => {
    const fields = { type: 'payment', id: '5', order_id: 'a/é\u{1F600}', payment_status: 'paid', amount: '1.00', payment_amount: '1.00',
      commission_amount: '0.00', is_partial_payment: '0', account: 'u', service: 's' };
    assert.equal(signedText(fields, 'GET', 11), '{"type":"payment","id":5,"order_id":"a\\/\\u00e9\\ud83d\\ude00","payment_status":"paid",'
      + '"amount":"1.00","payment_amount":"1.00","commission_amount":"0.00","is_partial_payment":"0","account":"u","service":"s",'
      + '"desc":null}');
  });

  it('no secret and no address of a proxy leaks into a notification', async () => {
    const ep = await endpoint({ mode: 'POST_JSON' });
    await cancel(await w.create({ notification_endpoint_id: ep.id, customer_email: 'payer@example.com' }));
    const note = await one(ep.path);
    assert.ok(!JSON.stringify(note.rawHeaders).includes('whsec_'));
    assert.ok(!note.text.includes('payer@example.com'));
    assert.deepEqual(Object.keys(received(note, 'POST_JSON')), [...FIELDS[11], 'sign']);
  });
});

suite('notifications and the environment', { env: { http_proxy: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9', all_proxy: 'http://127.0.0.1:9', ALL_PROXY: 'http://127.0.0.1:9' }, mode: 'GET',
purposes: ['payments', 'notifications'] }, (w) => {
  it('proxies from the environment are not used, for wallets nor for notifications', async () => {
    const payment = await w.create();
    await w.pay(payment);
    const [note] = await w.receiver.wait('/notify');
    verifyNotification(note, { mode: 'GET', publicKey: w.certs.notifications.publicKey });
  });
});
