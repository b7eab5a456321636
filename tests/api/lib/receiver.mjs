// A merchant's receiver: records every notification and answers as it is told.
import http from 'node:http';
import { until, sleep } from './process.mjs';

/**
 * An answer is {status, headers, body, delay, hang, reset, drip, endless} or a function (note, n) that gives one; `n` counts
 * the notifications of that path from 1.
 */
export class Receiver {
  constructor() {
    this.notes = [];
    this.answers = new Map();
    this.counts = new Map();
    this.open = new Set();
  }

  async start() {
    this.server = http.createServer((req, res) => this.take(req, res));
    this.server.on('connection', (socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
    });
    this.server.keepAliveTimeout = 1000;
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  take(req, res) {
    const chunks = [];
    req.on('error', () => {});
    res.on('error', () => {});
    req.on('data', (d) => chunks.push(d));
    req.on('end', () => {
      const [path, query] = req.url.split(/\?(.*)/s);
      const body = Buffer.concat(chunks);
      const note = {
        at: Date.now(),
        method: req.method,
        target: req.url,
        path,
        query: query ?? '',
        headers: req.headers,
        rawHeaders: req.rawHeaders,
        body,
        text: body.toString('utf8'),
      };
      const n = (this.counts.get(path) ?? 0) + 1;
      this.counts.set(path, n);
      this.notes.push(note);
      const told = this.answers.get(path);
      this.answer(res, (typeof told === 'function' ? told(note, n) : told) ?? {}).catch(() => res.destroy());
    });
  }

  async answer(res, { status = 200, headers = {}, body = 'OK', delay = 0, hang, reset, drip, endless }) {
    if (hang) {
      return;
    }
    if (delay) {
      await sleep(delay);
    }
    if (reset) {
      res.socket.resetAndDestroy();
      return;
    }
    res.writeHead(status, headers);
    if (endless) {
      const piece = Buffer.alloc(65536, 'x');
      const more = () => {
        while (!res.destroyed && res.write(piece));
      };
      res.on('drain', more);
      more();
    } else if (drip) {
      for (let i = 0; i < 10000 && !res.destroyed; i++) {
        res.write('x');
        await sleep(drip);
      }
      res.end();
    } else {
      res.end(body);
    }
  }

  /** How to answer what comes to `path` from now on. */
  on(path, answer) {
    this.answers.set(path, answer);
    return `${this.url}${path}`;
  }

  of(path) {
    return this.notes.filter((note) => note.path === path);
  }

  /** Waits until `count` notifications have come to `path`; gives them. */
  async wait(path, count = 1, ms = 15000) {
    await until(() => this.of(path).length >= count, { ms, what: `notification ${count} at ${path}` })
      .catch((error) => {
        throw new Error(`${error.message}; ${this.of(path).length} came`);
      });
    return this.of(path);
  }

  async stop() {
    for (const socket of this.open) {
      socket.destroy();
    }
    await new Promise((resolve) => this.server.close(resolve));
  }
}
