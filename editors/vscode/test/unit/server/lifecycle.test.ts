import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverFailure } from '../../../src/server/failures.ts';
import { GIVEN_UP, type Life, Lifecycle } from '../../../src/server/lifecycle.ts';
import type { PiError } from '../../../src/server/pi.ts';

/** A life whose end a test decides; one that lingers also ends no sooner after it was told to. */
class Mayfly implements Life {
  readonly ended: Promise<string>;
  readonly number: number;
  readonly #lingers: boolean;
  stopped = false;
  die: (how: string) => void = () => undefined;

  constructor(number: number, lingers = false) {
    this.number = number;
    this.#lingers = lingers;
    this.ended = new Promise((resolve) => {
      this.die = resolve;
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (!this.#lingers) this.die('it was told to');
    await this.ended;
  }
}

/** Everything around a life cycle, by hand: launches wait until a test lets them go on. */
class World {
  readonly said: string[] = [];
  readonly lives: Mayfly[] = [];
  readonly waits: number[] = [];
  readonly launches: ((outcome: PiError | 'up') => void)[] = [];
  readonly recovering: boolean[] = [];
  now = 0;
  lingering = false;
  readonly cycle = new Lifecycle<Mayfly>({
    launch: (signal, recovering) => this.#launch(signal, recovering),
    wait: (ms) => {
      this.waits.push(ms);
      return Promise.resolve();
    },
    now: () => this.now,
    changed: (phase, reason) => this.said.push(reason ? `${phase}: ${reason}` : phase),
    crashed: (how, again) => this.said.push(`crashed (${how}), ${again ? 'again' : 'given up'}`),
  });

  #launch(signal: AbortSignal, recovering: boolean): Promise<Mayfly> {
    this.recovering.push(recovering);
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      this.launches.push((outcome) => {
        if (outcome !== 'up') return reject(outcome);
        const life = new Mayfly(this.lives.length + 1, this.lingering);
        this.lives.push(life);
        resolve(life);
      });
    });
  }

  /** The launch of that number, once it has begun */
  async launched(number: number): Promise<(outcome: PiError | 'up') => void> {
    for (let turns = 0; turns < 100; turns += 1) {
      const launch = this.launches[number - 1];
      if (launch) return launch;
      await Promise.resolve();
    }
    throw new Error(`launch ${number} never began`);
  }

  /** Asked for, and there */
  begin(): Promise<Mayfly> {
    void this.cycle.live();
    return this.up(1);
  }

  async up(number: number): Promise<Mayfly> {
    (await this.launched(number))('up');
    return this.cycle.live();
  }
}

const missing = serverFailure('server_missing', 'There is none');
const misconfigured = serverFailure('server_misconfigured', 'A setting is wrong');
const broken = serverFailure('server_failed', 'It is broken');

test('it starts when it is asked for, once for all who ask', async () => {
  const world = new World();
  assert.equal(world.cycle.active, false);
  const asked = [world.cycle.live(), world.cycle.live()];
  await world.up(1);
  assert.deepEqual(
    (await Promise.all(asked)).map(({ number }) => number),
    [1, 1],
  );
  assert.equal((await world.cycle.live()).number, 1);
  assert.equal(world.launches.length, 1);
  assert.deepEqual(world.said, ['starting', 'running']);
});

test('one that cannot be started is tried again when it is asked for again', async () => {
  const world = new World();
  for (const [number, failure, phase] of [
    [1, missing, 'missing: There is none'],
    [2, broken, 'failed: It is broken'],
    [3, misconfigured, 'misconfigured: A setting is wrong'],
  ] as const) {
    const asked = world.cycle.live();
    (await world.launched(number))(failure);
    await assert.rejects(asked, failure);
    assert.equal(world.said.at(-1), phase);
  }
  assert.equal(world.cycle.active, false);
});

test('two restarts at once: one process, and both are told', async () => {
  const world = new World();
  const first = await world.begin();
  const restarts = [world.cycle.restart(), world.cycle.restart(), world.cycle.restart()];
  const fresh = await world.up(2);
  assert.deepEqual(await Promise.all(restarts), [fresh, fresh, fresh]);
  assert.equal(first.stopped, true);
  assert.equal(fresh.stopped, false);
  assert.equal(world.lives.length, 2);
});

