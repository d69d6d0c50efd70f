import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockStream, LONG_BLOCK, LONG_TAIL, type Part } from '../../../src/webview/blocks.ts';

const CASES: Readonly<Record<string, string>> = {
  paragraphs: 'one\ntwo\n\nthree\n\n\nfour',
  'a heading that was a paragraph': 'title\n===\ntext\n\nother\n---\n',
  'a hash that is no heading yet': 'text\n#tag and\n# head\n####### seven\n',
  'lists, loose and tight':
    '- a\n- b\n  - c\n\n  more\n\n- d\n* other\n+ third\n1. x\n2. y\n\n3. z\n7) seven\n',
  'lazy lines': '> quote\nlazy\n\n- item\nlazy\n\n> > deep\n> out\n',
  'a table after a line': 'text\nx | y\n--|--\n1 | 2\n3 | 4\n\nno | table\n',
  'no table after all': 'text\nx | y\n--|--z\n',
  fences: 'a\n```py\ndef f():\n\n  pass\n```\nb\n~~~~ js x\n```\n~~~\n~~~~\nc\n',
  'fences next to fences': '```\na\n```\n```\nb\n```\n',
  'fences with an indent': '  ```js\n  a\n    b\n c\n  ```\nd\n',
  'what looks like an end': '````md\n```\ninner\n```\n   ````` \nout\n```\n```x\n``` no\n    ```\n```\n',
  'a fence in a list': '1. step\n\n   ```sh\n   ls\n\n   pwd\n   ```\n\n2. next\n',
  'a fence without an end': 'a\n\n```py\nx = 1\n  ``',
  'an empty fence': '```\n```\nx\n```',
  'indented code': 'a\n\n    code\n\n    more\n\nb\n',
  'links defined later':
    'see [a] and [b][c]\n\n- [a]\n\n[a]: http://a.example\n  "title"\n[c]: <src/b.ts>\n\nend\n',
  'links defined before': '[a]: http://a.example\n\nsee [a]\n\n[a]: http://other.example\n',
  'lines of Windows': 'a\r\n\r\n```\r\ncode\r\n```\r\nb\r\rc',
  rules: 'a\n***\nb\n\n---\n- - -\n* * *\nc\n',
  'white space alone': '\n \n\t\n',
  'tabs and zero characters': '-\ta\n\n\tb\n\n```\n\tx\n\u0000\n```\n',
  emphasis: '**bold *both*** `code` ~~gone~~ <b>no</b> &amp; \\*\n\n**never closed\n\nend',
};

for (const [name, source] of Object.entries(CASES)) {
  test(`the parts do not depend on where the text was cut: ${name}`, () => {
    const whole = streamed(source, []);
    for (let at = 0; at <= source.length; at++) assert.equal(streamed(source, [at]), whole, `cut at ${at}`);
    for (const step of [1, 2, 3, 7])
      assert.equal(streamed(source, every(step, source)), whole, `steps of ${step}`);
  });
}

test('the parts of any two texts after one another do not depend on the cuts', () => {
  for (const one of Object.values(CASES))
    for (const other of Object.values(CASES)) {
      const source = one + other;
      const whole = streamed(source, []);
      for (const step of [1, 5])
        assert.equal(streamed(source, every(step, source)), whole, JSON.stringify(source));
    }
});

test('a block is settled by what follows it, and the tail is all that is drawn again', () => {
  const stream = blockStream();
  assert.deepEqual(stream.grow('one', false), {
    again: false,
    settled: [],
    tail: { type: 'html', html: '<p>one</p>\n' },
  });
  assert.deepEqual(stream.grow('one\n\ntwo\n', false), {
    again: false,
    settled: [{ type: 'html', html: '<p>one</p>\n' }],
    tail: { type: 'html', html: '<p>two</p>\n' },
  });
  assert.deepEqual(stream.grow('one\n\ntwo\nthree', false).settled, []);
});

test('an open fence grows as text, and holds back what may be its end', () => {
  const stream = blockStream();
  const shown = (text: string) => stream.grow(text, false).tail;
  const code = (text: string) => ({ type: 'openCode', language: 'py', text });
  assert.deepEqual(shown('```py\n'), code(''));
  assert.deepEqual(shown('```py\nx = 1'), code('x = 1'));
  assert.deepEqual(shown('```py\nx = 1\n``'), code('x = 1'));
  assert.deepEqual(shown('```py\nx = 1\n``y'), code('x = 1\n``y'));
  assert.deepEqual(stream.grow('```py\nx = 1\n``y\n```\nafter', false), {
    again: false,
    settled: [{ type: 'code', language: 'py', text: 'x = 1\n``y' }],
    tail: { type: 'html', html: '<p>after</p>\n' },
  });
});

test('a tail that grows long is shown as it is, and a block too long to be one is left so', () => {
  const stream = blockStream();
  const item = '- an item of a list\n';
  const long = item.repeat(LONG_TAIL / item.length + 1);
  assert.equal(stream.grow(long, false).tail?.type, 'plain');
  assert.deepEqual(types(stream.grow(long, true).settled), ['html']);
  const dump = 'x y '.repeat(LONG_BLOCK / 4 + 1);
  assert.deepEqual(types(blockStream().grow(`a\n\n${dump}\n\nb`, true).settled), ['html', 'plain', 'html']);
});

function streamed(source: string, cuts: readonly number[]): string {
  const stream = blockStream();
  let parts: Part[] = [];
  const steps = [...cuts.map((end) => stream.grow(source.slice(0, end), false)), stream.grow(source, true)];
  for (const { again, settled } of steps) parts = again ? [...settled] : [...parts, ...settled];
  return parts.map((part) => (part.type === 'html' ? part.html : JSON.stringify(part))).join('');
}

function every(step: number, source: string): number[] {
  return Array.from({ length: Math.floor((source.length - 1) / step) }, (_, index) => (index + 1) * step);
}

function types(parts: readonly Part[]): string[] {
  return parts.map((part) => part.type);
}
