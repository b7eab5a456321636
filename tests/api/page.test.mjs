// The payment page over plain HTTP: headers, forms from elsewhere, limits, the wallet's way back, what is remembered.
import assert from 'node:assert/strict';
import net from 'node:net';
import { it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { request } from './lib/http.mjs';
import { formOf, Payer } from './lib/payer.mjs';

const HTML = { Accept: 'text/html' };
const formBody = (form) => new URLSearchParams(form.fields).toString();
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };

suite('the payment page over HTTP', {}, (w) => {
  it('every page carries the whole set of security headers, and no cache keeps it', async () => {
    const payment = await w.create({ success_redirect_url: 'https://shop.example/ok', fail_redirect_url: 'https://shop.example:8443/no' });
    const seen = [
      await payment.payer.page(),
      await request('GET', `${payment.url}/state`),
      await request('GET', `${payment.url}/wait`),
      await request('GET', `${w.payUrl}/00000000-0000-4000-8000-000000000000`, { headers: HTML }),
      await request('GET', `${w.payUrl}/`, { headers: HTML }),
      await request('POST', `${payment.url}/pay`, { headers: FORM_TYPE, body: 'token=x' }),
    ];
    assert.deepEqual(seen.map((a) => a.status), [200, 200, 303, 404, 200, 403]);
    for (const { headers } of seen) {
      const csp = headers['content-security-policy'];
      for (const part of ["default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'",
        "frame-ancestors 'none'"]) {
        assert.ok(csp.split('; ').includes(part), `${part} in ${csp}`);
      }
      assert.doesNotMatch(csp, /unsafe|\*/);
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['referrer-policy'], 'same-origin');
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], 'no-store');
      assert.match(headers['permissions-policy'], /camera=\(\)/);
    }
    assert.match(seen[0].headers['content-security-policy'], /form-action 'self' https:\/\/shop\.example https:\/\/shop\.example:8443$/);
    assert.match(seen[3].headers['content-security-policy'], /form-action 'self'$/);
  });

  it('cookies are for this site and not for scripts', async () => {
    const payment = await w.create();
    const { headers } = await request('GET', payment.url, { headers: HTML });
    assert.equal(headers['set-cookie'].length, 1);
    assert.match(headers['set-cookie'][0], /^kassa_page=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax$/);
    const again = await request('GET', payment.url, { headers: { ...HTML, Cookie: headers['set-cookie'][0].split(';')[0] } });
    assert.equal(again.headers['set-cookie'], undefined, 'one is enough');
  });

  it('posts from elsewhere are refused and change nothing', async () => {
    const payment = await w.create();
    const page = await payment.payer.page();
    const cookie = [...payment.payer.cookies].map((c) => c.join('=')).join('; ');
    const good = { ...FORM_TYPE, Cookie: cookie, Origin: w.payUrl };
    const body = formBody(formOf(page.text, 'cancel'));
    const other = await w.create();
    const otherBody = formBody(formOf((await other.payer.page()).text, 'cancel'));
    const refused = [
      [{ ...good, Origin: 'https://evil.example' }, body],
      [{ ...good, Origin: 'null' }, body],
      [{ ...good, 'Sec-Fetch-Site': 'cross-site' }, body],
      [{ ...good, 'Sec-Fetch-Site': 'same-site' }, body],
      [good, ''],
      [good, `${body}&${body}`],
      [good, body.replace(/.$/, (c) => (c === '0' ? '1' : '0'))],
      [good, otherBody],
      [{ ...good, Cookie: `kassa_page=${'0'.repeat(32)}` }, body],
      [{ ...FORM_TYPE }, body],
    ];
    for (const [headers, sent] of refused) {
      const answer = await request('POST', `${payment.url}/cancel`, { headers: { ...HTML, ...headers }, body: sent });
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.match(answer.text, /data-error="403"/);
      assert.match(answer.text, new RegExp(`href="/${payment.uuid}"`));
    }
    assert.equal((await w.status(payment)).payment_status, 'wait');
    const done = await request('POST', `${payment.url}/cancel`, { headers: good, body });
    assert.equal(done.status, 303);
    assert.equal(done.headers.location, `/${payment.uuid}`);
    assert.equal((await w.status(payment)).payment_status, 'cancel');
  });

  it('forms outlive a restart', async () => {
    const payment = await w.create();
    const { text } = await payment.payer.page();
    await w.restartKassad();
    assert.equal((await payment.payer.press('cancel', { html: text })).status, 303);
    assert.equal((await w.status(payment)).payment_status, 'cancel');
  });

  it('amount and wallet of the form are not read: the stored ones are charged', async () => {
    const payment = await w.create({ amount: '500.00' });
    await payment.payer.press('pay', { extra: [['amount', '1.00'], ['wallet', 'nagad'], ['merchant', 'x']] });
    const { amount } = await w.sim.created(`K${payment.id}-1`);
    assert.equal(Number(amount), 500);
  });

  it('Host and X-Forwarded-Host choose no link and no redirect', async () => {
    const payment = await w.create();
    const headers = { ...HTML, Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'gopher' };
    const { status, text } = await request('GET', payment.url, { headers });
    assert.equal(status, 200);
    assert.doesNotMatch(text, /evil|gopher/);
    const wait = await request('GET', `${payment.url}/wait`, { headers });
    assert.equal(wait.headers.location, `/${payment.uuid}`);
  });

  it('the page shows nothing that is the merchant\'s alone', async () => {
    const payment = await w.create({ customer_ip: '203.0.113.99', customer_phone: '01712345678', customer_email: 'a@b.example' });
    const { text } = await payment.payer.page();
    const state = (await request('GET', `${payment.url}/state`)).text;
    for (const secret of [w.account.uuid, String(payment.id), '203.0.113.99', '01712345678', 'a@b.example']) {
      assert.ok(!text.includes(secret) && !state.includes(secret), secret);
    }
  });

  it('the state says where to go only while the wallet waits', async () => {
    const payment = await w.create();
    const first = await payment.payer.state();
    assert.deepEqual(Object.keys(first), ['stage', 'version', 'tag', 'wallet_url', 'seconds_left']);
    assert.equal(first.stage, 'open');
    assert.equal(first.wallet_url, null);
    assert.ok(first.seconds_left > 3500 && first.seconds_left <= 3600);
    await w.begin(payment);
    const second = await payment.payer.state();
    assert.ok(second.wallet_url.startsWith(w.simUrl));
    assert.notEqual(second.tag, first.tag);
  });

  it('pay answers with our own waiting page, which leaves by a refresh and a link', async () => {
    const payment = await w.create();
    const answer = await payment.payer.press('pay');
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.location, `/${payment.uuid}/wait`);
    await payment.payer.reaches('at_wallet');
    const { wallet_url: url } = await payment.payer.state();
    const wait = await payment.payer.send('GET', `${payment.url}/wait`);
    const escaped = url.replace(/&/g, '&amp;');
    assert.ok(wait.text.includes(`<meta http-equiv="refresh" content="0;url=${escaped}">`));
    assert.ok(wait.text.includes(`href="${escaped}"`));
    assert.doesNotMatch((await payment.payer.page()).text, /http-equiv="refresh" content="0/);
  });

  it('equal callbacks, also at once, get the same page and have one effect', async () => {
    const payment = await w.create();
    const { paymentID } = await w.begin(payment);
    const callback = await w.sim.approve(paymentID);
    const answers = await Promise.all(Array.from({ length: 8 }, () => request('GET', callback, { headers: HTML })));
    for (const answer of [...answers, await request('GET', callback, { headers: HTML })]) {
      assert.equal(answer.status, 303);
      assert.equal(answer.headers.location, `/${payment.uuid}/wait`);
    }
    await payment.payer.reaches('paid');
    const late = await request('GET', callback.replace('status=success', 'status=cancel'), { headers: HTML });
    assert.equal(late.headers.location, `/${payment.uuid}/wait`);
    assert.equal((await payment.payer.state()).stage, 'paid');
    assert.equal((await w.sim.payment(paymentID)).executes, 1);
  });

  it('a callback that names another payment of the wallet, or none, has no effect', async () => {
    const payment = await w.create();
    const { paymentID } = await w.begin(payment);
    const callback = new URL(await w.sim.approve(paymentID));
    for (const ref of ['TR0011other1720518383420', '', 'x'.repeat(500), '%00', '../..']) {
      callback.searchParams.set('paymentID', ref);
      assert.equal((await request('GET', callback.href, { headers: HTML })).status, 303, ref);
    }
    const twice = `${callback.pathname}?paymentID=${paymentID}&paymentID=${paymentID}&status=success`;
    assert.equal((await request('GET', `${w.payUrl}${twice}`, { headers: HTML })).status, 303);
    const head = `${callback.pathname}?paymentID=${paymentID}&status=success`;
    assert.equal((await request('HEAD', `${w.payUrl}${head}`, { headers: HTML })).status, 200, 'a preview is no payer');
    assert.equal((await payment.payer.state()).stage, 'at_wallet');
    assert.equal((await w.sim.payment(paymentID)).executes, 0);
  });

  it('unknown callbacks are not found', async () => {
    for (const token of ['nobody', 'x'.repeat(300), '%2e%2e', "'--"]) {
      const answer = await request('GET', `${w.payUrl}/callback/bkash/${token}?paymentID=TR1&status=success`, { headers: HTML });
      assert.equal(answer.status, 404, token);
      assert.match(answer.text, /data-error="404"/);
    }
  });

  it('the payment\'s address works in any case, and near it nothing is found', async () => {
    const payment = await w.create();
    assert.equal((await request('GET', `${w.payUrl}/${payment.uuid.toUpperCase()}`, { headers: HTML })).status, 200);
    for (const path of [`${payment.uuid}x`, payment.uuid.slice(1), `${payment.uuid}/`, `${payment.uuid}/nothing`, 'wp-login.php']) {
      assert.equal((await request('GET', `${w.payUrl}/${path}`, { headers: HTML })).status, 404, path);
    }
    const method = await request('PUT', payment.url, { headers: HTML });
    assert.equal(method.status, 405);
    assert.equal(method.headers.allow, 'GET, HEAD');
    assert.equal((await request('GET', `${payment.url}/pay`, { headers: HTML })).status, 405);
  });

  it('errors speak the browser\'s language', async () => {
    const at = `${w.payUrl}/00000000-0000-4000-8000-000000000000`;
    assert.match((await request('GET', at, { headers: { ...HTML, 'Accept-Language': 'bn-BD,bn;q=0.9,en;q=0.8' } })).text, /<html lang="bn">/);
    assert.match((await request('GET', at, { headers: { ...HTML, 'Accept-Language': 'de' } })).text, /<html lang="en">/);
    assert.match((await request('GET', at, { headers: { ...HTML, 'Accept-Language': 'de', Cookie: 'kassa_lang=bn' } })).text, /<html lang="bn">/);
  });

  it('a language that is none is refused', async () => {
    const payment = await w.create();
    const form = formOf((await payment.payer.page()).text, 'language');
    form.fields = form.fields.map(([name, value]) => [name, name === 'language' ? 'xx; Path=/' : value]);
    const answer = await payment.payer.send('POST', form.action, { body: formBody(form) });
    assert.equal(answer.status, 400);
    assert.equal(answer.headers['set-cookie'], undefined);
  });

  it('the first view is at most 14 KiB on the wire: page, stylesheet, script, icon and their headers', async () => {
    const payment = await w.create({ desc: 'ক'.repeat(128), order_id: `first-view-${Date.now()}-${'x'.repeat(90)}`,
      success_redirect_url: `https://shop.example/${'s'.repeat(200)}` });
    const bytesOf = (path) => new Promise((done, fail) => {
      const socket = net.connect(w.port, '127.0.0.1');
      let bytes = 0;
      socket.on('error', fail);
      socket.on('data', (piece) => { bytes += piece.length; });
      socket.on('close', () => done(bytes));
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nAccept-Language: bn\r\nConnection: close\r\n\r\n`);
    });
    const { text } = await payment.payer.page();
    const paths = [`/${payment.uuid}`, ...[...text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path)];
    const sizes = await Promise.all(paths.map(bytesOf));
    assert.ok(sizes.length === 4 && sizes.every((size) => size > 300), `${sizes}`);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 14 * 1024, `${paths.map((path, i) => `${path} ${sizes[i]}`)}`);
  });

  it('assets are kept for ever under a path that changes with them', async () => {
    const { text } = await (await w.create()).payer.page();
    const paths = [...text.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path);
    assert.equal(paths.length, 3);
    for (const path of paths) {
      const answer = await request('GET', `${w.payUrl}${path}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.match(answer.headers['content-type'], /^(text\/(css|javascript); charset=utf-8|image\/svg\+xml)$/);
      assert.equal((await request('GET', `${w.payUrl}${path.replace(/\.\w{12}\./, '.000000000000.')}`, { headers: HTML })).status, 404);
    }
    assert.equal((await request('GET', `${w.payUrl}/favicon.ico`)).status, 200);
    assert.match((await request('GET', `${w.payUrl}/robots.txt`)).text, /^User-agent: \*\nDisallow: \/\n$/);
  });
});

