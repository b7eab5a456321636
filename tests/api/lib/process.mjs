// Programs under test: started with their output in a file, ended by their own process id.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';

const running = new Set();
process.on('exit', () => {
  for (const child of running) {
    try {
      process.kill(child.pid, 'SIGKILL');
    } catch {
      // it has ended meanwhile
    }
  }
});
for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]]) {
  process.once(signal, () => process.exit(128 + number));
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls `fn` until it gives something that counts as true, and gives that. Throws `what` after `ms`. */
export async function until(fn, { ms = 15000, every = 20, what = 'what was waited for' } = {}) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await fn();
    if (found) {
      return found;
    }
    if (Date.now() > end) {
      throw new Error(`${what} did not come within ${ms} ms`);
    }
    await sleep(every);
  }
}

function bindable(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A free port of loopback. Below the range that the system gives to outgoing connections, so that it stays free. */
export async function freePort() {
  for (;;) {
    const port = 10000 + Math.floor(Math.random() * 22000);
    if (await bindable(port)) {
      return port;
    }
  }
}

const REPORT = /ERROR: (Address|Leak|Thread|Memory)Sanitizer|runtime error:|WARNING: ThreadSanitizer|SUMMARY: \w+Sanitizer/;

export class Program {
  /** `log` collects what it writes to stderr (and stdout), over several lives. */
  constructor(command, args, { log, env = {}, cwd }) {
    this.name = command.split('/').at(-1);
    this.log = log;
    const out = fs.openSync(log, 'a');
    this.child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', out, out] });
    fs.closeSync(out);
    this.pid = this.child.pid;
    running.add(this.child);
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        running.delete(this.child);
        this.end = { code: null, signal: null, error };
        resolve(this.end);
      });
      this.child.once('exit', (code, signal) => {
        running.delete(this.child);
        this.end = { code, signal };
        resolve(this.end);
      });
    });
  }

  text() {
    return fs.readFileSync(this.log, 'utf8');
  }

  /** Waits until `ready` gives something true; throws with the log when the program ends before that. */
  async ready(ready, ms = 30000) {
    await until(async () => {
      if (this.end) {
        throw new Error(`${this.name} ended while starting (${JSON.stringify(this.end)}):\n${this.text()}`);
      }
      return ready().catch(() => false);
    }, { ms, every: 30, what: `the start of ${this.name}` }).catch((error) => {
      throw new Error(`${error.message}\n${this.text().slice(-4000)}`);
    });
  }

  /** Ends it as an operator would. Throws unless it ends with 0 and without a sanitizer's report. */
  async stop(ms = 40000) {
    if (!this.end) {
      process.kill(this.pid, 'SIGTERM');
    }
    const timer = setTimeout(() => this.end || process.kill(this.pid, 'SIGKILL'), ms);
    const { code, signal } = await this.ended;
    clearTimeout(timer);
    this.check();
    if (code !== 0) {
      throw new Error(`${this.name} ended with ${signal ?? code}:\n${this.text().slice(-6000)}`);
    }
  }

  async kill9() {
    if (!this.end) {
      process.kill(this.pid, 'SIGKILL');
    }
    await this.ended;
    this.check();
  }

  /** Throws when a sanitizer has reported something in any of the log's lives. */
  check() {
    const text = this.text();
    const at = text.search(REPORT);
    if (at >= 0) {
      throw new Error(`a sanitizer's report in the log of ${this.name}:\n${text.slice(Math.max(0, at - 500), at + 8000)}`);
    }
  }
}

/** Runs a program to its end: {code, stdout, stderr}. */
export function run(command, args, { input, env = {}, cwd, ms = 60000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(child);
    const out = [];
    const err = [];
    const timer = setTimeout(() => process.kill(child.pid, 'SIGKILL'), ms);
    child.stdout.on('data', (d) => out.push(d));
    child.stderr.on('data', (d) => err.push(d));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      const stderr = Buffer.concat(err).toString();
      if (REPORT.test(stderr)) {
        reject(new Error(`a sanitizer's report of ${command} ${args.join(' ')}:\n${stderr}`));
      }
      resolve({ code: code ?? signal, stdout: Buffer.concat(out).toString(), stderr });
    });
  });
}
