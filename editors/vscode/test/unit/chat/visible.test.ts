import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visible, visibleLines } from '../../../src/chat/visible.ts';

const rows: [text: string, one: string, lines?: string][] = [
  ['Edit src/x.py', 'Edit src/x.py'],
  ['naïve Ελληνικά 日本語 עברית 🙂', 'naïve Ελληνικά 日本語 עברית 🙂'],
  ['rm \u202egpj.exe', 'rm \\u202egpj.exe'],
  ['\u2066a\u2069', '\\u2066a\\u2069'],
  ['pass\u200bword\ufeff\u00ad', 'pass\\u200bword\\ufeff\\u00ad'],
  ['ls\n\trm -r', 'ls\\n\\trm -r', 'ls\n\trm -r'],
  ['a\rb\u2028c\u0007', 'a\\rb\\u2028c\\u0007'],
  ['tag \u{e0041}', 'tag \\udb40\\udc41'],
  ['blank\u3164', 'blank\\u3164'],
];

for (const [text, one, lines = one] of rows) {
  test(`nothing in ${JSON.stringify(text)} is hidden`, () => {
    assert.deepEqual([visible(text), visibleLines(text)], [one, lines]);
  });
}
