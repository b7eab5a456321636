// POST /v1/payment: every rule of its body and fields, each with what it refuses and what it lets pass.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newOrder } from './lib/account.mjs';
import { expectError, expectGood, expectInvalid, parallel, rawJson } from './lib/expect.mjs';
import { suite } from './lib/harness.mjs';
import { request } from './lib/http.mjs';

const EMOJI = '\u{1F600}';
const q = (text) => JSON.stringify(text);
const SPACES = { tab: '\t', newline: '\n', 'carriage return': '\r', blank: ' ', 'no-break space': '\u00a0', 'next line': '\u0085',
  ogham: '\u1680', 'em space': '\u2003', 'line separator': '\u2028', 'narrow space': '\u202f', 'ideographic space': '\u3000',
  'zero width space': '\u200b', 'left-to-right mark': '\u200e', 'byte order mark': '\ufeff' };

suite('create', { endpoint: false }, (w) => {
  /** Each case: raw JSON text of the field, refused with that field's name. */
  const refuses = (field, cases, keys = [field]) => parallel(cases, async (text) => {
    const answer = await w.call('/v1/payment', rawJson(w.account.fields(), { [field]: text }));
    expectInvalid(answer, keys, `${field}: ${String(text).slice(0, 80)}:`);
    const [said] = answer.json.errors[keys[0]];
    assert.ok(said.includes(field.replaceAll('_', ' ')), `the text names the field: ${said}`);
  });
  const accepts = (field, cases) => parallel(cases, async (text) => expectGood(
    await w.call('/v1/payment', rawJson(w.account.fields(), { [field]: text })), `${field}: ${String(text).slice(0, 80)}:`));

  it('the answer has these keys in this order, and an id that fits a number', async () => {
    const answer = await w.tryCreate();
    const body = expectGood(answer);
    assert.deepEqual(Object.keys(body), ['url', 'payment_status', 'id', 'uuid', 'success_redirect_url']);
    assert.match(body.uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(body.url, `${w.payUrl}/${body.uuid}`);
    assert.equal(body.payment_status, 'wait');
    assert.ok(Number.isSafeInteger(body.id) && body.id > 100000000);
    assert.match(answer.text, new RegExp(`"id":${body.id},`), 'a JSON number');
    assert.equal(body.success_redirect_url, null);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.headers['idempotent-replayed'], undefined);
  });

  it('T62 ids and uuids do not repeat', async () => {
    const made = await parallel(Array.from({ length: 60 }), () => w.create());
    assert.equal(new Set(made.map((p) => p.id)).size, made.length);
    assert.equal(new Set(made.map((p) => p.uuid)).size, made.length);
    // 122 bits: were any of them constant or counted, it would be the same in all
    for (let i = 0; i < 32; i++) {
      const digits = new Set(made.map((p) => p.uuid.replaceAll('-', '')[i]));
      assert.ok(digits.size > (i === 12 ? 0 : i === 16 ? 2 : 4), `digit ${i} of the uuid varies`);
    }
  });

  it('an empty object is told all that it lacks, at once', async () => {
    const body = expectInvalid(await w.call('/v1/payment', '{}'),
      ['amount', 'order_id', 'service', 'customer_ip', 'customer_code']);
    for (const [field, texts] of Object.entries(body.errors)) {
      assert.deepEqual(texts, [`The ${field.replaceAll('_', ' ')} field is required.`]);
    }
  });

  it('null and an empty text are absent', async () => {
    for (const field of ['amount', 'order_id', 'service', 'customer_ip', 'customer_code']) {
      await refuses(field, ['null', '""']);
    }
    const nulls = Object.fromEntries(['success_redirect_id', 'fail_redirect_id', 'notification_endpoint_id',
      'success_redirect_url', 'fail_redirect_url', 'notification_endpoint_url', 'desc', 'lifetime', 'customer_email',
      'customer_browser_color_depth'].map((field) => [field, null]));
    expectGood(await w.tryCreate(nulls));
  });

  it('T18 amount: only a plain decimal greater than 0', () => refuses('amount', ['0', '0.0', '0.00', '"0"', '"0.00"', '-1', '-0',
    '-0.01', '"-5"', '100.001', '"100.001"', '0.001', '1e3', '1E3', '1e-1', '1.0e2', '"1e3"', '"1,000"', '"1.000,00"', '"+5"', '" 100"',
    '"100 "', '"100."', '".5"', '"0100"', '"00.10"', '1000000000', '1000000000.00', '"999999999.991"', '"9999999999.00"',
    '1000000000000000', '9007199254740993', '1e400', '123456789012345678901', '"0x10"', '"NaN"', '"Infinity"', '"100\\n"', '"1 000"',
    '"১০০"', '"１００"', '"٣"', '"100.0０"', '"100BDT"', '"৳100"', 'true', 'false', '[]', '[100]', '{}', '{"amount":100}']));

  it('amount: a number and its texts mean the same', async () => {
    const cases = { 100: '100.00', '100.0': '100.00', '100.00': '100.00', '"100.00"': '100.00', '"100"': '100.00', '0.01': '0.01',
      '"0.01"': '0.01', 100.1: '100.10', '"0.5"': '0.50', '999999999.99': '999999999.99', '"999999999.99"': '999999999.99',
      '0.10': '0.10', '19.99': '19.99', '4.35': '4.35', '1.15': '1.15', '70368744177664': undefined };
    await parallel(Object.entries(cases), async ([text, amount]) => {
      const answer = await w.call('/v1/payment', rawJson(w.account.fields(), { amount: text }));
      if (!amount) {
        expectInvalid(answer, ['amount'], text);
        return;
      }
      assert.equal((await w.status(expectGood(answer, text))).amount, amount, text);
    });
  });

  it('order_id: a text or number of 1 to 128 characters', async () => {
    await refuses('order_id', [q('x'.repeat(129)), q(EMOJI.repeat(129)), '1'.repeat(129), 'true', 'false', '[]', '["a"]', '{}']);
    const good = [q('a'.repeat(100) + newOrder().padEnd(28, 'z').slice(0, 28)), q(EMOJI.repeat(127) + '1'), q('é'.repeat(128)),
      q(`in side ${newOrder()}`), q(`a/b\\c"d'<e>&%20;${newOrder()}`), q(`অর্ডার ${newOrder()}`), q(`\u0001x${newOrder()}`)];
    await accepts('order_id', good);
    for (const text of ['81234567890', '12345678901234567890123456789', '-7', '1.50', '1e400']) {
      const payment = expectGood(await w.call('/v1/payment', rawJson(w.account.fields(), { order_id: text })), text);
      assert.equal((await w.status(payment)).order_id, text, 'the raw text of the number');
      expectInvalid(await w.tryCreate({ order_id: text }), ['order_id'], `the text ${text} is the same order`);
    }
  });

  it('order_id: no white space at its ends', async () => {
    for (const [name, space] of Object.entries(SPACES)) {
      const answer = await w.tryCreate({ order_id: `${space}${newOrder()}` });
      expectInvalid(answer, ['order_id'], `${name} before`);
      expectInvalid(await w.tryCreate({ order_id: `${newOrder()}${space}` }), ['order_id'], `${name} behind`);
      expectInvalid(await w.tryCreate({ order_id: space }), ['order_id'], `${name} alone`);
    }
    expectGood(await w.tryCreate({ order_id: `${newOrder()}\u00a0\u200bx` }), 'inside');
  });

  it('service: one that there is', () => refuses('service', [q('payment_card_usd_hpp'), q('PAYMENT_CARD_BDT_HPP'),
    q('payment_card_bdt_hpp '), q('x'.repeat(101)), '1', 'true', '[]', '{}']));

  it('customer_ip: an IPv4 or IPv6 address', async () => {
    await refuses('customer_ip', ['"1.2.3"', '"1.2.3.4.5"', '"256.1.1.1"', '"1.2.3.4 "', '" 1.2.3.4"', '"01.2.3.4"', '"1.2.3.4/24"',
      '"::1::"', '"fe80::1%eth0"', '"[::1]"', '"localhost"', '"2130706433"', '2130706433', 'true', '[]', '":::"', '"1.2.3.4:80"',
      '"12345::"', '"::ffff:1.2.3"']);
    await accepts('customer_ip', ['"203.0.113.7"', '"::1"', '"2001:db8::7"', '"::ffff:203.0.113.7"', '"2001:DB8:0:0:0:0:0:1"',
      '"255.255.255.255"']);
  });

  it('customer_code: a wallet of the service that is configured', async () => {
    await refuses('customer_code', ['"upay"', '"bKash"', '"BKASH"', '"bkash "', '1', 'true', '[]', q('x'.repeat(101))]);
    await refuses('customer_code', ['"nagad"', '"rocket"']);
    await accepts('customer_code', ['"bkash"']);
  });

  it('preset ids: an integer or its decimal text, of a preset of this account', async () => {
    const other = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const redirect = await w.addRedirect(other, 'https://other.example/');
    const endpoint = await w.addEndpoint(other, { url: `${w.receiver.url}/other` });
    for (const [field, foreign] of [['success_redirect_id', redirect.id], ['fail_redirect_id', redirect.id],
      ['notification_endpoint_id', endpoint.id]]) {
      await refuses(field, ['0', '-1', '1.5', '1.0', '1e1', '"abc"', '"1.0"', '" 1"', '"+1"', 'true', '[]', '{}', '9223372036854775808',
        '99999999999999999999', '987654321', '"987654321"', String(foreign), q(String(foreign))]);
    }
  });

  it('preset ids are used, and an address in the request wins', async () => {
    const good = await w.addRedirect(w.account, 'https://shop.example/thanks');
    const bad = await w.addRedirect(w.account, 'https://shop.example/sorry');
    const endpoint = await w.addEndpoint(w.account, { url: `${w.receiver.url}/preset` });
    await w.presetSeen(w.account, 'success_redirect_id', good.id);
    await w.presetSeen(w.account, 'notification_endpoint_id', endpoint.id);
    const payment = await w.create({ success_redirect_id: good.id, fail_redirect_id: String(bad.id),
      notification_endpoint_id: endpoint.id });
    assert.equal(payment.success_redirect_url, 'https://shop.example/thanks');
    const both = await w.create({ success_redirect_id: good.id, success_redirect_url: 'https://shop.example/other' });
    assert.equal(both.success_redirect_url, 'https://shop.example/other');
    const withNull = await w.create({ success_redirect_id: String(good.id), success_redirect_url: null });
    assert.equal(withNull.success_redirect_url, 'https://shop.example/thanks');
  });

  const urlFields = ['success_redirect_url', 'fail_redirect_url', 'notification_endpoint_url'];
  const long = (n) => `https://shop.example/${'p'.repeat(n - 21)}`;

  it('T60 addresses: absolute, http or https, an ASCII host, no user, no blanks, at most 255 characters', async () => {
    const cases = ['shop.example', '/path', '//evil.example/', 'javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x',
      'ftp://shop.example/', 'file:///etc/passwd', 'http:', 'http://', 'http:///path', 'https://?x', 'http:/shop.example/', 'http:shop',
      'http://user:pw@shop.example/', 'http://user@shop.example/', 'http://@shop.example/', 'http://shop.example/a b',
      'http://shop.example/\n', 'http://shop.example/\r\nX-Evil: 1', 'http://shop.example/\tx', ' http://shop.example/',
      'http://shop.example/ ', 'http://shop.example\\@evil.example/', 'http://shop.example/\\evil', 'http:\\\\shop.example',
      'http://shöp.example/', 'http://দোকান.example/', 'http://shop.example:99999/', 'http://shop.example:x/', 'http://shop.example:-1/',
      'http://[::1/', 'http://[zz]/', 'http://shop..example/', 'http://sh op.example/', 'http://shop.example/\u007f', long(256),
      long(10240), 'http://shop.example/\u00a0x\u2028'.replace(/\u00a0x\u2028/, ' '), 'http://%73hop.example/', 'http://sh<op/'];
    for (const field of urlFields) {
      await refuses(field, [...cases.map(q), '5', 'true', '[]', '{}', '["http://shop.example/"]']);
    }
  });

  it('addresses that are good', async () => {
    const cases = ['http://shop.example', 'https://shop.example:8443/a/b?c=d&e=%20#f', 'HTTPS://SHOP.example/', long(255),
      'https://xn--80ak6aa92e.example/', 'https://shop.example/ধন্যবাদ?নাম=১', 'http://203.0.113.9/', 'http://[2001:db8::1]:8080/x',
      'https://a-b.c-d.example/~x;y=1,2/(z)'];
    for (const field of urlFields) {
      await accepts(field, cases.map(q));
    }
    assert.equal((await w.create({ success_redirect_url: 'https://shop.example/?a=1&b=2' })).success_redirect_url,
      'https://shop.example/?a=1&b=2');
  });

  it('T57 notification addresses: ports and hosts that are never good are refused at create', () => refuses(
    'notification_endpoint_url', ['http://shop.example:22/', 'http://shop.example:25/', 'http://shop.example:1023/',
      'http://shop.example:0/', 'http://2130706433/', 'http://0x7f000001/', 'http://0x7f.1/', 'http://017700000001/', 'http://127.1/',
      'http://0177.0.0.1/', 'http://0.0.0.0/', 'http://[::]/', 'http://224.0.0.1/', 'http://255.255.255.255/', 'http://[ff02::1]/',
      'http://user@127.0.0.1/'].map(q)));

  it('desc: a text of at most 128 characters, trimmed', async () => {
    await refuses('desc', [q('x'.repeat(129)), q(EMOJI.repeat(129)), '5', 'true', '[]', '{}']);
    await accepts('desc', [q('x'.repeat(128)), q(EMOJI.repeat(128)), q(`  \u00a0\u200b${'x'.repeat(128)}\ufeff \n`), q('   '), q('\u200e'),
      '""']);
  });

  it('lifetime: an integer from 900 to 3600', async () => {
    await refuses('lifetime', ['899', '3601', '0', '-900', '900.5', '900.0', '1e3', '"900.0"', '"x"', '" 900"', 'true', '[]',
      '99999999999999999999']);
    await accepts('lifetime', ['900', '3600', '"900"', '1800']);
  });

  const texts = { account: 50, user_id: 100, email: 50, phone: 12, first_name: 50, last_name: 50, address: 50, city: 20, state: 50,
    post_code: 12, browser_user_agent: 2000, browser_accept_header: 2000, browser_language: 8 };

  it('customer texts: limits count characters, not bytes', async () => {
    for (const [name, limit] of Object.entries(texts)) {
      const field = `customer_${name}`;
      await refuses(field, [q('x'.repeat(limit + 1)), q(EMOJI.repeat(limit + 1)), '5', 'true', 'false', '[]', '{}']);
      await accepts(field, [q('x'.repeat(limit)), q(EMOJI.repeat(limit)), q('অ'.repeat(limit)), '""', 'null']);
    }
  });

  it('customer numbers: an integer or its decimal text', async () => {
    for (const field of ['customer_browser_color_depth', 'customer_browser_screen_height', 'customer_browser_screen_width']) {
      await refuses(field, ['1.5', '-1', '"x"', 'true', '[]', '{}', '1e2', '"1.0"']);
      await accepts(field, ['24', '"1080"', '0', 'null', '""']);
    }
  });

  it('several faults are told at once, each by its name', async () => {
    expectInvalid(await w.tryCreate({ amount: -1, customer_ip: 'x', lifetime: 1, desc: 5, customer_city: 7,
      fail_redirect_url: 'x' }), ['amount', 'customer_ip', 'lifetime', 'desc', 'customer_city', 'fail_redirect_url']);
  });

  it('unknown fields are ignored, whatever they hold', async () => {
    const deep = `${'['.repeat(15)}${']'.repeat(15)}`;
    for (const text of ['1e400', '-1e400', '123456789012345678901', '[1,[2,{"a":{}}]]', 'true', 'null', '""', '"\\ud83d\\ude00"', deep,
      '0.1e-999', '"amount"']) {
      expectGood(await w.call('/v1/payment', rawJson(w.account.fields(), { unknown_field: text })), text);
    }
    expectGood(await w.call('/v1/payment', rawJson(w.account.fields(), { '': '1', errors: '[]', id: '5', __proto: '1' })));
  });

  it('T9 bodies that are no JSON object, or could be read in two ways, are refused', async () => {
    const good = JSON.stringify(w.account.fields());
    const put = (text) => `${good.slice(0, -1)},${text}}`;
    const bytes = (...parts) => Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : Buffer.from(p))));
    const nested = (n) => put(`"x":${'['.repeat(n)}${']'.repeat(n)}`);
    const cases = {
      'an empty body': '', blanks: '  \n', null: 'null', 'an array': '[]', 'an array of it': `[${good}]`, 'a text': '"x"', 'a number': '5',
      true: 'true', 'an open object': good.slice(0, -1), 'garbage behind': `${good}x`, 'two objects': good + good,
      'a comma too many': put('"x":1,').replace(',}', ',}'), 'no quotes': '{amount:1}', 'single quotes': "{'amount':1}",
      'a comment': put('/* x */"x":1'), NaN: put('"x":NaN'), Infinity: put('"x":Infinity'), 'hexadecimal': put('"x":0x10'),
      'a leading zero': put('"x":01'), 'a plus': put('"x":+1'), 'a bare point': put('"x":.5'), 'a point at the end': put('"x":5.'),
      'a byte order mark': `\ufeff${good}`, 'a NUL': put('"x":"a\0b"'), 'a NUL behind': `${good}\0`, 'an escaped NUL': put('"x":"\\u0000"'),
      'an escaped NUL in a key': put('"\\u0000":1'), 'a lone high surrogate': put('"x":"\\ud83d"'), 'a lone low one': put('"x":"\\ude00"'),
      'surrogates the wrong way': put('"x":"\\ude00\\ud83d"'), 'an unknown escape': put('"x":"\\x41"'), 'a short escape': put('"x":"\\u12"'),
      'a raw newline in a text': put('"x":"a\nb"'), 'a raw tab in a text': put('"x":"a\tb"'), 'a vertical tab': `\v${good}`,
      'a form feed': `${good}\f`, 'a no-break space': `\u00a0${good}`, 'a key twice': put('"amount":"1.00"'),
      'an unknown key twice': put('"x":1,"x":1'), 'a key twice by an escape': put('"\\u0061mount":"1.00"'),
      'a key twice inside': put('"x":{"a":1,"a":2}'), 'a key twice deep inside': put('"x":[[{"a":1,"b":2,"a":1}]]'),
      'nesting 17': nested(16), 'nesting 10000': nested(10000), 'open nesting': '['.repeat(50000),
      'a lone continuation byte': bytes(put('"x":"').slice(0, -1), [0x80], '"}'),
      'an overlong slash': bytes(put('"x":"').slice(0, -1), [0xc0, 0xaf], '"}'),
      'an overlong NUL': bytes(put('"x":"').slice(0, -1), [0xc0, 0x80], '"}'),
      'a surrogate in UTF-8': bytes(put('"x":"').slice(0, -1), [0xed, 0xa0, 0x80], '"}'),
      'beyond Unicode': bytes(put('"x":"').slice(0, -1), [0xf4, 0x90, 0x80, 0x80], '"}'),
      'cut UTF-8': bytes(put('"x":"').slice(0, -1), [0xe0, 0xa6], '"}'), 'byte ff': bytes(put('"x":"').slice(0, -1), [0xff], '"}'),
      'Latin-1': bytes(put('"x":"').slice(0, -1), [0xe9], '"}'), 'UTF-16': Buffer.from(good, 'utf16le'),
    };
    const before = (await w.history()).meta.total;
    await parallel(Object.entries(cases), async ([what, body]) => {
      expectError(await w.call('/v1/payment', body), 400, ['body'], what);
    });
    assert.equal((await w.history()).meta.total, before, 'nothing was stored');
    expectGood(await w.call('/v1/payment', rawJson(w.account.fields(), { x: `${'['.repeat(15)}${']'.repeat(15)}` })), 'nesting 16');
    expectGood(await w.call('/v1/payment', ` \n\t\r${JSON.stringify(w.account.fields(), null, 2)}\n `), 'blanks around and inside');
  });

  it('a body may have 64 KiB and not one byte more', async () => {
    const sized = (n) => {
      const body = JSON.stringify({ ...w.account.fields(), padding: '' });
      return body.replace('"padding":""', `"padding":"${'x'.repeat(n - body.length)}"`);
    };
    for (const n of [65535, 65536]) {
      expectGood(await w.call('/v1/payment', sized(n)), `${n} bytes`);
    }
    for (const n of [65537, 100000]) {
      expectError(await w.call('/v1/payment', sized(n)), 413, ['body'], `${n} bytes`);
      const body = sized(n);
      const answer = await request('POST', `${w.apiUrl}/v1/payment`,
        { headers: { ...w.account.headers(body), 'Transfer-Encoding': 'chunked' }, body })
        .catch((error) => error);
      if (answer instanceof Error) {
        assert.match(answer.code ?? answer.message, /ECONNRESET|EPIPE/);
      } else {
        expectError(answer, 413, ['body'], `${n} bytes in chunks`);
      }
    }
    expectGood(await w.tryCreate(), 'and the service goes on');
  });

  it('what is stored is what was signed', async () => {
    const order_id = `é${newOrder()}/"\\${EMOJI}`;
    const escaped = `{ "customer_code" : "bkash","order_id":"${[...order_id].flatMap((c) => c.split('')).map((c) => `\\u${c.charCodeAt(0)
      .toString(16).padStart(4, '0')}`).join('')}","service":"payment_card_bdt_hpp","customer_ip":"203.0.113.7","amount":"1.10"}`;
    const payment = expectGood(await w.call('/v1/payment', escaped));
    const status = await w.status(payment);
    assert.equal(status.order_id, order_id);
    assert.equal(status.amount, '1.10');
    expectInvalid(await w.tryCreate({ order_id }), ['order_id'], 'the same order, written otherwise');
  });
});