test('a restart while one is being started begins that start anew, for everybody who waits', async () => {
  const world = new World();
  const asked = world.cycle.live();
  await world.launched(1);
  const restarted = world.cycle.restart();
  const life = await world.up(2);
  assert.deepEqual(await Promise.all([asked, restarted]), [life, life]);
  assert.equal(world.lives.length, 1);
});

test('a stop while one is being started ends that, and tells those who wait', async () => {
  const world = new World();
  const asked = world.cycle.live();
  await world.launched(1);
  const refused = assert.rejects(asked, { code: 'server_stopped', action: 'retry' });
  await world.cycle.stop();
  await refused;
  assert.equal(world.said.at(-1), 'stopped');
  assert.equal(world.cycle.active, false);
});

test('whoever hears that one starts, and asks for something at once, means that start', async () => {
  type Ask = (cycle: Lifecycle<Mayfly>) => Promise<unknown>;
  const rows: [ask: string, Ask, launches: number, said: string[]][] = [
    ['live', (cycle) => cycle.live(), 1, ['starting', 'running']],
    ['restart', (cycle) => cycle.restart(), 1, ['starting', 'starting', 'running']],
    ['stop', (cycle) => cycle.stop(), 0, ['starting', 'stopped']],
  ];
  for (const [name, ask, launches, said] of rows) {
    const heard: string[] = [];
    let launched = 0;
    let asked: Promise<unknown> | undefined;
    const cycle = new Lifecycle<Mayfly>({
      launch: async () => {
        launched += 1;
        return new Mayfly(launched);
      },
      wait: () => Promise.resolve(),
      now: () => 0,
      changed: (phase) => {
        heard.push(phase);
        if (heard.length === 1) asked = ask(cycle).catch(() => undefined);
      },
      crashed: () => undefined,
    });
    const begun = cycle.live();
    if (launches) assert.equal(await begun, cycle.life, name);
    else await assert.rejects(begun, { code: 'server_stopped' }, name);
    await asked;
    assert.deepEqual([launched, heard], [launches, said], name);
  }
});

test('a life that comes too late is let go', async () => {
  const world = new World();
  const late = new Mayfly(1);
  const cycle = new Lifecycle<Mayfly>({
    launch: async () => {
      void cycle.stop();
      return late;
    },
    wait: () => Promise.resolve(),
    now: () => 0,
    changed: (phase) => world.said.push(phase),
    crashed: () => undefined,
  });
  await assert.rejects(cycle.live(), { code: 'server_stopped' });
  assert.equal(late.stopped, true);
  assert.equal(cycle.life, undefined);
});

test('a stop is no crash, and it is started again when it is asked for', async () => {
  const world = new World();
  await world.begin();
  await world.cycle.stop();
  void world.cycle.live();
  await world.up(2);
  assert.deepEqual(world.said, ['starting', 'running', 'stopped', 'starting', 'running']);
});

test('one that ends by itself is started again by itself', async () => {
  const world = new World();
  const first = await world.begin();
  first.die('it was ended by SIGKILL');
  const second = await world.up(2);
  assert.equal(second.number, 2);
  assert.deepEqual(world.recovering, [false, true]);
  assert.deepEqual(world.said, [
    'starting',
    'running',
    'crashed (it was ended by SIGKILL), again',
    'starting',
    'running',
  ]);
});

test('six crashes in three minutes: given up, until somebody restarts it', async () => {
  const world = new World();
  void world.cycle.live();
  for (let crash = 1; crash <= 6; crash += 1) {
    const life = await world.up(crash);
    world.now += 1000;
    life.die(`crash ${crash}`);
    await life.ended;
  }
  await Promise.resolve();
  assert.deepEqual(world.waits, [0, 500, 1000, 2000, 4000]);
  assert.deepEqual(world.said.slice(-2), [`failed: ${GIVEN_UP}`, 'crashed (crash 6), given up']);
  await assert.rejects(world.cycle.live(), { code: 'server_failed', message: GIVEN_UP });
  assert.equal(world.launches.length, 6);
  void world.cycle.restart();
  assert.equal((await world.up(7)).number, 7);
});

test('crashes that are long past do not count', async () => {
  const world = new World();
  void world.cycle.live();
  for (let crash = 1; crash <= 12; crash += 1) {
    const life = await world.up(crash);
    world.now += 60_000;
    life.die('again');
    await life.ended;
  }
  assert.equal((await world.up(13)).number, 13);
});

