// Stands between a kassad and the database server, and is what goes wrong there: the server is away, or silent.
import net from 'node:net';
import { freePort } from '../../api/lib/process.mjs';

export class Relay {
  constructor() {
    const folder = new URL(process.env.KASSA_TEST_PG.replace('@/', '@x/')).searchParams.get('host');
    this.socket = `${folder}/.s.PGSQL.5432`;
    this.pairs = new Set();
    this.silent = false;
  }

  async start() {
    this.port = await freePort();
    await this.back();
    return this;
  }

  /** A store's address through this relay, or through several. */
  static url(store, ...relays) {
    const hosts = relays.map((r) => `127.0.0.1:${r.port}`).join(',');
    return store.replace(/@\/(\w+)\?.*$/, `@${hosts}/$1?sslmode=disable`);
  }

  url(store) {
    return Relay.url(store, this);
  }

  accept(client) {
    const server = net.connect(this.socket);
    const pair = [client, server];
    const over = () => {
      client.destroy();
      server.destroy();
      this.pairs.delete(pair);
    };
    this.pairs.add(pair);
    for (const [from, to] of [[client, server], [server, client]]) {
      from.on('data', (d) => to.write(d));
      from.on('error', over).on('close', over);
    }
    if (this.silent) {
      this.quieten(pair);
    }
  }

  quieten(pair) {
    for (const end of pair) {
      end.pause();
    }
  }

  /** Connections end, and further ones are refused. */
  async away() {
    const closed = new Promise((resolve) => { this.listener.close(resolve); });
    for (const pair of this.pairs) {
      for (const end of pair) {
        end.destroy();
      }
    }
    await closed;
  }

  async back() {
    if (this.listener?.listening) {
      return;
    }
    this.listener = net.createServer((client) => this.accept(client));
    await new Promise((resolve, reject) => {
      this.listener.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
  }

  /** Nothing comes through any more, and nobody is told. */
  hang() {
    this.silent = true;
    for (const pair of this.pairs) {
      this.quieten(pair);
    }
  }

  goOn() {
    this.silent = false;
    for (const pair of this.pairs) {
      for (const end of pair) {
        end.resume();
      }
    }
  }

  async stop() {
    if (this.listener?.listening) {
      await this.away();
    }
  }
}
