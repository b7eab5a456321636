// Stories of money: a seed chooses a dozen payments and all that happens to them, and in the end every taka is where the books say.
//   KASSA_SEEDS=N   how many seeds, 200 unless told, from KASSA_SEED on (1 unless told)
import { after, describe, it } from 'node:test';
import { checkMoney, decide, refund, rest } from './lib/money.mjs';
import { catchUp, stealClaimed } from './lib/sent.mjs';
import { Stage } from './lib/stage.mjs';
import { Play, storyOf } from './lib/story.mjs';

const FIRST = Number(process.env.KASSA_SEED ?? 1);
const COUNT = Number(process.env.KASSA_SEEDS ?? (process.env.KASSA_SEED ? 1 : 200));
/** A story waits for wallets that do not answer, and for kassad's own rounds. */
const AT_ONCE = 6;

async function tell(stage, play) {
  await play.run();
  if (play.story.lateSync) {
    await rest(play);
  }
  await catchUp(play);
  await stealClaimed(play);
  await rest(play);
  await stage.w.sim.clearFaults();
  await decide(play);
  for (const n of [0, 1]) {
    await refund(play, n);
    await rest(play);
  }
  return checkMoney(play);
}

describe('stories of money', { concurrency: AT_ONCE }, () => {
  const all = [];
  const free = [];
  // One after the other: each makes a dozen of keys.
  let building = Promise.resolve();
  // Together, because their worlds share the connections' agent.
  after(() => Promise.all(all.map((stage) => stage.discard())), { timeout: 60000 });
  async function stageFor() {
    const stage = free.pop();
    if (stage) {
      return stage;
    }
    const made = new Stage();
    all.push(made);
    building = building.catch(() => {}).then(() => made.start());
    return building;
  }
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    it(`every taka is where the books say, seed ${seed}`, { timeout: 240000 }, async (t) => {
      const stage = await stageFor();
      let play;
      try {
        await stage.begin();
        play = new Play(stage, storyOf(seed));
        t.diagnostic(await tell(stage, play));
        await stage.end();
        free.push(stage);
      } catch (error) {
        error.message += `\nagain: KASSA_SEED=${seed} KASSA_BUILD=$PWD/build node --test tests/torture/seeds.test.mjs` +
          `\nsteps done:\n${play?.log.join('\n')}`;
        throw error;
      }
    });
  }
});
