// When notifications are tried again, when no more, and what receivers can do to others.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parallel } from './lib/expect.mjs';
import { suite } from './lib/harness.mjs';
import { signedText, verifyNotification, webhookFits } from './lib/notify.mjs';
import { sleep, until } from './lib/process.mjs';

const MINUTE = 60;
const HOUR = 3600;
// seconds after the end of each try
const SCHEDULE = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

suite('schedule', { endpoint: false, purposes: ['payments', 'notifications'], notifyMode: 'POST_JSON' }, (w) => {
  let paths = 0;
  const newPath = () => `/s/${++paths}`;
  const cancel = async (payment) => {
    await payment.payer.press('cancel');
    await payment.payer.reaches('cancelled');
    return payment;
  };
  /** A payment that has ended, with its notification on the way to a path that answers so. */
  const sent = async (answer, more = {}) => {
    const path = newPath();
    const url = w.receiver.on(path, answer);
    const payment = await w.create({ notification_endpoint_url: url, ...more });
    await cancel(payment);
    return { path, payment };
  };
  const tries = (payment, count) => w.until(payment, `${count} tries`, (p) => p.notification_tries.length >= count
    && p.notifications.every((n) => n.due_at || n.state !== 'waiting'));
  const outbox = (payment, what, fits) => w.until(payment, what, (p) => fits(p.notifications[0] ?? {}));
  const parked = (payment) => outbox(payment, 'parked', (n) => n.state === 'parked');
  const delivered = (payment) => outbox(payment, 'delivered', (n) => n.state === 'delivered');
  const dueIn = (shown) => {
    const [last] = shown.notification_tries.slice(-1);
    return (Date.parse(shown.notifications[0].due_at) - Date.parse(last.at) - last.duration_ms) / 1000;
  };
  const known = async (options) => {
    const path = newPath();
    const made = await w.addEndpoint(w.account, { url: `${w.receiver.url}${path}`, mode: 'POST_JSON', ...options });
    await w.presetSeen(w.account, 'notification_endpoint_id', made.id);
    return { ...made, path };
  };

  it('T53 retries after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, each up to 20 % later; then parked', async () => {
    const answer = (note, n) => ({ status: [500, 404, 302, 503, 400][n % 5], body: `no ${n}` });
    const cases = await Promise.all([sent(answer), sent(answer), sent(answer)]);
    const waits = cases.map(() => []);
    for (let n = 1; n <= SCHEDULE.length + 1; n++) {
      for (const [i, { payment, path }] of cases.entries()) {
        const shown = await tries(payment, n);
        if (n === 1 && shown.notification_tries.length > 1) {
          continue; // a slow machine: its 5 s are over
        }
        assert.equal(shown.notification_tries.length, n);
        assert.equal(w.receiver.of(path).length, n);
        if (n <= SCHEDULE.length) {
          const wait = dueIn(shown);
          const base = SCHEDULE[n - 1];
          assert.ok(wait > base - 0.2 && wait < base * 1.2 + 0.2, `wait ${n} is ${wait} s`);
          waits[i].push(wait / base);
        }
      }
      if (n > SCHEDULE.length) {
        break;
      }
      if (n === 1) { // its 5 s may be over by now, and a jump over a lease under way would let it be sent again
        await w.clock.advance(7);
        continue;
      }
      await w.clock.advance(SCHEDULE[n - 1] - 60);
      await sleep(700);
      for (const { path } of cases) {
        assert.equal(w.receiver.of(path).length, n, `not before its time (${n})`);
      }
      await w.clock.advance(Math.ceil(SCHEDULE[n - 1] * 0.2) + 62);
    }
    for (const { payment, path } of cases) {
      const shown = await parked(payment);
      assert.equal(shown.notifications[0].tries, SCHEDULE.length + 1);
      const notes = w.receiver.of(path);
      await w.clock.advance(1);
      assert.equal(new Set(notes.map((n) => n.headers['webhook-id'])).size, 1, 'the same id for all tries');
      assert.equal(new Set(notes.map((n) => n.text)).size, 1, 'the same fields and sign for all tries (T52)');
      assert.equal(new Set(notes.map((n) => n.headers['webhook-timestamp'])).size, notes.length, 'a new time for each');
      for (const note of notes) {
        assert.ok(webhookFits(note, 'POST_JSON', w.account.notifySecret));
        assert.equal(note.headers['webhook-sequence'], '1');
      }
    }
    const factors = waits.flat();
    assert.ok(Math.max(...factors) - Math.min(...factors) > 0.05, 'the jitter varies');
    await w.clock.advance(30 * 24 * HOUR);
    await sleep(700);
    for (const { path } of cases) {
      assert.equal(w.receiver.of(path).length, SCHEDULE.length + 1, 'parked is parked');
    }
  });

  it('T56 sent again by hand: the same id, from the start of the schedule, with its row in the audit chain', async () => {
    const { path, payment } = await sent((note, n) => ({ status: n <= 2 ? 500 : 200 }));
    await tries(payment, 1);
    const [{ id }] = (await w.show(payment)).notifications;
    await assert.rejects(w.cli.run(['notification', 'resend', id]), /ended with 1/, 'it is waiting already');
    await w.clock.advance(7);
    await tries(payment, 2);
    await w.clock.advance(400);
    await delivered(payment);
    await w.cli.run(['notification', 'resend', id]);
    const notes = await w.receiver.wait(path, 4);
    assert.equal(new Set(notes.map((n) => n.headers['webhook-id'])).size, 1);
    const shown = await w.until(payment, 'delivered again', (p) => p.notification_tries.length === 4
      && p.notifications[0].state === 'delivered');
    assert.deepEqual(shown.notification_tries.map((t) => t.number), [1, 2, 3, 4]);
    await assert.rejects(w.cli.run(['notification', 'resend', 999999]), /ended with 1/);
    await w.audit();
  });

  it('T51 Retry-After of 429 and 503 is honoured where it is later than the schedule, as seconds and as a date, up to a day', async () => {
    const at = async (s) => new Date(Math.ceil((await w.clock.now()) / 1000) * 1000 + s * 1000).toUTCString();
    const cases = [
      [429, '120', 120], [503, '7200', 7200], [429, '1', 5], [429, '100000', 24 * HOUR], [503, '99999999999999999999', 24 * HOUR],
      [429, 'soon', 5], [503, '', 5], [429, '-5', undefined], [500, '7200', 5], [404, '7200', 5], [429, undefined, 5],
      [503, await at(600), 600], [429, await at(3 * 24 * HOUR), 24 * HOUR], [503, 'Sun, 06 Nov 1994 08:49:37 GMT', undefined],
    ];
    await parallel(cases, async ([status, value, wait]) => {
      const { payment } = await sent({ status, headers: value === undefined ? {} : { 'Retry-After': value } });
      const shown = await outbox(payment, 'waiting', (n) => n.tries === 1 && n.state === 'waiting');
      const due = dueIn(shown);
      if (wait === undefined) {
        assert.ok(due >= -0.2 && due < 6.5, `${status} ${value}: ${due}`);
      } else {
        const slack = value?.includes('GMT') ? 60 : 0.3;
        assert.ok(due > wait - slack && due < wait * 1.2 + slack && due <= 24 * HOUR * 1.2 + 1, `${status} ${value}: ${due}`);
      }
    }, 4);
  });

  it('T51 410 disables the endpoint; its payments are accepted and their notifications parked', async () => {
    const ep = await known();
    w.receiver.on(ep.path, { status: 410 });
    const first = await cancel(await w.create({ notification_endpoint_id: ep.id }));
    const shown = await parked(first);
    assert.equal(shown.notification_tries.length, 1);
    assert.equal(shown.notification_tries[0].status, 410);
    const list = async () => (await w.cli.json(['endpoint', 'list', '--account', w.account.uuid])).endpoints.find((e) => e.id === ep.id);
    assert.equal((await list()).enabled, false);
    await sleep(700);
    const second = await cancel(await w.create({ notification_endpoint_id: ep.id }));
    await parked(second);
    assert.equal(w.receiver.of(ep.path).length, 1);
    // switched on again and sent by hand
    w.receiver.on(ep.path, {});
    await w.cli.run(['endpoint', 'enable', ep.id]);
    await sleep(700);
    for (const payment of [first, second]) {
      await w.cli.run(['notification', 'resend', (await w.show(payment)).notifications[0].id]);
      await delivered(payment);
    }
    assert.equal(w.receiver.of(ep.path).length, 3);
  });

  it('T51 410 of an address in a request parks this notification only', async () => {
    const { payment, path } = await sent({ status: 410 });
    const shown = await parked(payment);
    assert.equal(shown.notification_tries.length, 1);
    w.receiver.on(path, {});
    const next = await cancel(await w.create({ notification_endpoint_url: `${w.receiver.url}${path}` }));
    await delivered(next);
  });

  it('T51 a redirect is a failure and is not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const target = newPath();
      const { payment } = await sent({ status, headers: { Location: `${w.receiver.url}${target}` } });
      const shown = await tries(payment, 1);
      assert.equal(shown.notification_tries[0].status, status);
      assert.equal((await outbox(payment, 'waiting', (n) => n.tries === 1)).notifications[0].state, 'waiting');
      assert.equal(w.receiver.of(target).length, 0);
    }
  });

  it('T59 receivers that hang, drip, reset, send without end or send nothing: bounded, recorded, tried again', async () => {
    const cases = { hang: { hang: true }, drip: { drip: 50 }, reset: { reset: true }, endless: { endless: true },
      'a long body': { body: 'y'.repeat(3 * 1024 * 1024) }, 'an error with a long body': { status: 500, body: 'é'.repeat(5000) },
      'no body': { status: 500, body: '' }, 'many headers': { status: 500, headers: Object.fromEntries(
        Array.from({ length: 60 }, (_, i) => [`X-${i}`, 'z'.repeat(100)])) },
      'a gzip bomb': { status: 500, headers: { 'Content-Encoding': 'gzip' }, body: Buffer.alloc(100000) } };
    const all = await parallel(Object.entries(cases), async ([what, answer]) => ({ what,
      ...(await sent((note, n) => (n === 1 ? answer : {}))) }), 9);
    for (const { what, payment, path } of all) {
      const shown = await w.until(payment, what, (p) => p.notification_tries.length >= 1 && p.notifications[0].tries >= 1
        && (p.notifications[0].state === 'delivered' || p.notifications[0].due_at));
      const [one] = shown.notification_tries;
      assert.ok(one.duration_ms < 5000, `${what}: ${one.duration_ms} ms`);
      assert.ok(Buffer.byteLength(one.reply ?? '') <= 1024, `${what}: ${one.reply?.length}`);
      assert.ok(one.status !== null || one.error, `${what}: a status or a reason`);
      assert.ok(w.receiver.of(path).length >= 1, what);
      assert.ok(one.url.endsWith(path), one.url);
    }
    const first = async (what) => (await w.show(all.find((c) => c.what === what).payment)).notification_tries[0];
    assert.equal((await first('hang')).error, 'timeout');
    for (const what of ['hang', 'drip', 'reset', 'no body', 'many headers']) {
      const one = await first(what);
      assert.ok(one.status === 500 || one.error, `${what} is no delivery: ${JSON.stringify(one)}`);
    }
    const long = (await first('an error with a long body')).reply;
    assert.ok(long.length >= 500 && long.startsWith('ééé'), 'the beginning of the answer is kept');
    assert.ok(!long.includes('\ufffd'), 'no half character');
    // their next tries are answered well
    await w.clock.advance(7);
    for (const { payment } of all) {
      await delivered(payment);
    }
  });

  it('T59 receivers that are not there, or speak no HTTP', async () => {
    const net = await import('node:net');
    const speak = (bytes) => new Promise((resolve) => {
      const server = net.createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end(bytes));
      });
      server.listen(0, '127.0.0.1', () => resolve(server));
    });
    const servers = await Promise.all(['', 'hello\r\n\r\n', 'HTTP/0.9 hi', 'HTTP/1.1 999999 x\r\n\r\n', 'HTTP/1.1 200',
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(500000)}\r\n\r\n`].map(speak));
    const urls = [...servers.map((s) => `http://127.0.0.1:${s.address().port}/x`), 'http://127.0.0.1:1/x'.replace(':1/', ':65534/'),
      `https://127.0.0.1:${w.receiver.port}/tls`, 'http://name.invalid/x'];
    const payments = await parallel(urls, async (url) => cancel(await w.create({ notification_endpoint_url: url })), 4);
    for (const [i, payment] of payments.entries()) {
      const shown = await w.until(payment, `a try at ${urls[i]}`, (p) => p.notification_tries.length >= 1);
      assert.notEqual(shown.notifications[0].state, 'delivered', urls[i]);
      assert.ok(shown.notification_tries[0].error, `${urls[i]}: ${JSON.stringify(shown.notification_tries[0])}`);
    }
    servers.forEach((s) => s.close());
  });

  it('T54 a receiver that hangs delays neither other receivers nor other payments of its own merchant', async () => {
    const dead = newPath();
    // a host of its own: bounds are per host
    const { Receiver } = await import('./lib/receiver.mjs');
    const other = await new Receiver().start();
    other.on(dead, { hang: true });
    await parallel(Array.from({ length: 60 }), async () => cancel(
      await w.create({ notification_endpoint_url: `${other.url}${dead}` })), 8);
    const times = [];
    for (let i = 0; i < 10; i++) {
      const start = Date.now();
      const { path } = await sent({});
      await w.receiver.wait(path, 1, 5000);
      times.push(Date.now() - start);
    }
    assert.ok(Math.max(...times) < 2000, `others waited ${times}`);
    await other.stop();
  });

  it('a burst of payments of one merchant reaches its receiver without waiting', async () => {
    const path = newPath();
    w.receiver.on(path, {});
    const payments = await parallel(Array.from({ length: 80 }), () => w.create({ notification_endpoint_url: `${w.receiver.url}${path}` }));
    await parallel(payments, (payment) => payment.payer.press('cancel'), 40);
    const start = Date.now();
    const notes = await w.receiver.wait(path, 80, 20000);
    assert.ok(Date.now() - start < 9000, `it took ${Date.now() - start} ms`);
    assert.equal(new Set(notes.map((n) => JSON.parse(n.text).id)).size, 80);
  });

  it('T55 what changes while a notification waits: the new address, mode, fields and secret are used', async () => {
    const ep = await known();
    w.receiver.on(ep.path, { status: 500 });
    const payment = await cancel(await w.create({ notification_endpoint_id: ep.id, desc: 'x' }));
    await tries(payment, 1);
    const path = newPath();
    await w.cli.json(['endpoint', 'update', ep.id, '--url', `${w.receiver.url}${path}`, '--mode', 'GET', '--field-set', 12]);
    const fresh = await w.cli.json(['endpoint', 'rotate-secret', ep.id, '--overlap', '0']);
    await sleep(700);
    await w.clock.advance(7);
    const [note] = await w.receiver.wait(path);
    const fields = verifyNotification(note, { mode: 'GET', set: 12, publicKey: w.certs.notifications.publicKey });
    assert.equal(fields.desc, 'x');
    assert.ok(webhookFits(note, 'GET', fresh.secret));
    assert.ok(!webhookFits(note, 'GET', ep.secret));
    assert.equal(note.headers['webhook-id'], w.receiver.of(ep.path)[0].headers['webhook-id']);
    await delivered(payment);
    assert.ok(signedText(fields, 'GET', 12).endsWith('"card_brand":null}'));
  });

  it('T55 an endpoint that is deleted or disabled while notifications wait: parked, with a trace', async () => {
    for (const verb of ['delete', 'disable']) {
      const ep = await known();
      w.receiver.on(ep.path, { status: 500 });
      const payment = await cancel(await w.create({ notification_endpoint_id: ep.id }));
      await tries(payment, 1);
      await w.cli.json(['endpoint', verb, ep.id]);
      await sleep(700);
      await w.clock.advance(7);
      const shown = await parked(payment);
      assert.ok(shown.notifications[0].parked_reason, verb);
      assert.equal(w.receiver.of(ep.path).length, 1);
    }
  });

  it('what was parked while its account was disabled is sent when the account is enabled again', async () => {
    const account = await w.addAccount({ purposes: ['payments', 'notifications'] });
    const payment = await account.create();
    await w.cli.json(['account', 'disable', account.uuid]);
    await until(async () => (await account.call('/v1/payment/history', {})).status !== 200, { what: 'the account, known to be disabled' });
    await w.clock.advance(HOUR + 1);
    const shown = await w.until(payment, 'parked', (p) => p.notifications[0]?.state === 'parked');
    assert.equal(shown.notifications[0].parked_reason, 'account_disabled');
    assert.equal(shown.notification_tries.length, 0);
    await w.cli.json(['account', 'enable', account.uuid]);
    await delivered(payment);
  });

  it('T53 the schedule survives a restart; T39 T40 a crash loses no notification and sends no other', async () => {
    const { payment, path } = await sent({ status: 500 });
    const before = (await outbox(payment, 'waiting', (n) => n.tries === 1)).notifications[0];
    await w.restartKassad();
    assert.equal((await w.show(payment)).notifications[0].due_at, before.due_at);
    await w.clock.advance(7);
    await tries(payment, 2);

    // killed while the receiver holds the answer back: sent again with the same id
    const hanging = await sent({ hang: true });
    await w.receiver.wait(hanging.path, 1);
    await w.kill9();
    w.receiver.on(hanging.path, {});
    await w.startKassad();
    await w.clock.advance(120);
    const notes = await w.receiver.wait(hanging.path, 2);
    assert.equal(notes[0].headers['webhook-id'], notes[1].headers['webhook-id']);
    assert.equal(notes[0].text, notes[1].text);
    await delivered(hanging.payment);
    assert.equal(w.receiver.of(path).length >= 2, true);
  });

  it('what the log of tries keeps of an answer is its first KiB, as text', async () => {
    const { payment } = await sent({ status: 500, body: `${'অ'.repeat(2000)}` });
    const { notification_tries: [first] } = await tries(payment, 1);
    assert.ok(Buffer.byteLength(first.reply) <= 1024 && Buffer.byteLength(first.reply) > 1000);
    assert.match(first.reply, /^অ+$/);
    const binary = await sent({ status: 500, body: Buffer.from([0xff, 0xfe, 0, 1, 2, 0x80]) });
    const { notification_tries: [second] } = await tries(binary.payment, 1);
    assert.equal(typeof second.reply, 'string');
  });

  it('the books are right', () => w.audit());
});

