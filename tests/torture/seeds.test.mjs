// Stories of money: a seed chooses a dozen payments and all that happens to them, and in the end every taka is where the books say.
//   KASSA_SEEDS=N   how many seeds, 5 unless told, from KASSA_SEED on (1 unless told)
import { after, describe, it } from 'node:test';
import { World } from '../api/lib/harness.mjs';
import { Nagad, SIM_ARGS } from '../api/lib/nagad.mjs';
import { checkMoney, decide, refund, rest } from './lib/money.mjs';
import { Play, storyOf } from './lib/story.mjs';

const FIRST = Number(process.env.KASSA_SEED ?? 1);
const COUNT = Number(process.env.KASSA_SEEDS ?? (process.env.KASSA_SEED ? 1 : 5));

/** Most of a story's time is waiting. */
const AT_ONCE = 3;

const OPTIONS = {
  feePercent: '1.5',
  purposes: ['payments', 'notifications'],
  simArgs: [...SIM_ARGS, '--fsync', 'no', '--hourly-block', 'no'],
  config: {
    wallet: { timeout_ms: 1500, connect_timeout_ms: 500, token_budget_per_hour: 1000 },
    notify: { timeout_ms: 800, connect_timeout_ms: 500 },
  },
};

async function tell(w, play) {
  await play.run();
  await rest(play);
  await w.sim.clearFaults();
  await decide(play);
  for (const n of [0, 1]) {
    await refund(play, n);
    await rest(play);
  }
  return checkMoney(play);
}

describe('stories of money', { concurrency: AT_ONCE }, () => {
  const worlds = [];
  // Together, because the worlds share their connections' agent.
  after(() => Promise.all(worlds.map((w) => w.discard())), { timeout: 60000 });
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    it(`every taka is where the books say, seed ${seed}`, { timeout: 240000 }, async (t) => {
      const w = new World();
      worlds.push(w);
      let play;
      try {
        await w.start(OPTIONS);
        play = new Play(w, await new Nagad(w).start(), storyOf(seed));
        t.diagnostic(await tell(w, play));
        await w.kassad.stop();
        await w.simProgram.stop();
      } catch (error) {
        error.message += `\nagain: KASSA_SEED=${seed} KASSA_BUILD=$PWD/build node --test tests/torture/seeds.test.mjs` +
          `\nsteps done:\n${play?.log.join('\n')}`;
        throw error;
      }
    });
  }
});
