// Real merchants' programs against the real gateway: each signs in its own language with its own habits of JSON, and each receives
// notifications as shops do. The list of quirks is the API documentation's.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newOrder } from '../api/lib/account.mjs';
import { suite } from '../api/lib/harness.mjs';
import { request } from '../api/lib/http.mjs';
import { phpJson } from '../api/lib/notify.mjs';
import { formOf } from '../api/lib/payer.mjs';
import { freePort, Program, run, until } from '../api/lib/process.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const at = (...parts) => path.join(HERE, ...parts);
const PHP_UNESCAPED_SLASHES = 64;
const PHP_UNESCAPED_UNICODE = 256;
const PHP_PRETTY_PRINT = 128;

/** What a shop is given: where, who, its certificate's folder, and the fields of the create as JSON. */
const shop = (w, fields, more = {}) => ({ env: { SHOP_URL: `${w.apiUrl}/v1/payment`, SHOP_ACCOUNT: w.account.uuid,
  SHOP_CERT: w.certs.payments.dir, SHOP_FIELDS: typeof fields === 'string' ? fields : JSON.stringify(fields), no_proxy: '*', ...more } });

async function ran(command, args, options) {
  const { code, stdout, stderr } = await run(command, args, options);
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

const clients = {
  'PHP, as the document shows it': async (w, fields, more) => JSON.parse(await ran('php', [at('php/create.php')], shop(w, fields, more))),
  'PHP with a stream context': async (w, fields, more) => JSON.parse(await ran('php', [at('php/stream.php')], shop(w, fields,
    { SHOP_FLAGS: '0', ...more }))),
  'PHP with unescaped slashes': async (w, fields, more) => JSON.parse(await ran('php', [at('php/stream.php')], shop(w, fields,
    { SHOP_FLAGS: String(PHP_UNESCAPED_SLASHES), ...more }))),
  'PHP with unescaped Unicode': async (w, fields, more) => JSON.parse(await ran('php', [at('php/stream.php')], shop(w, fields,
    { SHOP_FLAGS: String(PHP_UNESCAPED_UNICODE), ...more }))),
  'PHP with all unescaped, pretty, SHA-256': async (w, fields, more) => JSON.parse(await ran('php', [at('php/stream.php')],
    shop(w, fields, { SHOP_FLAGS: String(PHP_UNESCAPED_SLASHES | PHP_UNESCAPED_UNICODE | PHP_PRETTY_PRINT), SHOP_DIGEST: 'sha256',
      ...more }))),
  'Node, SHA-1': async (w, fields, more) => JSON.parse(await ran(process.execPath, [at('node.mjs')], shop(w, fields, more))),
  'Node, SHA-256': async (w, fields, more) => JSON.parse(await ran(process.execPath, [at('node.mjs')], shop(w, fields,
    { SHOP_DIGEST: 'sha256', ...more }))),
  Python: async (w, fields, more) => JSON.parse(await ran('/usr/bin/python3', [at('shop.py')], shop(w, fields, more))),
  'Python, raw Unicode, SHA-256': async (w, fields, more) => JSON.parse(await ran('/usr/bin/python3', [at('shop.py')], shop(w, fields,
    { SHOP_ASCII: 'no', SHOP_DIGEST: 'sha256', ...more }))),
  'openssl and curl': async (w, fields, more) => {
    const text = await ran(at('shell/create.sh'), [], shop(w, fields, more));
    const cut = text.lastIndexOf('\n');
    return { status: Number(text.slice(cut + 1)), body: text.slice(0, cut), sent: fields };
  },
};

suite('clients', { endpoint: false, purposes: ['payments', 'notifications'], feePercent: '1.00' }, (w) => {
  const fields = (more = {}) => w.account.fields({ amount: 100, ...more });

  for (const [name, create] of Object.entries(clients)) {
    it(`${name}: creates a payment, and quirk 1, its way of writing JSON, is good`, async () => {
      const order_id = `${newOrder()}/é/অর্ডার/\u{1F600}`;
      const answer = await create(w, fields({ order_id, amount: 100.1, desc: 'চা <&> "tea" \\ /',
        success_redirect_url: 'https://shop.example/ok?a=1&b=2' }));
      assert.equal(answer.status, 200, `${answer.body}\n${answer.sent}`);
      const payment = JSON.parse(answer.body);
      assert.match(payment.url, new RegExp(`^${w.payUrl}/${payment.uuid}$`));
      assert.equal(payment.payment_status, 'wait');
      assert.equal(payment.success_redirect_url, 'https://shop.example/ok?a=1&b=2');
      const status = await w.status(payment);
      assert.equal(status.order_id, order_id);
      assert.equal(status.amount, '100.10');
    });

    it(`${name}: is told what is wrong`, async () => {
      const answer = await create(w, fields({ amount: 0, customer_ip: 'x' }));
      assert.equal(answer.status, 400);
      assert.deepEqual(Object.keys(JSON.parse(answer.body).errors).sort(), ['amount', 'customer_ip']);
    });

    it(`${name}: is refused with another merchant's key`, async () => {
      const answer = await create(w, fields(), { SHOP_ACCOUNT: crypto.randomUUID() });
      assert.equal(answer.status, 401);
    });
  }

  it('each language writes the same fields in another way', async () => {
    const text = fields({ order_id: `${newOrder()}/é`, desc: 'a/b é' });
    const sent = {};
    for (const [name, create] of Object.entries(clients)) {
      sent[name] = (await create(w, { ...text, order_id: newOrder() + text.order_id })).sent;
    }
    assert.match(sent['PHP, as the document shows it'], /a\\\/b \\u00e9/);
    assert.match(sent['PHP with unescaped slashes'], /a\/b \\u00e9/);
    assert.match(sent['PHP with unescaped Unicode'], /a\\\/b é/);
    assert.match(sent['PHP with all unescaped, pretty, SHA-256'], /\n {4}"desc": "a\/b é"/);
    assert.match(sent['Node, SHA-1'], /"desc":"a\/b é"/);
    assert.match(sent.Python, /"desc": "a\/b \\u00e9"/);
    assert.match(sent['Python, raw Unicode, SHA-256'], /"desc": "a\/b é"/);
  });

  it('quirk 1: Ruby, Go and Java write JSON in ways of their own', async () => {
    const base = fields({ desc: 'x' });
    const keys = Object.keys(base);
    const writings = {
      'Ruby on Rails': JSON.stringify({ ...base, order_id: newOrder(), desc: '<b>&' }).replace(/[<>&]/g,
        (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
      'Go, sorted keys': JSON.stringify(Object.fromEntries(keys.sort().map((k) => [k, k === 'order_id' ? newOrder() : base[k]])))
        .replace(/[<>&\u2028]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
      'Java, a line end behind it': `${JSON.stringify({ ...base, order_id: newOrder() })}\r\n`,
      'C#, indented': JSON.stringify({ ...base, order_id: newOrder() }, null, 2).replaceAll('\n', '\r\n'),
      'upper-case escapes': JSON.stringify({ ...base, order_id: newOrder(), desc: 'é' }).replace('é', '\\u00E9'),
      'keys the other way round': JSON.stringify(Object.fromEntries(Object.entries({ ...base, order_id: newOrder() }).reverse())),
    };
    for (const [what, body] of Object.entries(writings)) {
      const answer = await w.call('/v1/payment', body);
      assert.equal(answer.status, 200, `${what}: ${answer.text}`);
    }
  });

  it('quirk 2: amount as 100, 100.0, 100.1 and "100.00"; id as number and text', async () => {
    for (const [create, amount, want] of [['PHP, as the document shows it', 100, '100.00'], ['Python', '100.00', '100.00'],
      ['Node, SHA-1', 100.1, '100.10']]) {
      const payment = JSON.parse((await clients[create](w, fields({ amount }))).body);
      for (const id of [payment.id, String(payment.id)]) {
        assert.equal((await w.call('/v1/payment/status', { id })).json.amount, want);
      }
    }
    // Python's own 100.0
    const python = await clients.Python(w, JSON.stringify(fields({ amount: 'AMOUNT' })).replace('"AMOUNT"', '100.0'));
    assert.match(python.sent, /"amount": 100\.0,/);
    assert.equal((await w.status(JSON.parse(python.body))).amount, '100.00');
  });

  it('quirk 3: null is absent, and an address wins over an id beside it', async () => {
    const redirect = await w.addRedirect(w.account, 'https://shop.example/preset');
    await w.presetSeen(w.account, 'success_redirect_id', redirect.id);
    const php = clients['PHP, as the document shows it'];
    const nulls = JSON.parse((await php(w, fields({ success_redirect_url: null, fail_redirect_id: null, desc: null }))).body);
    assert.equal(nulls.success_redirect_url, null);
    const preset = JSON.parse((await php(w, fields({ success_redirect_url: null, success_redirect_id: redirect.id }))).body);
    assert.equal(preset.success_redirect_url, 'https://shop.example/preset');
    const both = JSON.parse((await php(w, fields({ success_redirect_url: 'https://shop.example/own',
      success_redirect_id: redirect.id }))).body);
    assert.equal(both.success_redirect_url, 'https://shop.example/own');
  });

  it('quirk 4: a client that posts the same create three times gets the same payment', async () => {
    const total = async () => (await w.history()).meta.total;
    const before = await total();
    const { tries } = JSON.parse(await ran('php', [at('php/habits.php')], shop(w, fields(), { SHOP_HABIT: 'url', SHOP_LOST: '3' })));
    assert.equal(tries.length, 3);
    assert.equal(new Set(tries.map((t) => JSON.stringify(t))).size, 1);
    assert.ok(tries[0].url);
    assert.equal(await total(), before + 1);
  });

  it('quirk 5: clients that look only for errors, or only for url, are told either way', async () => {
    for (const habit of ['errors', 'url']) {
      const good = JSON.parse(await ran('php', [at('php/habits.php')], shop(w, fields(), { SHOP_HABIT: habit, SHOP_LOST: '0' })));
      assert.equal(good.tries.length, 1, habit);
      const bad = JSON.parse(await ran('php', [at('php/habits.php')], shop(w, fields({ amount: -1 }),
        { SHOP_HABIT: habit, SHOP_LOST: '0' })));
      assert.equal(bad.tries.length, 3, habit);
      assert.ok(bad.tries.every((t) => t.errors && !t.url));
      const stranger = JSON.parse(await ran('php', [at('php/habits.php')], shop(w, fields(),
        { SHOP_HABIT: habit, SHOP_LOST: '0', SHOP_ACCOUNT: crypto.randomUUID() })));
      assert.ok(stranger.tries.every((t) => t.errors && !t.url), 'an answer of 401 is JSON with errors, too');
    }
  });
});

suite('receivers', { endpoint: false, purposes: ['payments', 'notifications'], feePercent: '1.00' }, (w) => {
  let php;
  let url;
  let log;

  const startPhp = async (account) => {
    const port = await freePort();
    log = path.join(w.dir, `shop-${account.digest}.jsonl`);
    url = `http://127.0.0.1:${port}`;
    php = w.own(new Program('php', ['-q', '-S', `127.0.0.1:${port}`, at('php/receiver.php')], { log: path.join(w.dir, 'php.log'),
      env: { SHOP_CERT: account.certs.notifications.dir, SHOP_LOG: log, SHOP_DIGEST: account.digest, PHP_CLI_SERVER_WORKERS: '1' } }));
    await php.ready(async () => (await request('GET', `${url}/nothing`, { agent: false })).status > 0);
    fs.rmSync(log, { force: true });
  };
  const lines = () => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trim().split('\n').map((l) => JSON.parse(l)) : []);
  const line = (id) => until(() => lines().find((l) => l.data.id === id), { what: `what the shop says of ${id}` });
  const end = async (payment, paid) => {
    if (paid) {
      await w.pay(payment);
    } else {
      await payment.payer.press('cancel');
      await payment.payer.reaches('cancelled');
    }
  };

  before(() => startPhp(w.account), { timeout: 60000 });

  const modes = { GET: 'get', POST: 'form', POST_JSON: 'json' };
  const texts = { 'no desc': undefined, 'a plain desc': 'tea', 'a hard one': 'চা / "tea" <b>&\\ \u{1F600} é', blanks: '   ',
    'blanks around': '  tea \t', 'blanks inside': 'green  tea', 'a zero': '0', 'the word null': 'null' };

  for (const [mode, at_] of Object.entries(modes)) {
    for (const habit of ['plain', 'trim', 'null']) {
      it(`PHP, ${mode}, ${habit === 'plain' ? 'as it comes' : `quirk 6: ${habit}`}: openssl_verify is 1, of paid and unpaid`, async () => {
        const ep = await w.addEndpoint(w.account, { url: `${url}/${at_}/${habit}`, mode });
        await w.presetSeen(w.account, 'notification_endpoint_id', ep.id);
        for (const [what, desc] of Object.entries(texts)) {
          const payment = await w.create({ notification_endpoint_id: ep.id, order_id: `${newOrder()}/é ${what}`, desc });
          await end(payment, what === 'a hard one' || what === 'no desc');
          const seen = await line(payment.id);
          assert.equal(seen.verified, 1, `${what}: ${JSON.stringify(seen)}`);
          assert.equal(seen.data.order_id, payment.order_id);
          assert.equal(seen.data.desc, desc?.trim() || null, what);
          assert.equal(seen.data.payment_status, (await w.status(payment)).payment_status);
          const shown = await w.until(payment, 'delivered', (p) => p.notifications[0]?.state === 'delivered');
          assert.equal(shown.notification_tries[0].reply, 'OK');
        }
      });
    }
  }

  it('quirk 6: what would break at receivers that trim is refused at create', async () => {
    for (const order_id of [` ${newOrder()}`, `${newOrder()} `, `${newOrder()}\t`, `${newOrder()}\u00a0`, `\ufeff${newOrder()}`]) {
      assert.equal((await w.tryCreate({ order_id })).status, 400, JSON.stringify(order_id));
    }
  });

  it('quirk 7: receivers that answer 200 with any body have received', async () => {
    for (const [i, body] of ['', 'OK', 'error', '<html>500</html>', '{"errors":{}}', '\0\xff'].entries()) {
      const to = w.receiver.on(`/any/${i}`, { status: 200, body });
      const payment = await w.create({ notification_endpoint_url: to });
      await end(payment);
      await w.until(payment, 'delivered', (p) => p.notifications[0]?.state === 'delivered' && p.notification_tries.length === 1);
    }
  });

  it("the payer's return: PHP verifies it, and a changed one is refused", async () => {
    const payment = await w.create({ order_id: `${newOrder()}/é\u{1F600}`, success_redirect_url: 'https://shop.example/back' });
    await w.pay(payment);
    const form = formOf((await payment.payer.page()).text, 'return');
    assert.equal(form.action, 'https://shop.example/back');
    assert.equal(form.method.toLowerCase(), 'post');
    const fields = Object.fromEntries(form.fields);
    assert.deepEqual(Object.keys(fields), ['order_id', 'uuid', 'sign']);
    assert.equal(fields.order_id, payment.order_id);
    assert.equal(fields.uuid, payment.uuid);
    const text = phpJson({ order_id: fields.order_id, uuid: fields.uuid });
    assert.ok(crypto.verify('sha1', Buffer.from(text), w.certs.notifications.publicKey, Buffer.from(fields.sign, 'base64')));
    const post = async (data) => (await request('POST', `${url}/return`, { body: new URLSearchParams(data).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, agent: false })).status;
    assert.equal(await post(fields), 200);
    assert.equal(await post({ ...fields, order_id: `${fields.order_id}x` }), 403);
    assert.equal(await post({ ...fields, uuid: crypto.randomUUID() }), 403);
  });

  it('an account with SHA-256: openssl_verify with OPENSSL_ALGO_SHA256', async () => {
    await php.kill9();
    const account = await w.addAccount({ digest: 'sha256', endpoint: false, purposes: ['payments', 'notifications'] });
    await startPhp(account);
    for (const [mode, at_] of Object.entries(modes)) {
      const ep = await w.addEndpoint(account, { url: `${url}/${at_}/plain`, mode });
      await w.presetSeen(account, 'notification_endpoint_id', ep.id);
      const payment = await account.create({ notification_endpoint_id: ep.id, desc: 'চা' });
      await end(payment, true);
      assert.equal((await line(payment.id)).verified, 1, mode);
    }
  });
});

suite('clients over TLS', { tls: true, endpoint: false, purposes: ['payments'] }, (w) => {
  const more = () => ({ SHOP_CA: w.caFile, NODE_EXTRA_CA_CERTS: w.caFile, CURL_CA_BUNDLE: w.caFile, SSL_CERT_FILE: w.caFile });

  for (const name of ['PHP, as the document shows it', 'Node, SHA-1', 'Python', 'openssl and curl']) {
    it(`quirk 8: ${name}, over https that kassad itself ends`, async () => {
      const answer = await clients[name](w, w.account.fields(), more());
      assert.equal(answer.status, 200, answer.body);
      assert.ok(JSON.parse(answer.body).url.startsWith('https://127.0.0.1:'));
    });
  }

  it('quirk 8: a client that knows another authority does not connect', async () => {
    const { code } = await run(at('shell/create.sh'), [], shop(w, w.account.fields()));
    assert.notEqual(code, 0);
  });
});
