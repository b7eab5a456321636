// A number that payers send money to, and its phone. Numbers and ids are made up.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { request } from './http.mjs';

const DAY = { timeZone: 'Asia/Dhaka', hourCycle: 'h23' };
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

function dhaka(ms) {
  const parts = new Intl.DateTimeFormat('en-GB', { ...DAY, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit',
    minute: '2-digit', second: '2-digit' }).formatToParts(ms);
  return Object.fromEntries(parts.map((p) => [p.type, p.value]));
}

const taka = (n) => n.toFixed(2);

/** Amounts in taka; `end`: the last digits of the number that the money comes from. */
export const TEXTS = {
  bkash(amount, trxId, balance, ms, end = PAYERS.bkash) {
    const d = dhaka(ms);
    return `You have received Tk ${taka(amount)} from 01711111${end}. Fee Tk 0.00. Balance Tk ${taka(balance)}. TrxID ${trxId} `
      + `at ${d.day}/${d.month}/${d.year} ${d.hour}:${d.minute}`;
  },
  rocket(amount, trxId, balance, ms, end = PAYERS.rocket) {
    const d = dhaka(ms), hour = Number(d.hour);
    return `Tk${taka(amount)} received from A/C:***${end} Fee:Tk0, Your A/C Balance: Tk${taka(balance)} TxnId:${trxId} `
      + `Date:${d.day}-${MONTHS[d.month - 1]}-${d.year.slice(2)} ${String(hour % 12 || 12).padStart(2, '0')}:${d.minute}:${d.second} `
      + `${hour < 12 ? 'am' : 'pm'}. Download https://bit.ly/nexuspay`;
  },
  nagad(amount, trxId, balance, ms, end = PAYERS.nagad) {
    const d = dhaka(ms);
    return `Money Received.\nAmount: Tk ${taka(amount)}\nSender: 01811111${end}\nRef: N/A\nTxnID: ${trxId}\nBalance: Tk ${taka(balance)}\n`
      + `${d.day}/${d.month}/${d.year} ${d.hour}:${d.minute}`;
  },
};
/** The last digits of the number that the money comes from, as a payer types them. */
export const PAYERS = { bkash: '111', rocket: '515', nagad: '111' };
export const SENDERS = { bkash: 'bKash', rocket: '16216', nagad: 'NAGAD' };

/**
 * Adds a number of the wallet and a phone of it: {number, device, tell(amount, trxId, ms?)}. report tells without looking at what
 * became of it, send gives messages as they are; setBalance: the next SMS goes on from there. `now` is kassad's time where its clock is moved.
 */
export async function addNumber(w, wallet, number, kind = 'personal', now = Date.now) {
  const added = await w.cli.json(['number', 'add', wallet, '--number', number, '--kind', kind, '--balance', '1000.00']);
  const device = await w.cli.json(['device', 'add', '--name', `${wallet} phone ${number}`, '--number', added.id]);
  let balance = 1000;
  const report = async (messages, more = {}) => {
    const time = String(Math.floor(now() / 1000)), bytes = JSON.stringify({ messages, ...more });
    const answer = await request('POST', `${w.apiUrl}/device`, { body: bytes, headers: {
      'Content-Type': 'application/json', 'Kassa-Device': String(device.id), 'Kassa-Time': time,
      'Kassa-Sign': crypto.createHmac('sha256', Buffer.from(device.key, 'hex')).update(`${time}.${bytes}`).digest('hex') } });
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text);
  };
  return {
    id: added.id,
    number,
    device,
    send: report,
    alive: () => report([]),
    setBalance(taka) {
      balance = taka;
    },
    report(amount, trxId, ms = now()) {
      balance += amount;
      return report([{ sender: SENDERS[wallet], text: TEXTS[wallet](amount, trxId, balance, ms), at: ms, sim: 'sim1' }]);
    },
    async tell(amount, trxId, ms) {
      const answer = await this.report(amount, trxId, ms);
      assert.equal(answer.credit, 1, JSON.stringify(answer));
    },
  };
}
