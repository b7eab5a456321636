// A number's money as its wallet knows it, and the phone that tells of it: at once, late, twice, or with all of its inbox.
import { addNumber, SENDERS, TEXTS } from '../../api/lib/number.mjs';

const NUMBERS = { bkash: '01711111119', nagad: '01811111119', rocket: '017111111112' };
/** As `kassa number add` was told. */
const FIRST_BALANCE = 100000;
const LOOKALIKES = { bkash: 'bK4sh', nagad: 'NAGAD1', rocket: 'I62I6' };
const NONSENSE_BALANCE = 77777777;

/** The n-th TrxID of a story, as the wallet would write it. */
export function trxOf(wallet, n) {
  return { bkash: `DK61AA${1000 + n}`, nagad: `75HK${1000 + n}`, rocket: String(6606780000 + n) }[wallet];
}

export class Phone {
  /** `now` is kassad's time: a phone whose clock is another one's is not heard. */
  constructor(wallet, added, now) {
    Object.assign(this, { wallet, id: added.id, send: added.send, now });
  }

  static async add(w, wallet, now) {
    return new Phone(wallet, await addNumber(w, wallet, NUMBERS[wallet], 'personal', now), now);
  }

  begin() {
    this.balance = FIRST_BALANCE;
    this.received = [];
    this.given = new Map();
    this.outbox = [];
    this.inbox = [];
  }

  message(sender, { amount, trx, balance, end }) {
    const at = this.now();
    return { sender, text: TEXTS[this.wallet](amount / 100, trx, balance / 100, at, end), at, sim: 'sim1' };
  }

  /** Money comes, in poisha. `reference`: what its payer wrote, for others to read as TrxID. */
  receive({ trx, amount, end, reference }) {
    this.balance += amount;
    const message = this.message(SENDERS[this.wallet], { amount, trx, balance: this.balance, end });
    if (reference) {
      message.text = this.injected(message.text, reference);
    }
    const one = { trx, amount, end, message, balance: this.balance, at: message.at, unread: Boolean(reference),
      typed: new Set(), perhaps: new Set(), waited: new Set() };
    this.received.push(one);
    this.inbox.push(message);
    return one;
  }

  give({ trx, amount }) {
    this.balance -= amount;
    this.given.set(trx, amount);
  }

  injected(text, trx) {
    const [before, label] = { bkash: [' Fee', ` Ref TrxID ${trx}.`], rocket: [' Fee:', ` Ref No: TxnId:${trx}`], nagad: ['N/A', `TxnID: ${trx}`] }[this.wallet];
    return this.wallet === 'nagad' ? text.replace(before, label) : text.replace(before, `${label}${before}`);
  }

  /** What was not answered is told again with the next one. */
  async flush(more) {
    const messages = this.outbox.slice(0, 100);
    const answer = await this.send(messages, more);
    this.outbox.splice(0, messages.length);
    return answer;
  }

  tell(one) {
    one.told = true;
    if (!this.outbox.includes(one.message)) {
      this.outbox.push(one.message);
    }
    return this.flush();
  }

  /** Looks through its inbox, in no order that anybody could rely on. */
  sync(backwards) {
    this.outbox = backwards ? [...this.inbox].reverse() : [...this.inbox];
    this.received.forEach((one) => { one.told = true; });
    return this.flush({ synced: true });
  }

  /** What others make a phone tell. Nobody's money. */
  lie(kind, { trx, amount, end }) {
    const of = { trx, amount, balance: NONSENSE_BALANCE, end };
    const sender = { stranger: '01716216111', lookalike: LOOKALIKES[this.wallet] }[kind] ?? SENDERS[this.wallet];
    return this.send([this.message(sender, of)]);
  }
}
