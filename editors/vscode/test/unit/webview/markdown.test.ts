import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html, languageOf, plainText } from '../../../src/webview/markdown.ts';

const ROWS: readonly (readonly [about: string, source: string, result: string])[] = [
  ['HTML is text', '<script>alert(1)</script>', '<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n'],
  [
    'a link carries what it points to, and no address',
    '[greet](src/greet.py:12 "Line 12")',
    '<p><a role="link" tabindex="0" data-href="src/greet.py:12" title="Line 12">greet</a></p>\n',
  ],
  [
    'a link that may not be followed is text',
    '[x](javascript:alert(1))',
    '<p>[x](javascript:alert(1))</p>\n',
  ],
  ['so is one that hides it', '[x](java&#115;cript:alert(1))', '<p>[x](javascript:alert(1))</p>\n'],
  [
    'an address in the text is a link, a name with a dot is not',
    'https://example.com/a and main.rs',
    '<p><a role="link" tabindex="0" data-href="https://example.com/a" title="https://example.com/a">https://example.com/a</a> and main.rs</p>\n',
  ],
  [
    'a picture from elsewhere is a link',
    '![logo](https://example.com/logo.png)',
    '<p><a role="link" tabindex="0" data-href="https://example.com/logo.png" title="https://example.com/logo.png">logo</a></p>\n',
  ],
  [
    'a picture that is here is shown',
    '![](data:image/png;base64,iVBORw0KGgo=)',
    '<p><img src="data:image/png;base64,iVBORw0KGgo=" alt="Picture"></p>\n',
  ],
  [
    'headings begin below those of the chat, and leave no level out',
    '# one\n###### six\n## two\n##### five',
    '<h3>one</h3>\n<h4>six</h4>\n<h4>two</h4>\n<h5>five</h5>\n',
  ],
  [
    'tasks say how they stand',
    '- [x] done\n- [ ] open',
    '<ul>\n<li class="task"><span class="check" role="img" aria-label="Done">☑</span> done</li>\n' +
      '<li class="task"><span class="check" role="img" aria-label="To do">☐</span> open</li>\n</ul>\n',
  ],
  [
    'columns are aligned without a style',
    'a|b\n:-|-:\n1|2',
    '<div class="table" role="region" tabindex="0" aria-label="Table"><table>\n<thead>\n<tr>\n' +
      '<th class="align-left">a</th>\n<th class="align-right">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n' +
      '<td class="align-left">1</td>\n<td class="align-right">2</td>\n</tr>\n</tbody>\n</table></div>\n',
  ],
  [
    'code keeps its language',
    '```Py title="a>b"\n<b>\n```',
    '<pre data-language="py"><code>&lt;b&gt;\n</code></pre>\n',
  ],
];

for (const [about, source, result] of ROWS)
  test(about, () => {
    assert.equal(html(source), result);
  });

test('nothing that a browser follows or loads comes out, whatever goes in', () => {
  for (const source of [
    '[a](http://x.example)',
    '<http://x.example>',
    '![a](http://x.example)',
    '<img src=x onerror=y>',
  ])
    assert.doesNotMatch(html(source), /<[^>]*\s(?:href|src|on\w+|style)=/);
});

test('a language is what stands first behind the fence', () => {
  assert.deepEqual(['', ' TS ', 'c++ x', '{.python}', 'a&amp;b'].map(languageOf), [
    '',
    'ts',
    'c++',
    '{.python}',
    'a&b',
  ]);
});

test('what is read aloud has no signs', () => {
  assert.equal(
    plainText('# Title\n\nSome **bold** [link](http://x.example)\n\n- one\n- two\n\n```py\nx = 1\n```\n'),
    'Title\nSome bold link\none\ntwo\nCode, py: x = 1\n',
  );
});
