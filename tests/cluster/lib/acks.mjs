// What was acknowledged, and when. From it follows what got lost, what was done twice, and how long nothing could be written.
export class Acks {
  times = [];
  names = new Map();

  add(name) {
    const now = Date.now();
    this.times.push(now);
    if (!this.names.has(name)) {
      this.names.set(name, now);
    }
  }

  /** The longest time without an acknowledgement between two moments, in seconds. */
  gap(from, to) {
    const within = this.times.filter((t) => t >= from && t <= to);
    const edges = [from, ...within, to];
    return Math.max(...edges.slice(1).map((t, i) => t - edges[i])) / 1000;
  }

  /** Of what was acknowledged between two moments: how many, and how many are not among `stored`, or twice. */
  judge(from, to, stored) {
    const count = new Map();
    stored.forEach((name) => count.set(name, (count.get(name) ?? 0) + 1));
    const mine = [...this.names].filter(([, at]) => at >= from && at < to).map(([name]) => name);
    return {
      acknowledged: mine.length,
      lost: mine.filter((name) => !count.has(name)).length,
      doubled: mine.filter((name) => count.get(name) > 1).length,
    };
  }
}
