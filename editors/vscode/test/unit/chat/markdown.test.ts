import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fenced, markdownOf } from '../../../src/chat/markdown.ts';
import { newTurn, type Turn } from '../../../src/chat/transcript.ts';

const turn: Turn = {
  ...newTurn('t', 'Put a comma\ninto it', ['src/greet.py'], [{ mimeType: 'image/png', data: 'AA==' }]),
  status: 'ended',
  model: 'p/m',
  stopReason: 'endTurn',
  items: [
    { type: 'reasoning', text: 'I must think.\n' },
    {
      type: 'tool',
      id: 'c',
      name: 'edit',
      title: 'Edit <b>src/greet.py</b>',
      input: { path: 'src/greet.py' },
      output: '\u001b[32m```\u001b[0m\nfence\n```',
      images: [],
      diff: '@@ -1 +1 @@\n-a\n+b\n',
      status: 'done',
    },
    { type: 'compacted', summary: 'We spoke.', before: 182_000, after: 20_900 },
    { type: 'text', text: 'Done.\n' },
  ],
};

test('thoughts and tool calls are folded, and nothing breaks out of a fence', () => {
  assert.equal(
    markdownOf('A\ntitle', [turn], () => 'Model M'),
    `# A title

## You

Put a comma
into it

*With src/greet.py, image 1*

## Model M

<details>
<summary>Thinking</summary>

I must think.

</details>

<details>
<summary>✓ Edit &lt;b&gt;src/greet.py&lt;/b&gt;</summary>

\`\`\`json
{
  "path": "src/greet.py"
}
\`\`\`

\`\`\`diff
@@ -1 +1 @@
-a
+b
\`\`\`

\`\`\`\`text
\`\`\`
fence
\`\`\`
\`\`\`\`

</details>

<details>
<summary>Earlier messages were summed up: 182k tokens became 21k</summary>

We spoke.

</details>

Done.
`,
  );
});

const endings: [change: Partial<Turn>, said: string][] = [
  [
    { stopReason: 'cancelled', error: { code: 'cancelled', message: 'x', retryable: false } },
    '*Stopped; what had come was kept*',
  ],
  [{ stopReason: 'maxTokens' }, '*The answer reached the longest that this model gives*'],
  [{ stopReason: 'refusal' }, '*The model declined to go on*'],
  [
    { stopReason: 'error', error: { code: 'overloaded', message: 'It is busy', retryable: true } },
    '> **It is busy**',
  ],
];

for (const [change, said] of endings) {
  test(`an end is said: ${said}`, () => {
    const text = markdownOf('T', [{ ...newTurn('t', 'Hello'), status: 'ended', ...change }]);
    assert.equal(text, `# T\n\n## You\n\nHello\n\n## Answer\n\n${said}\n`);
  });
}

test('a fence is longer than what it holds', () => {
  assert.equal(fenced('md', '````\nx\n````\n'), '`````md\n````\nx\n````\n`````');
});
