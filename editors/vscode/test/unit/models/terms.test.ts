import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstLink, termsOf } from '../../../src/models/terms.ts';
import { aModel } from './model.ts';

describe('the terms of a model', () => {
  const rows: [string, string | undefined, string, string | undefined][] = [
    [
      'show links as addresses',
      'Enable it, see [the terms](https://example.com/terms).',
      'Enable it, see the terms (https://example.com/terms).',
      'https://example.com/terms',
    ],
    ['may be plain', 'Use it wisely.', 'Use it wisely.', undefined],
    [
      'open nothing but https',
      'See [x](command:evil) and [y](http://y)',
      'See [x](command:evil) and [y](http://y)',
      undefined,
    ],
    [
      'may be missing',
      undefined,
      'The provider sent no text of them; look for it in your account’s settings there.',
      undefined,
    ],
  ];
  for (const [what, terms, detail, link] of rows)
    it(what, () => {
      const model = aModel('copilot/x', {
        policy: { state: 'unconfigured', ...(terms !== undefined && { terms }) },
      });
      const shown = termsOf(model);
      assert.deepEqual(shown, { message: 'The provider wants its terms for X accepted first', detail });
      assert.equal(firstLink(shown.detail), link);
    });

  it('end a bare address before the sentence does', () =>
    assert.equal(firstLink('Read https://example.com/a.html, then go on.'), 'https://example.com/a.html'));
});
