// Small file systems that can be filled, in a mount namespace of the test's own: they are gone when it ends, however it ends.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const APART = 'KASSA_OWN_MOUNTS';

/** The file that calls this runs from here on in a mount namespace of its own, where the system allows that. */
export function ownMounts() {
  if (process.env[APART]) {
    return;
  }
  const tried = spawnSync('unshare', ['--mount', 'true']);
  if (tried.status !== 0) {
    return;
  }
  const again = spawnSync('unshare', ['--mount', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [APART]: '1' } });
  process.exit(again.status ?? 1);
}

/** Why nothing can be mounted here; undefined when it can. */
export function mountMissing() {
  return process.env[APART] ? undefined : 'a mount namespace of its own needs root';
}

export class SmallDisk {
  constructor(dir, size) {
    this.dir = dir;
    fs.mkdirSync(dir, { recursive: true });
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'kassa-test', dir], { encoding: 'utf8' });
    if (mounted.status !== 0) {
      throw new Error(`mount: ${mounted.stderr}`);
    }
    this.ballast = path.join(dir, 'ballast');
  }

  /** Takes all the room but `left` bytes. */
  fill(left = 0) {
    const piece = Buffer.alloc(65536, 1);
    const fd = fs.openSync(this.ballast, 'a');
    try {
      for (;;) {
        const room = this.room() - left;
        if (room <= 0) {
          break;
        }
        fs.writeSync(fd, piece, 0, Math.min(room, piece.length));
      }
    } catch (error) {
      if (error.code !== 'ENOSPC') {
        throw error;
      }
    } finally {
      fs.closeSync(fd);
    }
  }

  room() {
    const stat = fs.statfsSync ? fs.statfsSync(this.dir) : undefined;
    if (stat) {
      return stat.bavail * stat.bsize;
    }
    const df = spawnSync('df', ['--output=avail', '-B1', this.dir], { encoding: 'utf8' });
    return Number(df.stdout.split('\n')[1]);
  }

  free() {
    fs.rmSync(this.ballast, { force: true });
  }

  unmount() {
    spawnSync('umount', ['-l', this.dir]);
  }
}
