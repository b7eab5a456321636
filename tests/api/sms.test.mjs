// Phones that tell their SMS, as a forwarder and an operator meet them: signed by Node's own HMAC. Numbers and ids are made up.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { request } from './lib/http.mjs';

const text = (trxId, amount, balance) => `You have received Tk ${amount} from 01733333333. Fee Tk 0.00. Balance Tk ${balance}. `
  + `TrxID ${trxId} at 06/11/2026 12:00`;

suite('SMS', {}, (w) => {
  let number, device, stock;
  const as = (person, args) => w.cli.json(args, { env: { SUDO_USER: person } });
  const tell = (body, { key = device.key, id = device.id, at } = {}) => {
    const time = String(at ?? Math.floor(Date.now() / 1000));
    const bytes = JSON.stringify(body);
    return request('POST', `${w.apiUrl}/device`, { body: bytes, headers: {
      'Content-Type': 'application/json', 'Kassa-Device': String(id), 'Kassa-Time': time,
      'Kassa-Sign': crypto.createHmac('sha256', Buffer.from(key, 'hex')).update(`${time}.${bytes}`).digest('hex') } });
  };
  const results = (answer) => {
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text);
  };
  const received = async (trxId) => (await w.cli.json(['received', 'list'])).received.find((r) => r.trx_id === trxId);

  it('a number and its phones are added; the key is shown once', async () => {
    number = await w.cli.json(['number', 'add', 'bkash', '--number', '+8801711111111', '--kind', 'personal']);
    assert.equal(number.number, '01711111111');
    await assert.rejects(w.cli.run(['number', 'add', 'bkash', '--number', '01711111111', '--kind', 'personal']), /ended with 1/);
    await assert.rejects(w.cli.run(['number', 'add', 'bkash', '--number', '0171', '--kind', 'personal']), /ended with 2/);
    device = await w.cli.json(['device', 'add', '--name', 'shop', '--number', number.id]);
    stock = await w.cli.json(['device', 'add', '--name', 'old phone', '--number', `${number.id}=sim1`, '--stock']);
    assert.match(device.key, /^[0-9a-f]{64}$/);
    assert.ok(stock.url.startsWith(`${w.apiUrl}/device/${stock.id}-`));
    await assert.rejects(w.cli.run(['device', 'add', '--name', 'x', '--number', '99999999']), /no such number/);
    const shown = JSON.stringify(await w.cli.json(['device', 'list']));
    assert.ok(!shown.includes(device.key) && !shown.includes(stock.url.split('/device/')[1]));
  });

  it('S1 S7 a phone tells of money, again without effect', async () => {
    const body = { messages: [{ sender: 'bKash', text: text('DK61AAAAAA', '300.00', '300.00'), at: Date.now(), sim: 'sim1' }] };
    assert.equal(results(await tell(body)).credit, 1);
    assert.equal(results(await tell(body)).same, 1);
    const other = await request('POST', stock.url, { body: JSON.stringify({ from: 'bKash', text: body.messages[0].text, sim: 'sim1' }) });
    assert.equal(results(other).same, 1);
    const money = await received('DK61AAAAAA');
    assert.deepEqual([money.state, money.amount, money.payer], ['free', '300.00', '017******33']);
    assert.equal((await tell(body, { key: '00'.repeat(32) })).status, 401);
    assert.equal((await tell(body, { at: 1 })).status, 401);
  });

  it('S13 T25 what breaks the chain waits, until a person mends it', async () => {
    assert.equal(results(await tell({ messages: [{ sender: 'bKash', text: text('DK62AAAAAA', '5.00', '905.00') }] })).review, 1);
    assert.equal((await received('DK62AAAAAA')).state, 'review');
    assert.equal((await w.cli.json(['sms', 'list'])).sms.length, 1);
    await w.cli.run(['number', 'balance', number.id, '--balance', '900.00', '--reason', 'a text was lost']);
    assert.equal((await received('DK62AAAAAA')).state, 'free');
    assert.deepEqual((await w.cli.json(['sms', 'list'])).sms, []);
  });

  it('a pasted text pays an order when a second person confirms it', async () => {
    const file = path.join(w.dir, 'pasted.txt');
    fs.writeFileSync(file, `${text('DK63AAAAAA', '300.00', '1,205.00')}\n`);
    const pasted = await as('one', ['sms', 'paste', '--number', number.id, '--sender', 'bKash', '--file', file]);
    assert.equal(pasted.result, 'review');
    const money = await received('DK63AAAAAA');
    assert.equal(money.reason, 'pasted');
    const payment = await w.create({});
    await as('one', ['received', 'attach', money.id, '--payment', payment.id, '--reason', 'in the statement']);
    await assert.rejects(as('one', ['received', 'confirm', money.id, '--reason', 'mine']), /another person/);
    await assert.rejects(as('two', ['received', 'confirm', money.id, '--reason', 'of what?']), /--payment/);
    await as('two', ['received', 'confirm', money.id, '--payment', payment.id, '--reason', 'seen too']);
    const status = await w.status(payment);
    assert.equal(status.payment_status, 'paid');
    assert.equal(status.payment_amount, '300.00');
    assert.deepEqual((await w.cli.json(['received', 'list', '--payment', payment.id])).received.map((r) => r.state), ['claimed']);
    await w.audit();
  });

  it('a device that is disabled is refused', async () => {
    await w.cli.run(['device', 'disable', device.id]);
    assert.equal((await tell({ messages: [] })).status, 401);
    await w.cli.run(['device', 'enable', device.id]);
    assert.equal(results(await tell({ messages: [], synced: true })).credit, 0);
    const { devices } = await w.cli.json(['device', 'list']);
    assert.ok(devices.find((d) => d.id === device.id).synced_at);
  });

  it('money that is for no order is marked', async () => {
    const money = await received('DK62AAAAAA');
    await w.cli.run(['received', 'mark', money.id, '--reason', 'private']);
    assert.equal((await received('DK62AAAAAA')).state, 'marked');
    await w.audit();
  });
});
