import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Refusal, type Taker, takeOver } from '../../../src/chat/takeOver.ts';

const READ_ONLY = { text: 'a.py is read-only; nothing was applied', again: false };
const CHANGED = { text: 'a.py has changed since this was proposed; nothing was applied', again: true };

/** A document with the text that an edit was proposed for */
class Page implements Taker {
  readonly name = 'a.py';
  text = 'before';
  edits = 0;
  readOnly = false;
  /** Of the session, which nobody is told of */
  locked = false;
  typeInMeanwhile = (_when: 'asked' | 'edited') => {};

  async isReadOnly() {
    this.typeInMeanwhile('asked');
    return this.readOnly;
  }

  async read() {
    const { text } = this;
    return {
      text,
      edit: async () => {
        this.typeInMeanwhile('edited');
        if (this.locked || this.text !== text) return false;
        this.edits += 1;
        this.text = 'after';
        return true;
      },
    };
  }
}

function page(changes: Partial<Page>): Page {
  return Object.assign(new Page(), changes);
}

function typedIn(moment: 'asked' | 'edited'): Page {
  const typed = new Page();
  typed.typeInMeanwhile = (when) => {
    if (when === moment) typed.text = 'typed';
  };
  return typed;
}

test('it is one edit, or nothing and the reason for it', async () => {
  const rows: [about: string, Page, refusal: Refusal | undefined, text: string][] = [
    ['as it was', new Page(), undefined, 'after'],
    ['read-only', page({ readOnly: true }), READ_ONLY, 'before'],
    ['read-only for the session', page({ locked: true }), READ_ONLY, 'before'],
    ['changed before', page({ text: 'other' }), CHANGED, 'other'],
    ['changed while it was asked about', typedIn('asked'), CHANGED, 'typed'],
    ['changed while it was edited', typedIn('edited'), CHANGED, 'typed'],
  ];
  for (const [about, taker, refusal, text] of rows) {
    assert.deepEqual(await takeOver(taker, 'before'), refusal, about);
    assert.deepEqual([taker.text, taker.edits], [text, refusal ? 0 : 1], about);
  }
});
