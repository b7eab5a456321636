// Who may call: certificates, signatures, the order of checks.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { expectError, expectGood, expectInvalid } from './lib/expect.mjs';
import { suite } from './lib/harness.mjs';
import { raw, request } from './lib/http.mjs';
import { until } from './lib/process.mjs';

const HASHES = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
};

/** A signature over a block that is put together by hand. */
function forge(key, block) {
  const size = key.asymmetricKeyDetails.modulusLength / 8;
  assert.equal(block.length, size);
  return crypto.privateEncrypt({ key, padding: crypto.constants.RSA_NO_PADDING }, block).toString('base64');
}

function digestInfo(hash, body) {
  return Buffer.concat([Buffer.from(HASHES[hash], 'hex'), crypto.createHash(hash).update(body).digest()]);
}

const filled = (size, ...parts) => {
  const tail = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(size - 3 - tail.length, 0xff), Buffer.from([0]), tail]);
};

suite('authentication', { endpoint: false }, (w) => {
  const status = (options) => w.call('/v1/payment/history', '{}', options);
  const bodies = new Set();
  const refused = (answer, what) => {
    const body = expectError(answer, 401, ['sign'], what);
    bodies.add(answer.text);
    return body;
  };

  it('T1 a call without Sign is refused', async () => {
    const body = JSON.stringify(w.account.fields());
    const before = (await w.history()).meta.total;
    const { Sign, ...headers } = w.account.headers(body);
    assert.ok(Sign);
    refused(await request('POST', `${w.apiUrl}/v1/payment`, { headers, body }), 'no Sign');
    assert.equal((await w.history()).meta.total, before, 'nothing was stored');
  });

  it('a call without Account, or with an unknown or unreadable one, is refused', async () => {
    const body = '{}';
    const { Account, ...headers } = w.account.headers(body);
    assert.ok(Account);
    refused(await request('POST', `${w.apiUrl}/v1/payment/history`, { headers, body }), 'no Account');
    for (const account of [crypto.randomUUID(), 'x', '', `${w.account.uuid}0`, w.account.uuid.replaceAll('-', ''),
      `{${w.account.uuid}}`, '00000000-0000-0000-0000-000000000000', "' OR 1=1 --", '../../etc/passwd']) {
      refused(await status({ account }), `account ${account}`);
    }
  });

  it('T6 an undecodable or wrong Sign is refused', async () => {
    const good = w.sign('{}');
    for (const sign of ['', 'x', '====', '!!!!', good.slice(0, -4), good.slice(4), good.replace(/=+$/, ''), `${good}=`,
      `${good}AAAA`, good.replace(/^(.{10})/, '$1 '), good.toLowerCase(), good.replaceAll('+', '-').replaceAll('/', '_'),
      Buffer.alloc(256).toString('base64'), Buffer.alloc(256, 0xff).toString('base64'), Buffer.alloc(255, 1).toString('base64'),
      Buffer.alloc(257, 1).toString('base64'), Buffer.alloc(4000, 1).toString('base64'), 'A'.repeat(4),
      Buffer.from(good, 'base64').toString('hex')]) {
      if (sign !== good) {
        refused(await status({ sign }), `sign ${sign.slice(0, 30)} of ${sign.length}`);
      }
    }
  });

  it('T2 one changed byte of the body is refused', async () => {
    const body = JSON.stringify(w.account.fields());
    const sign = w.sign(body);
    for (const changed of [body.replace('300.00', '300.01'), `${body} `, ` ${body}`, body.replace('}', ',"a":1}')]) {
      refused(await w.call('/v1/payment', changed, { sign }), changed);
    }
    expectGood(await w.call('/v1/payment', body, { sign }));
  });

  it('Account in upper case and Sign with blanks around it are good', async () => {
    expectGood(await status({ account: w.account.uuid.toUpperCase() }));
    expectGood(await status({ sign: `  ${w.sign('{}')}\t ` }));
    expectGood(await status({ account: ` ${w.account.uuid} ` }));
  });

  it('SHA-1 and SHA-256 are good, whatever the account signs with', async () => {
    for (const digest of ['sha1', 'sha256']) {
      expectGood(await status({ digest }), digest);
    }
  });

  it('T7 other digests are refused', async () => {
    for (const digest of ['sha512', 'sha384', 'sha224', 'md5', 'ripemd160', 'sha3-256', 'sha512-256']) {
      let sign;
      try {
        sign = w.sign('{}', { digest });
      } catch {
        continue; // this OpenSSL does not offer it
      }
      refused(await status({ sign }), digest);
    }
    const { key } = w.certs.payments;
    const pss = crypto.sign('sha256', Buffer.from('{}'), { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING });
    refused(await status({ sign: pss.toString('base64') }), 'PSS');
  });

  it('T7 forged paddings are refused', async () => {
    const { key } = w.certs.payments;
    const size = key.asymmetricKeyDetails.modulusLength / 8;
    for (const hash of ['sha1', 'sha256']) {
      const info = digestInfo(hash, '{}');
      expectGood(await status({ sign: forge(key, filled(size, info)) }), 'the same, unforged');
      const short = Buffer.alloc(size - 11 - info.length, 0x41);
      const cases = {
        'garbage behind the digest': Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 0xff), Buffer.from([0]), info, short]),
        'garbage before the digest': filled(size, Buffer.from('deadbeef', 'hex'), info),
        'block type 2': Buffer.concat([Buffer.from([0, 2]), filled(size, info).subarray(2)]),
        'block type 0': Buffer.concat([Buffer.from([0, 0]), Buffer.alloc(size - 2 - info.length), info]),
        'a hole in the filling': (() => {
          const block = filled(size, info);
          block[20] = 0xfe;
          return block;
        })(),
        'no zero before the digest': Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(size - 2 - info.length, 0xff), info]),
        'no parameters in the DigestInfo': filled(size, Buffer.from(hash === 'sha1' ? '301f300706052b0e03021a0414'
          : '302f300b0609608648016503040201' + '0420', 'hex'), crypto.createHash(hash).update('{}').digest()),
        'the bare digest': filled(size, crypto.createHash(hash).update('{}').digest()),
        'another body': filled(size, digestInfo(hash, '[]')),
        'one byte more of digest': filled(size, info, Buffer.from([0])),
        'one byte less of digest': filled(size, info.subarray(0, -1)),
      };
      for (const [what, block] of Object.entries(cases)) {
        refused(await status({ sign: forge(key, block) }), `${hash}: ${what}`);
      }
    }
    const swapped = Buffer.concat([Buffer.from(HASHES.sha256, 'hex'), crypto.createHash('sha1').update('{}').digest()]);
    refused(await status({ sign: forge(key, filled(size, swapped)) }), 'SHA-1 named as SHA-256');
  });

  it("T3 another merchant's certificate is refused, both ways", async () => {
    const other = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const { key } = other.certs.payments;
    refused(await status({ key }), "the other's key with our Account");
    refused(await status({ account: other.uuid }), "our key with the other's Account");
    expectGood(await other.call('/v1/payment/history', '{}'));
  });

  it('a payouts certificate is refused for payment calls', async () => {
    for (const call of ['', '/status', '/history']) {
      refused(await w.call(`/v1/payment${call}`, '{}', { key: w.certs.payouts.key }), call);
    }
  });

  it('T12 a captured call shows nothing of another merchant', async () => {
    const payment = await w.create();
    const other = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const body = JSON.stringify({ id: payment.id });
    refused(await w.call('/v1/payment/status', body, { account: other.uuid }), 'replayed under another Account');
    expectInvalid(await other.call('/v1/payment/status', body), ['id']);
    expectInvalid(await other.call('/v1/payment/status', { order_id: payment.order_id }), ['order_id']);
    assert.equal((await other.history()).meta.total, 0);
  });

  it('T5 while certificates overlap both are good, after that only the new one', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const old = account.certs.payments;
    const fresh = await w.addCert(account, 'payments', ['--overlap', '2']);
    const call = (cert) => account.call('/v1/payment/history', '{}', { key: cert.key });
    await until(async () => (await call(fresh)).status === 200, { ms: 5000, what: 'the new certificate' });
    expectGood(await call(old), 'the old one in the overlap');
    await w.clock.advance(2 * 3600 - 60);
    expectGood(await call(old), 'the old one a minute before its end');
    await w.clock.advance(61);
    refused(await call(old), 'the old one after the overlap');
    expectGood(await call(fresh), 'the new one');
  });

  it('T4 a revoked certificate is refused within a second or so', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    expectGood(await account.call('/v1/payment/history', '{}'));
    await w.revoke(account.certs.payments);
    await until(async () => (await account.call('/v1/payment/history', '{}')).status === 401,
      { ms: 3000, what: 'the refusal of a revoked certificate' });
    refused(await account.call('/v1/payment/history', '{}'), 'revoked');
    // an operator sees that it is still being used
    await until(async () => (await w.cli.json(['cert', 'list', '--account', account.uuid])).certificates
      .some((cert) => cert.id === account.certs.payments.id && cert.revoked_at && cert.refused_at),
    { ms: 10000, every: 200, what: 'the time of the last refused use' });
  });

  it('T7 a public key is imported only if it is strong', async () => {
    const account = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    const make = (modulusLength, publicExponent = 65537) => crypto.generateKeyPairSync('rsa', { modulusLength, publicExponent });
    const file = path.join(w.dir, 'import.pem');
    const attempt = (pem) => {
      fs.writeFileSync(file, pem);
      return w.tryImport(account, 'payments', file);
    };
    const pem = (pair) => pair.publicKey.export({ type: 'spki', format: 'pem' });
    const ec = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cases = { '1024 bit': pem(make(1024)), 'exponent 3': pem(make(2048, 3)), 'an EC key': pem(ec), 'no PEM': 'hello',
      'an empty file': '', 'a private key': make(2048).privateKey.export({ type: 'pkcs8', format: 'pem' }) };
    for (const [what, text] of Object.entries(cases)) {
      const result = await attempt(text);
      assert.notEqual(result.code, 0, what);
      assert.ok(result.stderr.length > 0, `${what}: it says why`);
    }
    const pair = make(3072);
    const result = await attempt(pem(pair));
    assert.equal(result.code, 0, result.stderr);
    await until(async () => (await account.call('/v1/payment/history', '{}', { key: pair.privateKey })).status === 200,
      { ms: 5000, what: 'the imported key' });
  });

  it('T13 every refusal has the same body, which tells nothing', () => {
    assert.equal(bodies.size, 1, [...bodies].join('\n'));
    const [text] = bodies;
    assert.ok(!text.includes(w.account.uuid));
    assert.deepEqual(Object.keys(JSON.parse(text).errors), ['sign']);
  });

  /** RSA operations, and the sum of their sizes, of one call. */
  const cost = async (call) => {
    const read = () => Promise.all(['', '_bits'].map(async (what) =>
      w.metric(what ? 'kassa_rsa_verification_bits_total' : 'kassa_rsa_verifications_total')));
    const [operations, bits] = await read();
    await call();
    const [operationsAfter, bitsAfter] = await read();
    return { operations: operationsAfter - operations, bits: bitsAfter - bits };
  };

  it('T13 a refused call costs the RSA operation of a good one, whatever was wrong', async () => {
    const sign = w.sign('[]');
    const alike = async (call, what) => assert.deepEqual(await cost(call), { operations: 1, bits: 2048 }, what);
    await alike(() => status({ sign }), 'a wrong signature');
    await alike(() => status({ account: crypto.randomUUID(), sign }), 'an unknown account');
    await alike(() => status({ account: 'no-uuid', sign }), 'an unreadable account');
    await alike(() => status({ sign: 'AAAA' }), 'a signature of a length that no key has');
    await alike(() => status({ sign: '%%%' }), 'no base64');
    assert.deepEqual(await cost(() => w.call('/v1/payment/history', {})), { operations: 1, bits: 2048 }, 'a good call');
  });

  it('T13 a signature costs the same for every account, whatever keys it has and whether it exists', async () => {
    const withKeys = async (...sizes) => {
      const account = await w.addAccount({ endpoint: false, purposes: ['payments'] });
      await w.revoke(account.certs.payments);
      for (const modulusLength of sizes) {
        const pair = crypto.generateKeyPairSync('rsa', { modulusLength });
        const file = path.join(w.dir, `${modulusLength}.pem`);
        fs.writeFileSync(file, pair.publicKey.export({ type: 'spki', format: 'pem' }));
        const result = await w.tryImport(account, 'payments', file);
        assert.equal(result.code, 0, result.stderr);
        await until(async () => (await account.call('/v1/payment/history', '{}', { key: pair.privateKey })).status === 200,
          { ms: 5000, what: `the key of ${modulusLength} bits` });
      }
      return account.uuid;
    };
    const accounts = { unknown: crypto.randomUUID(), none: await withKeys(), 2048: await withKeys(2048), 3072: await withKeys(3072),
      4096: await withKeys(4096), 2056: await withKeys(2056), two: await withKeys(2048, 2048), both: await withKeys(2048, 4096) };
    for (const bytes of [255, 256, 257, 300, 384, 512, 513]) {
      const sign = crypto.randomBytes(bytes).toString('base64');
      const bits = 8 * (bytes < 256 || bytes > 512 ? 256 : bytes);
      for (const [what, account] of Object.entries(accounts)) {
        const operations = what === 'two' && bytes === 256 ? 2 : 1; // certificates that overlap are all tried
        assert.deepEqual(await cost(async () => refused(await status({ account, sign }), what)), { operations, bits: operations * bits },
          `${bytes} bytes, an account: ${what}`);
      }
    }
  });

  it('T14 no header chooses the identity or the host of a link', async () => {
    const headers = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-For': '198.51.100.1',
      Forwarded: 'host=evil.example', 'X-User': 'admin', 'X-Original-URL': '/admin', 'X-Forwarded-Proto': 'https' };
    const answer = await w.call('/v1/payment', w.account.fields(), { headers });
    assert.ok(expectGood(answer).url.startsWith(`${w.payUrl}/`), answer.text);
    assert.ok(!answer.text.includes('evil'));
    const listed = await w.call('/v1/payment/history', '{}', { headers });
    assert.ok(listed.json.links.first.startsWith(`${w.apiUrl}/`), listed.text);
    const other = await w.addAccount({ endpoint: false, purposes: ['payments'] });
    refused(await w.call('/v1/payment/history', '{}', { account: other.uuid, headers: { ...headers,
      'X-Account': w.account.uuid } }), 'X-Account');
  });

  // ---- the order of checks ----

  const rawRequest = (line, headers, body = '') => raw(w.port, `${line}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
  const one = async (line, headers, body) => (await rawRequest(line, headers, body)).answers[0];

  it('malformed headers come before an unknown path', async () => {
    expectError(await one('POST /v1/nothing HTTP/1.1', ['Host: h', 'Account: a', 'Account: a', 'Content-Length: 0']), 400,
      ['header']);
  });

  it('an unknown path comes before the method', async () => {
    expectError(await request('DELETE', `${w.apiUrl}/v1/nothing`), 404, ['path']);
  });

  it('the method comes before the content type, and Allow names the right one', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await request(method, `${w.apiUrl}/v1/payment`, { headers: { 'Content-Type': 'text/plain' } });
      expectError(answer, 405, ['method'], method);
      assert.equal(answer.headers.allow, 'POST');
    }
  });

  it('the content type comes before the size', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json', '']) {
      expectError(await w.call('/v1/payment', 'x'.repeat(70000), { type }), 415, ['content_type'], type);
    }
    const body = 'x'.repeat(70000);
    const { 'Content-Type': type, ...headers } = w.account.headers(body);
    assert.ok(type);
    expectError(await request('POST', `${w.apiUrl}/v1/payment`, { headers, body }), 415, ['content_type'], 'no type');
  });

  it('JSON with parameters and in any case is JSON', async () => {
    for (const type of ['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'Application/JSON',
      'application/json ; v=1']) {
      expectGood(await status({ type }), type);
    }
  });

  it('the size comes before the signature', async () => {
    expectError(await w.call('/v1/payment', 'x'.repeat(65537), { sign: 'x' }), 413, ['body']);
  });

  it('the signature comes before the body', async () => {
    for (const body of ['', '{', '[]', '{"amount":', Buffer.from([0xff, 0xfe])]) {
      refused(await w.call('/v1/payment', body, { sign: w.sign('other') }), String(body));
    }
  });

  it('the body comes before its fields', async () => {
    expectError(await w.call('/v1/payment', '{"amount":0,"amount":0}'), 400, ['body']);
  });

  it('all fields come at once, and before a taken order', async () => {
    const payment = await w.create();
    expectInvalid(await w.call('/v1/payment', { ...w.account.fields(), order_id: payment.order_id, amount: 0, lifetime: 1 }),
      ['amount', 'lifetime']);
    expectInvalid(await w.tryCreate({ order_id: payment.order_id, amount: '300.01' }), ['order_id']);
  });
});
