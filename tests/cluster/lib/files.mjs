// The cluster's configuration: the files of dist/cluster, which operators copy, with the addresses and folders of a test.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../api/lib/process.mjs';

export const DIST = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../dist/cluster');
const PORTS = [2379, 2380, 5000, 5432, 8008, 8080, 9090];
const random = () => 2 + Math.floor(Math.random() * 250);

/** Where everything listens: machines of 10.0.0.x are at addresses of loopback nobody else uses, with ports of their own. */
export class Net {
  async choose() {
    this.prefix = `127.${random()}.${random()}.`;
    this.ports = new Map();
    for (const port of [80, ...PORTS]) {
      let free;
      do {
        free = await freePort();
      } while ([...this.ports.values()].includes(free));
      this.ports.set(port, free);
    }
    return this;
  }

  /** A text with the addresses of the files, such as '10.0.0.11:5432', with those of the test instead. */
  at(text) {
    return text
      .replaceAll('10.0.0.0/24', '127.0.0.0/8')
      .replaceAll(/(:|\bport )(\d{2,4})\b/g, (all, before, port) => (this.ports.has(Number(port)) ? before + this.ports.get(Number(port)) : all))
      .replaceAll('10.0.0.', this.prefix);
  }
}

/** A file of dist/cluster for a test. `swaps`: what else is written otherwise, [[from, to], ...]; each must be there. */
export function configOf(name, move, swaps) {
  let text = move(fs.readFileSync(path.join(DIST, name), 'utf8'));
  for (const [from, to] of swaps) {
    if (!text.includes(from)) {
      throw new Error(`${name} does not say ${JSON.stringify(from)} any more`);
    }
    text = text.replaceAll(from, to);
  }
  return text;
}
