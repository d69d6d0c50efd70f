import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Arrival, detour } from '../../../src/models/detour.ts';
import type { Model } from '../../../src/protocol.ts';
import { aModel, unusable } from './model.ts';

const MODEL = aModel('c/3');
const NOT_IN_PLAN = unusable('c/3', 'unavailable');
const REFUSED: Arrival = { type: 'refused' };
const AWAY: Arrival = { type: 'away', take: undefined };

interface Row {
  readonly about: string;
  readonly leaves?: boolean;
  readonly signedIn?: boolean;
  /** Chosen before it, while it goes on, and while the models are asked for */
  readonly chosen?: readonly (string | undefined)[];
  readonly loaded?: Model | Error;
  readonly arrival: Arrival;
}

const rows: readonly Row[] = [
  { about: 'given up in view', arrival: REFUSED },
  { about: 'done in view', signedIn: true, arrival: { type: 'signedIn', model: MODEL } },
  {
    about: 'done in view, for a plan that has not this model',
    signedIn: true,
    loaded: NOT_IN_PLAN,
    arrival: { type: 'signedIn', model: NOT_IN_PLAN },
  },
  { about: 'given up or expired out of sight', leaves: true, arrival: AWAY },
  {
    about: 'done out of sight',
    leaves: true,
    signedIn: true,
    arrival: { type: 'away', take: MODEL },
  },
  {
    about: 'done out of sight, and the choice is as it was',
    leaves: true,
    signedIn: true,
    chosen: ['a/1', 'a/1', 'a/1'],
    arrival: { type: 'away', take: MODEL },
  },
  {
    about: 'done out of sight, for a plan that has not this model',
    leaves: true,
    signedIn: true,
    loaded: NOT_IN_PLAN,
    arrival: AWAY,
  },
  {
    about: 'done out of sight, and the models cannot be asked for',
    leaves: true,
    signedIn: true,
    loaded: new Error('the server went'),
    arrival: AWAY,
  },
  {
    about: 'another was chosen meanwhile',
    leaves: true,
    signedIn: true,
    chosen: ['a/1', 'b/2', 'b/2'],
    arrival: AWAY,
  },
  {
    about: 'another is chosen in the last moment',
    leaves: true,
    signedIn: true,
    chosen: [undefined, undefined, 'b/2'],
    arrival: AWAY,
  },
];

for (const { about, leaves = false, signedIn = false, chosen = [], loaded = MODEL, arrival } of rows) {
  test(`a sign-in for a model: ${about}`, async () => {
    const [before, meanwhile, atLast] = chosen;
    let now = before;
    const arrived = detour({
      signIn: async (leftScreen) => {
        if (leaves) leftScreen();
        now = meanwhile;
        return signedIn;
      },
      load: async () => {
        now = atLast;
        if (loaded instanceof Error) throw loaded;
        return loaded;
      },
      chosen: () => now,
    });
    assert.deepEqual(await arrived, arrival);
  });
}

test('in view, models that cannot be asked for are told of', async () => {
  const arrived = detour({
    signIn: async () => true,
    load: () => Promise.reject(new Error('the server went')),
    chosen: () => undefined,
  });
  await assert.rejects(arrived, /the server went/);
});
