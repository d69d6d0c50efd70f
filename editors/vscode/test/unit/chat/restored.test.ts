import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextOf } from '../../../src/chat/restored.ts';
import type { ContextItem } from '../../../src/protocol.ts';

const lines = (first: number, end: number) => ({
  start: { line: first, character: 0 },
  end: { line: end, character: 0 },
});

const rows: [block: string, item: ContextItem][] = [
  ['/w/x.py:\n```\na\nb\n```', { uri: 'file:///w/x.py', text: 'a\nb' }],
  ['/w/x y.py, lines 3-5:\n```\na\n```', { uri: 'file:///w/x%20y.py', text: 'a', range: lines(2, 5) }],
  [
    '/w/x.py (diagnostics):\n```\nline 1: error\n```',
    { uri: 'file:///w/x.py', text: 'line 1: error', label: 'diagnostics' },
  ],
  [
    '/w/x.md, lines 1-1 (a (b)):\n````\n```\n````',
    { uri: 'file:///w/x.md', text: '```', range: lines(0, 1), label: 'a (b)' },
  ],
  ['untitled:Untitled-1:\n```\na\n```', { uri: 'untitled:Untitled-1', text: 'a' }],
];

for (const [block, item] of rows) {
  test(block.split('\n', 1)[0] ?? '', () => {
    const content = [block, 'The prompt'].map((text) => ({ type: 'text' as const, text }));
    assert.deepEqual(contextOf({ id: 'u', role: 'user', content, createdAt: 1 }), [item]);
  });
}

test('a prompt alone had nothing with it', () => {
  const content = [{ type: 'text' as const, text: 'Hello' }];
  assert.deepEqual(contextOf({ id: 'u', role: 'user', content, createdAt: 1 }), []);
});
