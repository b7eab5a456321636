// strace as the hand that makes system calls fail or kills at one: no hook in the programs themselves.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { sleep } from '../../api/lib/process.mjs';

/** Why strace can't be used here; undefined when it can. */
export function straceMissing() {
  // Some systems let a program be traced by its parents only.
  const tried = spawnSync('sh', ['-c', 'sleep 0.3 & strace -q -o /dev/null -p $!'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `strace can't trace here: ${tried.stderr.trim()}`;
}

export class Strace {
  /**
   * Attaches to a running program and to all its threads. `inject` is strace's: 'fdatasync:error=EIO', or
   * 'pwrite64:signal=KILL:when=3', which each thread counts for itself.
   */
  static async attach(pid, inject) {
    const s = new Strace();
    const calls = inject.split(':')[0];
    s.child = spawn('strace', ['-f', '-p', String(pid), '-o', '/dev/null', '-e', `trace=${calls}`, '-e', 'signal=none',
      '-e', `inject=${inject}`], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    s.ended = new Promise((resolve) => {
      s.child.once('exit', (code, signal) => resolve({ code, signal }));
      s.child.once('error', (error) => resolve({ error }));
    });
    let over;
    s.ended.then((end) => {
      over = end;
      clearInterval(s.watch);
    });
    s.watchEnd(pid);
    s.child.stderr.on('data', (d) => {
      said += d;
    });
    for (let waited = 0; !/attached/.test(said); waited += 5) {
      if (over || waited > 20000) {
        throw new Error(`strace does not attach: ${JSON.stringify(over)} ${said}`);
      }
      await sleep(5);
    }
    return s;
  }

  /** A tracer that misses its tracee's end, as was seen on busy machines, keeps that end from the parent: then it goes itself. */
  watchEnd(pid) {
    let dead = 0;
    this.watch = setInterval(() => {
      let status = '';
      try {
        status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
      } catch {
        // it is gone
      }
      dead = /^State:\s+Z/m.test(status) ? dead + 1 : 0;
      if (dead > 3) {
        this.child.kill('SIGKILL');
      }
    }, 500);
  }

  async detach() {
    this.child.kill('SIGINT');
    await this.ended;
  }
}