suite('private addresses', { endpoint: false, purposes: ['payments', 'notifications'],
  config: { notify: { allow_private_addresses: 'no' } } }, (w) => {
  it('T57 loopback, private, link-local, CGNAT, metadata and mapped addresses are blocked when connecting, and recorded', async () => {
    const p = w.receiver.port;
    const urls = [`http://127.0.0.1:${p}/b`, `http://localhost:${p}/b`, `http://127.9.9.9:${p}/b`, `http://[::1]:${p}/b`,
      'http://10.0.0.1/b', 'http://172.16.0.1/b', 'http://172.31.255.255/b', 'http://192.168.1.1/b', 'http://169.254.169.254/latest/meta-data/',
      'http://100.64.0.1/b', `http://[::ffff:127.0.0.1]:${p}/b`, `http://[::ffff:7f00:1]:${p}/b`, 'http://[fc00::1]/b', 'http://[fd12::1]/b',
      'http://[fe80::1]/b', `http://localhost.:${p}/b`, 'http://198.18.0.1/b', 'http://192.0.0.1/b', `http://[64:ff9b::7f00:1]:${p}/b`,
      `https://127.0.0.1:${p}/b`];
    const answers = await parallel(urls, async (url) => {
      const answer = await w.tryCreate({ notification_endpoint_url: url });
      return { url, answer };
    }, 4);
    const made = answers.filter(({ answer }) => answer.status === 200);
    assert.ok(made.length >= 12, 'these are judged when connecting');
    for (const { url, answer } of answers) {
      assert.ok([200, 400].includes(answer.status), `${url}: ${answer.status}`);
    }
    const { Payer } = await import('./lib/payer.mjs');
    for (const { url, answer } of made) {
      const payment = answer.json;
      const payer = new Payer(payment.url);
      await payer.press('cancel');
      const shown = await w.until(payment, `a try at ${url}`, (s) => s.notification_tries.length >= 1);
      const [one] = shown.notification_tries;
      assert.equal(one.error, 'blocked', `${url}: ${JSON.stringify(one)}`);
      assert.equal(one.status, null);
    }
    assert.equal(w.receiver.notes.length, 0, 'nothing has come');
    assert.equal(await until(async () => w.receiver.open.size === 0, { what: 'no connection' }), true);
  });
});