suite('the payment page\'s limits', { config: { limits: { page_posts_per_minute: 3, unknown_pages_per_minute: 5 } } }, (w) => {
  it('posts to one payment are limited, other payments are not hindered', async () => {
    const payment = await w.create();
    for (let i = 0; i < 3; i++) {
      assert.equal((await payment.payer.press('language')).status, 303);
    }
    const answer = await payment.payer.press('cancel');
    assert.equal(answer.status, 429);
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.match(answer.text, /data-error="429"/);
    assert.equal((await payment.payer.page()).status, 200, 'reading goes on');
    assert.equal((await (await w.create()).payer.press('cancel')).status, 303);
  });

  it('one address\'s guesses are limited; known payments are shown all the same', async () => {
    const payment = await w.create();
    const guess = (i) => request('GET', `${w.payUrl}/00000000-0000-4000-8000-00000000000${i}`, { headers: HTML });
    for (let i = 0; i < 5; i++) {
      assert.equal((await guess(i)).status, 404);
    }
    const answer = await guess(6);
    assert.equal(answer.status, 429);
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.equal((await request('GET', `${w.payUrl}/callback/bkash/nobody?paymentID=a&status=success`, { headers: HTML })).status, 429);
    assert.equal((await new Payer(payment.url).page()).status, 200);
  });
});