test('a recovery that fails is one more crash, but not where there is nothing to start any more', async () => {
  for (const [absent, said] of [
    [missing, 'missing: There is none'],
    [misconfigured, 'misconfigured: A setting is wrong'],
  ] as const) {
    const world = new World();
    const first = await world.begin();
    first.die('gone');
    (await world.launched(2))(broken);
    (await world.launched(3))(absent);
    await assert.rejects(world.cycle.live(), absent);
    assert.deepEqual(world.waits, [0, 500]);
    assert.equal(world.said.at(-1), said);
  }
});

test('one that cannot be started again at all is given up as well', async () => {
  const world = new World();
  const first = await world.begin();
  first.die('gone');
  for (let launch = 2; launch <= 6; launch += 1) (await world.launched(launch))(broken);
  await assert.rejects(world.cycle.live(), broken);
  assert.equal(world.said.at(-1), 'crashed (It is broken), given up');
  await assert.rejects(world.cycle.live(), { message: GIVEN_UP });
});

test('what runs is ended before the next is launched', async () => {
  const order: string[] = [];
  let parted: () => void = () => undefined;
  const cycle = new Lifecycle<Life>({
    launch: () => {
      order.push('launch');
      return Promise.resolve({
        ended: new Promise<string>(() => undefined),
        stop: () =>
          new Promise<void>((resolve) => {
            parted = () => {
              order.push('ended');
              resolve();
            };
          }),
      });
    },
    wait: () => Promise.resolve(),
    now: () => 0,
    changed: () => undefined,
    crashed: () => undefined,
  });
  await cycle.live();
  const restarted = cycle.restart();
  parted();
  await restarted;
  assert.deepEqual(order, ['launch', 'ended', 'launch']);
});

/** A server that takes its time to end, with a start that waits for that */
async function parting() {
  const world = new World();
  world.lingering = true;
  const first = await world.begin();
  const restarted = world.cycle.restart();
  const doomed = assert.rejects(restarted, { code: 'server_stopped' });
  return { world, first, doomed };
}

test('whoever asks after a stop gets a server, also while what was stopped still ends', async () => {
  const ways = {
    restart: (cycle: Lifecycle<Mayfly>) => cycle.restart(),
    live: (cycle: Lifecycle<Mayfly>) => cycle.live(),
  };
  for (const [name, ask] of Object.entries(ways)) {
    const { world, first, doomed } = await parting();
    const stop = world.cycle.stop();
    const asked = ask(world.cycle);
    assert.equal(world.launches.length, 1, name);
    first.die('at last');
    await Promise.all([stop, doomed]);
    const fresh = await world.up(2);
    assert.equal(await asked, fresh, name);
    assert.equal(world.cycle.life, fresh, name);
    assert.equal(world.lives.length, 2, name);
  }
});

test('a stop right after a restart of a start ends that start as well', async () => {
  const world = new World();
  const asked = world.cycle.live();
  await world.launched(1);
  const refused = assert.rejects(asked, { code: 'server_stopped' });
  void world.cycle.restart().catch(() => undefined);
  await world.cycle.stop();
  await refused;
  assert.equal(world.cycle.active, false);
  assert.equal(world.launches.length, 1);
});

test('a restart at the very moment when one is there: that one is restarted', async () => {
  const world = new World();
  const asked = world.cycle.live();
  (await world.launched(1))('up');
  while (!world.said.includes('running')) await Promise.resolve();
  const restarted = world.cycle.restart();
  const fresh = await world.up(2);
  assert.equal((await asked).stopped, true);
  assert.equal(await restarted, fresh);
});

test('a stop for good: what runs is ended, and nothing is started any more', async () => {
  const world = new World();
  const first = await world.begin();
  await world.cycle.close();
  assert.equal(first.stopped, true);
  for (const ask of [() => world.cycle.live(), () => world.cycle.restart()])
    await assert.rejects(ask(), { code: 'server_stopped' });
  assert.equal(world.launches.length, 1);
  assert.equal(world.cycle.active, false);
});

test('a stop for good while one is being started ends that', async () => {
  const world = new World();
  const refused = assert.rejects(world.cycle.live(), { code: 'server_stopped' });
  await world.launched(1);
  await world.cycle.close();
  await refused;
  await assert.rejects(world.cycle.live(), { code: 'server_stopped' });
});
