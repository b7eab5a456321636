// Random choices that can be had again: KASSA_SEED=N gives the same ones. What the machine does between them is its own.
import crypto from 'node:crypto';

export const SEED = process.env.KASSA_SEED ?? String(crypto.randomInt(1, 2 ** 32));

export class Random {
  /** Each name has a row of choices of its own, whatever others take meanwhile. */
  constructor(name, seed = SEED) {
    this.state = crypto.createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE(0);
  }

  /** From 0 up to, not including, 1 (mulberry32). */
  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(share) {
    return this.next() < share;
  }

  /** One of [[weight, value], ...]. */
  pick(list) {
    let left = this.next() * list.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of list) {
      left -= weight;
      if (left < 0) {
        return value;
      }
    }
    return list.at(-1)[1];
  }
}