suite('the payment page\'s limits behind a proxy', {
  config: { server: { trusted_proxy: '::ffff:127.0.0.1' }, limits: { unknown_pages_per_minute: 3 } } }, (w) => {
  const guess = async (address) => (await request('GET', `${w.payUrl}/00000000-0000-4000-8000-000000000001`,
    { headers: { ...HTML, 'X-Forwarded-For': `198.51.100.1, ${address}` } })).status;
  const guesses = async (addresses) => {
    const statuses = [];
    for (const address of addresses) {
      statuses.push(await guess(address));
    }
    return statuses;
  };

  it('T14 an address is one client in whatever spelling, and another one is another', async () => {
    assert.deepEqual(await guesses(['203.0.113.9', '203.0.113.9:5678', '::ffff:203.0.113.9', '[::FFFF:cb00:7109]:443']), [404, 404, 404, 429]);
    assert.deepEqual(await guesses(['::ffff:203.0.113.10', '203.0.113.11']), [404, 404]);
    assert.deepEqual(await guesses(['2001:db8::1', '2001:DB8:0:0::0001', '[2001:db8::1]:443', '2001:db8:0:0::1']), [404, 404, 404, 429]);
  });

  it('T14 whoever owns a /64 does not get more guesses by changing the address within it', async () => {
    assert.deepEqual(await guesses(['2001:db8:1::1', '2001:db8:1::2', '2001:db8:1:0:a:b:c:d', '2001:db8:1::3']), [404, 404, 404, 429]);
    assert.equal(await guess('2001:db8:1:1::1'), 404);
  });

  it('T32 guessed callbacks are limited by address like guessed links, and the payer\'s own is not', async () => {
    const payment = await w.create();
    const { paymentID } = await w.begin(payment);
    const own = new URL(await w.sim.approve(paymentID));
    const come = async (path) => (await request('GET', `${w.payUrl}${path}`,
      { headers: { ...HTML, 'X-Forwarded-For': '203.0.113.77' } })).status;
    const statuses = [];
    for (const token of ['nobody', 'A'.repeat(43), 'x'.repeat(300), 'B'.repeat(43), 'not=allowed']) {
      statuses.push(await come(`/callback/bkash/${token}?paymentID=${paymentID}&status=success`));
    }
    assert.deepEqual(statuses, [404, 404, 404, 429, 429]);
    assert.equal(await come(`${own.pathname}${own.search}`), 303);
    assert.equal((await payment.payer.page()).status, 200);
  });
});
