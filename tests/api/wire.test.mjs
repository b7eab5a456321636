// HTTP below any client: malformed and smuggled headers, slow and huge requests, many connections.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { it } from 'node:test';
import tls from 'node:tls';
import { expectError, expectGood, parallel } from './lib/expect.mjs';
import { suite } from './lib/harness.mjs';
import { newAgent, raw, request } from './lib/http.mjs';
import { sleep, until } from './lib/process.mjs';

suite('wire', { endpoint: false, purposes: ['payments'] }, (w) => {
  const BODY = '{"paginate":1}';
  /** The headers of a good call, as lines. */
  const good = (body = BODY) => [`Host: 127.0.0.1:${w.port}`, 'Content-Type: application/json', `Account: ${w.account.uuid}`,
    `Sign: ${w.sign(body)}`, `Content-Length: ${Buffer.byteLength(body)}`];
  const text = (lines, body = BODY, line = 'POST /v1/payment/history HTTP/1.1') => `${line}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
  const without = (lines, name) => lines.filter((l) => !l.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  /** Refused with 400, and nothing behind it is taken for a request. */
  const malformed = async (lines, what, body = BODY, line = undefined) => {
    const { answers, closed } = await raw(w.port, text(lines, body, line) + text(good()), { quiet: 3000 });
    assert.equal(answers.length, 1, `${what}: one answer, ${answers.map((a) => a.status)}`);
    assert.equal(answers[0].status, 400, `${what}: ${answers[0].text}`);
    assert.ok(closed, `${what}: the connection is closed`);
    return answers[0];
  };

  it('the call that the others are made from is good', async () => {
    const { answers } = await raw(w.port, text(good()), { count: 1 });
    expectGood(answers[0]);
  });

  it('T10 a second Account, Sign, Host, Content-Type, Content-Length or Transfer-Encoding: 400 and closed', async () => {
    for (const name of ['Host', 'Content-Type', 'Account', 'Sign', 'Content-Length']) {
      const line = good().find((l) => l.startsWith(`${name}:`));
      for (const second of [line, line.replace(name, name.toLowerCase()), line.replace(name, name.toUpperCase()), `${name}: 1`,
        `${name}:`]) {
        for (const lines of [[...good(), second], [second, ...good()]]) {
          const answer = await malformed(lines, `${name} twice, as ${second}`);
          assert.equal(answer.headers.connection.toLowerCase(), 'close');
          if (answer.headers['content-type']) { // else the HTTP library itself has refused it
            expectError(answer, 400, ['header']);
          }
        }
      }
    }
    const chunked = [...without(good(), 'Content-Length'), 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'];
    await malformed(chunked, 'Transfer-Encoding twice', `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`);
  });

  it('T10 Transfer-Encoding with Content-Length, or other than chunked: 400 and closed', async () => {
    const chunks = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
    for (const length of ['Content-Length: 5', `Content-Length: ${chunks.length}`, 'Content-Length: 0']) {
      await malformed([...without(good(), 'Content-Length'), 'Transfer-Encoding: chunked', length], length, chunks);
      await malformed([length, 'Transfer-Encoding: chunked', ...without(good(), 'Content-Length')], length, chunks);
    }
    for (const coding of ['gzip, chunked', 'chunked, gzip', 'identity', 'chunked, chunked', 'gzip', 'xchunked', 'chunked;q=1', '"chunked"',
      '', 'chunked ,', ',chunked']) {
      await malformed([...without(good(), 'Content-Length'), `Transfer-Encoding: ${coding}`], `coding ${coding}`, chunks);
    }
  });

  it('T10 names that are no tokens, folded lines and bare line ends: 400 and closed', async () => {
    const cases = ['Content-Length : 3', 'X Y: 1', 'X-\u00e9: 1', 'X@Y: 1', 'X(Y): 1', ': 1', 'X"Y: 1', 'X/Y: 1', 'X\tY: 1', 'Account : x',
      '\tX: 1', ' X: 1', 'X: 1\r\n folded', 'X: 1\r\n\tfolded', 'X: a\rb', 'X: a\nY: b', 'X: a\0b', 'X\0: a', 'X: \u0001', 'X: \u007f',
      'no colon'];
    for (const line of cases) {
      const { answers, closed } = await raw(w.port, Buffer.from(text([...good(), line]) + text(good()), 'latin1'), { quiet: 3000 });
      assert.ok(answers.length <= 1, `${JSON.stringify(line)}: ${answers.map((a) => a.status)}`);
      if (answers.length === 1) {
        assert.equal(answers[0].status, 400, `${JSON.stringify(line)}: ${answers[0].text}`);
      }
      assert.ok(closed, `${JSON.stringify(line)}: closed`);
    }
  });

  it('T10 lengths that are no plain number: 400 and closed', async () => {
    for (const length of ['-1', '+14', '0x0e', '1 4', '14,14', '14, 14', 'x', '', '1e1', '99999999999999999999', '14.0', '٣',
      '18446744073709551630']) {
      const lines = [...without(good(), 'Content-Length'), `Content-Length: ${length}`];
      const { answers, closed } = await raw(w.port, text(lines) + text(good()), { quiet: 2000 });
      assert.ok(answers.length <= 1, `${length}: ${answers.map((a) => a.status)}`);
      assert.ok(answers.every((a) => a.status === 400 || a.status === 413), `${length}: ${answers[0]?.status}`);
      assert.ok(closed, `${length}: closed`);
    }
  });

  it('T67 smuggled requests are never answered', async () => {
    const hidden = text(good(), BODY, 'POST /v1/payment/status HTTP/1.1');
    const base = without(good(), 'Content-Length');
    const cases = {
      'CL.TE': text([...base, 'Content-Length: 6', 'Transfer-Encoding: chunked'], `0\r\n\r\n${hidden}`),
      'TE.CL': text([...base, 'Transfer-Encoding: chunked', 'Content-Length: 4'],
        `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`),
      'TE by a tab': text([...base, 'Transfer-Encoding:\tchunked', `Content-Length: ${BODY.length}`], BODY + hidden),
      'TE with a blank': text([...base, 'Transfer-Encoding : chunked', `Content-Length: ${BODY.length}`], BODY + hidden),
      'TE with a vertical tab': text([...base, 'Transfer-Encoding: \vchunked', `Content-Length: ${BODY.length}`], BODY + hidden),
      'TE hidden by a bare CR': text([...base, 'X: y\rTransfer-Encoding: chunked', `Content-Length: ${BODY.length}`], BODY + hidden),
      'TE hidden by a bare LF': text([...base, 'X: y\nTransfer-Encoding: chunked', `Content-Length: ${BODY.length}`], BODY + hidden),
      'two lengths': text([...base, 'Content-Length: 0', `Content-Length: ${BODY.length}`], BODY + hidden),
      'an end of headers hidden by a colon': text([...base, ':', `Content-Length: ${BODY.length}`], BODY + hidden),
    };
    for (const [what, bytes] of Object.entries(cases)) {
      const { answers, closed } = await raw(w.port, Buffer.from(bytes, 'latin1'), { quiet: 2000 });
      assert.ok(answers.length <= 1, `${what}: ${answers.map((a) => a.status)}`);
      assert.ok(answers.every((a) => a.status === 400), `${what}: ${answers[0]?.status}`);
      assert.ok(closed, what);
    }
  });

  it('T67 behind a body in chunks nothing is taken for a request', async () => {
    const chunks = (...parts) => `${parts.map((p) => `${p.length.toString(16)}\r\n${p}\r\n`).join('')}0\r\n\r\n`;
    const lines = [...without(good(), 'Content-Length'), 'Transfer-Encoding: chunked'];
    const { answers, closed } = await raw(w.port, text(lines, chunks(BODY.slice(0, 3), BODY.slice(3))) + text(good()), { quiet: 2000 });
    assert.equal(answers.length, 1);
    expectGood(answers[0]);
    assert.ok(closed);
  });

  it('T67 pipelined calls are answered in their order', async () => {
    const bodies = ['{"paginate":1}', '{"paginate":2}', '{"paginate":0}', '{"paginate":3}'];
    const { answers } = await raw(w.port, bodies.map((b) => text(good(b), b)).join(''), { count: 4 });
    assert.deepEqual(answers.map((a) => a.status), [200, 200, 400, 200]);
    assert.deepEqual([0, 1, 3].map((i) => answers[i].json.meta.per_page), [1, 2, 3]);
  });

  it('HTTP without Host, of another version, or no HTTP at all is refused', async () => {
    await malformed(without(good(), 'Host'), 'no Host');
    for (const line of ['POST /v1/payment/history HTTP/2.0', 'POST /v1/payment/history',
      'POST  /v1/payment/history HTTP/1.1', 'POST /v1/pay ment HTTP/1.1', 'POST\t/v1/payment/history HTTP/1.1', 'hello', '\x16\x03\x01\x02',
      'POST /v1/payment/history\0 HTTP/1.1']) {
      const { answers } = await raw(w.port, text(good(), BODY, line), { count: 1 });
      assert.ok(answers.every((a) => a.status >= 400), `${line}: ${answers[0]?.status}`);
    }
    const { answers } = await raw(w.port, text(good(), BODY, 'POST /v1/payment/history HTTP/1.0'), { count: 1 });
    assert.ok(answers.length <= 1);
    const absolute = await raw(w.port, text(good(), BODY, `POST http://evil.example/v1/payment/history HTTP/1.1`), { count: 1 });
    assert.ok(!absolute.bytes.toString().includes('evil'), 'a host in the request line is no host of a link');
  });

  it('paths are taken as they are', async () => {
    for (const path of ['/v1/payment/', '//v1/payment', '/v1//payment', '/V1/payment', '/v1/./payment', '/x/../v1/payment', '/v1/%70ayment',
      '/v1/payment%00', '/v1/payment;x', '/%2e%2e/etc/passwd', '/v1/payment/history/', `/${'x'.repeat(3000)}`]) {
      const { answers } = await raw(w.port, text(good(), BODY, `POST ${path} HTTP/1.1`), { count: 1 });
      assert.ok([404, 405].includes(answers[0].status), `${path}: ${answers[0].status}`);
    }
  });

  it('HEAD, TRACE, CONNECT and made-up methods are refused', async () => {
    for (const method of ['TRACE', 'CONNECT', 'FOO', 'post', 'PROPFIND']) {
      const { answers } = await raw(w.port, text(good(), BODY, `${method} /v1/payment/history HTTP/1.1`), { count: 1 });
      assert.ok([400, 405, 501].includes(answers[0].status), `${method}: ${answers[0].status}`);
    }
    const head = await request('HEAD', `${w.apiUrl}/v1/payment/history`);
    assert.equal(head.status, 405);
  });

  it('T67 a header of 1 MB is refused, and others are served meanwhile', async () => {
    const { answers, closed } = await raw(w.port, text([...good(), `X: ${'x'.repeat(1 << 20)}`]), { quiet: 3000 });
    assert.ok(answers.length <= 1 && answers.every((a) => [400, 413, 414, 431].includes(a.status)), `${answers[0]?.status}`);
    assert.ok(closed);
    const many = await raw(w.port, text([...good(), ...Array.from({ length: 2000 }, (_, i) => `X-${i}: y`)]), { quiet: 3000 });
    assert.ok(many.answers.every((a) => a.status >= 400));
    expectGood(await w.call('/v1/payment/history', '{}'));
  });

  it('T67 a body of 100 MB is refused before it is sent, and is not read by whom sends it all the same', async () => {
    const total = 100 * 1024 * 1024;
    const head = text([...without(good(), 'Content-Length'), `Content-Length: ${total}`], '');
    const { answers, closed } = await raw(w.port, head, { quiet: 5000 });
    expectError(answers[0], 413, ['body']);
    assert.ok(closed);
    const socket = net.connect(w.port, '127.0.0.1');
    const piece = Buffer.alloc(256 * 1024, 'x');
    let sent = 0;
    const ended = new Promise((resolve) => {
      socket.on('close', resolve);
      socket.on('error', () => {});
    });
    socket.write(head);
    const more = () => {
      while (!socket.destroyed && sent < total) {
        sent += piece.length;
        if (!socket.write(piece)) {
          return;
        }
      }
    };
    socket.on('drain', more);
    more();
    await Promise.race([ended, sleep(20000)]);
    assert.ok(socket.destroyed, 'the connection is closed');
    assert.ok(sent < total / 2, `${sent} bytes were taken`);
  });

  it('an Expect: 100-continue of a body too large is refused before it is sent', async () => {
    const { answers } = await raw(w.port, text([...without(good(), 'Content-Length'), 'Content-Length: 70000', 'Expect: 100-continue'], ''),
      { count: 1 });
    assert.equal(answers[0].status, 413);
    const small = await raw(w.port, undefined, { count: 2, pieces: async (socket) => {
      socket.write(text([...good(), 'Expect: 100-continue'], ''));
      await sleep(300);
      socket.write(BODY);
    } });
    assert.deepEqual(small.answers.map((a) => a.status), [100, 200]);
  });

  it('T67 slow requests and idle connections do not keep others from being served', async () => {
    const sockets = [];
    const open = (start) => new Promise((resolve, reject) => {
      const socket = net.connect(w.port, '127.0.0.1', () => {
        socket.write(start);
        resolve();
      });
      socket.on('error', reject);
      sockets.push(socket);
    });
    await parallel(Array.from({ length: 400 }), (_, i) => open(['', 'POST /v1', text(good(), '').slice(0, -2),
      text(good(), BODY.slice(0, 5))][i % 4]), 50);
    const drip = setInterval(() => sockets.forEach((s, i) => i % 4 === 2 && s.writable && s.write('X')), 100);
    const started = Date.now();
    await parallel(Array.from({ length: 60 }), () => w.create(), 8);
    const took = Date.now() - started;
    clearInterval(drip);
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${w.kassad.pid}/status`, 'utf8'))[1]);
    assert.ok(took < 10000, `60 creates took ${took} ms`);
    assert.ok(rss() < 1024 * 1024, `${rss()} KiB`);
    sockets.forEach((s) => s.destroy());
    await until(async () => (await w.metric('kassa_http_connections')) < 50, { what: 'the end of the idle connections' });
  });

  it('a body in single bytes is a body', async () => {
    const bytes = Buffer.from(text(good()));
    const { answers } = await raw(w.port, undefined, { count: 1, pieces: async (socket) => {
      socket.setNoDelay(true);
      for (const byte of bytes) {
        if (!socket.writable) {
          break;
        }
        socket.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
    } });
    expectGood(answers[0]);
  });

  it('keep-alive connections serve many calls', async () => {
    const agent = newAgent({ maxSockets: 1 });
    for (let i = 0; i < 50; i++) {
      expectGood(await w.call('/v1/payment/history', '{}', { agent }));
    }
    assert.equal(Object.values(agent.freeSockets).flat().length, 1, 'all over one connection');
    agent.destroy();
  });

  it('a client that leaves before its answer harms nobody, and its payment is there', async () => {
    const fields = w.account.fields();
    const body = JSON.stringify(fields);
    const before = (await w.history()).meta.total;
    await parallel(Array.from({ length: 20 }), (_, i) => new Promise((resolve) => {
      const other = body.replace(fields.order_id, `${fields.order_id}-${i}`);
      const socket = net.connect(w.port, '127.0.0.1', () => {
        socket.write(text(good(other), other, 'POST /v1/payment HTTP/1.1'), () => socket.resetAndDestroy());
      });
      socket.on('error', () => {});
      socket.on('close', resolve);
    }), 20);
    expectGood(await w.tryCreate());
    const after = (await w.history()).meta.total;
    assert.ok(after >= before + 1 && after <= before + 21);
    for (let i = 0; i < 20; i++) {
      const other = body.replace(fields.order_id, `${fields.order_id}-${i}`);
      expectGood(await w.call('/v1/payment', other), 'a retry is good, whether the first came through or not');
    }
    assert.equal((await w.history()).meta.total, before + 21);
  });

  it('answers of errors are JSON for programs wherever they come from', async () => {
    for (const path of ['/v2/payment', '/v1/payments', '/v1/payment/status/']) {
      const answer = await request('POST', `${w.apiUrl}${path}`, { headers: { 'Content-Type': 'application/json' }, body: '{}' });
      assert.ok(answer.status >= 400, path);
      assert.equal(typeof answer.json.errors, 'object', path);
    }
    const answer = await request('GET', `${w.apiUrl}/nothing/here`, { headers: { Accept: 'application/json' } });
    expectError(answer, 404, ['path']);
  });

  it('security headers and a request id are on every answer', async () => {
    for (const answer of [await w.call('/v1/payment/history', '{}'), await request('GET', `${w.apiUrl}/v1/x`)]) {
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.match(answer.headers['x-request-id'], /^[A-Za-z0-9_-]{22}$/);
      assert.equal(answer.headers.server, undefined);
    }
  });
});

const SLOW = { server: { header_timeout_s: 3, body_timeout_s: 3 } };
for (const [what, options] of [['HTTP', {}], ['TLS that kassad itself ends', { tls: true }]]) {
  suite(`slow peers over ${what}`, { ...options, config: SLOW, endpoint: false, purposes: ['payments'] }, (w) => {
    const BODY = '{"paginate":1}';
    const head = (length = BODY.length) => [`POST /v1/payment/history HTTP/1.1`, `Host: 127.0.0.1:${w.port}`,
      'Content-Type: application/json', `Account: ${w.account.uuid}`, `Sign: ${w.sign(BODY)}`, `Content-Length: ${length}`, '', ''].join('\r\n');

    /** A connection that keeps what it got. */
    const open = (connect) => new Promise((resolve, reject) => {
      const socket = connect();
      const peer = { socket, got: '', closed: false };
      peer.end = new Promise((done) => {
        socket.once('close', () => {
          peer.closed = true;
          done();
        });
      });
      socket.on('data', (d) => {
        peer.got += d;
      });
      socket.on('error', (error) => (peer.open ? undefined : reject(error)));
      socket.once(socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect', () => {
        peer.open = true;
        resolve(peer);
      });
    });
    const plain = () => net.connect(w.port, '127.0.0.1');
    const usual = () => (options.tls ? tls.connect({ port: w.port, host: '127.0.0.1', ca: fs.readFileSync(w.caFile) }) : plain());
    const answers = async (peer, n) => {
      await until(() => peer.closed || peer.got.split('HTTP/1.1 200').length > n, { what: `${n} answers` });
      assert.equal(peer.got.split('HTTP/1.1 200').length - 1, n, peer.got);
    };
    /** Sends a piece again and again until the server has closed; by then it has said nothing. */
    const dropped = async (peer, start, piece) => {
      const before = peer.got;
      peer.socket.write(start);
      const drip = setInterval(() => !peer.closed && peer.socket.write(piece), 100);
      await peer.end;
      clearInterval(drip);
      assert.equal(peer.got, before);
    };

    it('T67 headers and bodies that come a byte at a time without end lose their connection', { timeout: 60000 }, async () => {
      const before = await w.metric('kassa_http_too_slow_total');
      const chunked = head().replace(/Content-Length: .*\r\n/, 'Transfer-Encoding: chunked\r\n');
      const hello = Buffer.from('16030102000100', 'hex'); // how a TLS handshake begins
      const peers = [[plain, '', ''], [plain, hello, Buffer.from([1])], [usual, '', ''], [usual, '', 'P'], [usual, head().slice(0, -2), 'X'],
        [usual, head().slice(0, -2), 'X: y\r\n'], [usual, head(60000), 'x'], [usual, `${chunked}1;extension=`, 'y']];
      await Promise.all(peers.map(async ([connect, start, piece]) => dropped(await open(connect), start, piece)));
      assert.ok((await w.metric('kassa_http_too_slow_total')) > before);
      expectGood(await w.call('/v1/payment/history', '{}'));
    });

    it('T67 slow peers that end in time, and idle connections between calls, are served', async () => {
      const peer = await open(usual);
      peer.socket.setNoDelay(true);
      const bytes = head() + BODY;
      for (let n = 1; n <= 3; n++) {
        const step = Math.ceil(bytes.length / 8);
        for (let at = 0; at < bytes.length; at += step) {
          peer.socket.write(bytes.slice(at, at + step));
          await sleep(50);
        }
        await answers(peer, n);
        await sleep(n === 1 ? 5000 : 0); // longer than the times of headers and body
      }
      peer.socket.destroy();
    });
  });
}
