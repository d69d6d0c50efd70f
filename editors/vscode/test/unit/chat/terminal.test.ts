import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Line, plainOutput, terminal } from '../../../src/chat/terminal.ts';

const ESC = '\u001b';

/** What a program wrote, and the lines that are seen; a run with a look stands in brackets. */
const SHOWN: Readonly<Record<string, readonly [string, string]>> = {
  'plain text': ['one\ntwo', 'one\ntwo'],
  'lines of Windows': ['one\r\ntwo\r\n', 'one\ntwo'],
  'blank lines, of which the last are no more than an end': ['\n\na\n \n\nb\n\n \n', '\n\na\n\n\nb'],
  'nothing to be seen': [`${ESC}[0m \n\r\n${ESC}[2J`, ''],
  'a colour': [`a ${ESC}[31mred${ESC}[0m b`, 'a [ansi-red ink:red] b'],
  'a colour over several lines': [`${ESC}[32ma\nb${ESC}[m\nc`, '[ansi-green ink:a]\n[ansi-green ink:b]\nc'],
  'a bright one': [`${ESC}[91mx${ESC}[39my`, '[ansi-bright-red ink:x]y'],
  'a colour behind': [`${ESC}[30;42m PASS ${ESC}[49mx`, '[ansi-green paper: PASS ][ansi-black ink:x]'],
  'a bright one behind': [`${ESC}[107mx`, '[ansi-bright-white paper:x]'],
  'turned round': [
    `${ESC}[7;31m FAIL ${ESC}[27mx${ESC}[0;7my`,
    '[ansi-red paper: FAIL ][ansi-red ink:x][ansi-text paper:y]',
  ],
  'bold and faint': [`${ESC}[1mb${ESC}[22;2mf${ESC}[22mn`, '[bold:b][faint:f]n'],
  'other manners': [
    `${ESC}[3mi${ESC}[23;4mu${ESC}[4:0;9ms${ESC}[29mn${ESC}[4:3mc`,
    '[italic:i][underline:u][struck:s]n[underline:c]',
  ],
  'the same in another order': [`${ESC}[1;4ma${ESC}[0;4;1mb`, '[bold underline:ab]'],
  'the palette': [
    `${ESC}[38;5;1ma${ESC}[38;5;9mb${ESC}[38;5;208mc${ESC}[48;5;238md${ESC}[0m${ESC}[38;5;250me`,
    '[ansi-red ink:a][ansi-bright-red ink:b][ansi-bright-yellow ink:c][ansi-bright-black paper:d][ansi-white ink:e]',
  ],
  'any colour, the nearest': [
    `${ESC}[38;2;10;120;20mg${ESC}[38;2;255;250;250mw${ESC}[38:2::200:40:180mm${ESC}[38:2:90:90:250mb`,
    '[ansi-green ink:g][ansi-bright-white ink:w][ansi-magenta ink:m][ansi-bright-blue ink:b]',
  ],
  'the colour of a line under it, which is no ink': [`${ESC}[4;58;5;1;32mx`, '[underline ansi-green ink:x]'],
  'colours that are none': [`${ESC}[38mx${ESC}[38;5my${ESC}[999;38;7mz`, 'xyz'],
  'what only looks like colours': [`${ESC}[>4;2ma${ESC}[?1mb${ESC}[1 mc`, 'abc'],
  'a bar of progress': ['10 %\r50 %\r100 %\ndone', '100 %\ndone'],
  'a shorter line over a longer one': [`downloading\r${ESC}[Kdone`, 'done'],
  'what is left of it without that': ['downloading\rdone', 'doneloading'],
  'the line cleared': [`abc${ESC}[2K\rd`, 'd'],
  'its beginning cleared': [`abcd${ESC}[2D${ESC}[1K`, '   d'],
  'a spinner': ['a |\b/\b-\b\b\b\b\bok', 'ok-'],
  'to a column': [`abc${ESC}[1Gx${ESC}[Gy${ESC}[2Cz`, 'yxcz'.replace('x', 'b')],
  'to a column where nothing stands': [`a${ESC}[6Gb`, 'a    b'],
  'no farther than that': [`a${ESC}[99999Gb`, `a${' '.repeat(999)}b`],
  'over a colour': [`${ESC}[31mred${ESC}[0m\rbl`, 'bl[ansi-red ink:d]'],
  'a letter of two halves': ['a😀b\rx', 'x😀b'],
  'places in other lines': [`a${ESC}[2A${ESC}[H${ESC}[3;4Hb${ESC}[?25l${ESC}7${ESC}Mc`, 'abc'],
  'a title': [`${ESC}]0;title\u0007a${ESC}]2;x${ESC}\\b`, 'ab'],
  'a link': [`${ESC}]8;;https://example.com${ESC}\\here${ESC}]8;;${ESC}\\.`, 'here.'],
  'other texts that are not for the screen': [`${ESC}Pq#0${ESC}\\a${ESC}_x${ESC}\\b${ESC}^y\u009cc`, 'abc'],
  'one that does not end': [`a${ESC}]0;title\nb`, 'a\nb'],
  'sets of letters': [`${ESC}(0a${ESC}(Bb`, 'ab'],
  'a sequence in another': [`a${ESC}[3${ESC}[31mb${ESC}${ESC}[0mc`, 'a[ansi-red ink:b]c'],
  'a sequence with a line in it': [`a${ESC}[3\nb`, 'a\nb'],
  'one letter for two': ['\u009b31mx\u009b0my\u009d0;t\u0007z', '[ansi-red ink:x]yz'],
  'controls that are heard or do nothing': ['a\u0007\u0000\u007fb', 'ab'],
  'a sequence that has not come yet': [`a${ESC}[3`, 'a'],
  tabs: ['a\tb', 'a\tb'],
  'what looks like HTML': ['<b onclick=x>&amp;</b>', '<b onclick=x>&amp;</b>'],
};

for (const [name, [written, seen]] of Object.entries(SHOWN)) {
  test(`output is seen as in a terminal, wherever it was cut: ${name}`, () => {
    assert.equal(streamed(written, []), seen);
    for (let at = 0; at <= written.length; at++) assert.equal(streamed(written, [at]), seen, `cut at ${at}`);
    const everywhere = Array.from(written, (_, index) => index);
    assert.equal(streamed(written, everywhere), seen);
  });
}

test('a line that has ended is told once, the one that is written each time', () => {
  const program = terminal();
  assert.deepEqual(program.feed('one\ntw'), { settled: [line('one')], open: [line('tw')] });
  assert.deepEqual(program.feed('o'), { settled: [], open: [line('two')] });
  assert.deepEqual(program.feed('\n\n'), { settled: [line('two')], open: [] });
  assert.deepEqual(program.feed('x'), { settled: [], open: [[], line('x')] });
});

test('the words alone', () => {
  assert.equal(plainOutput(`${ESC}[1mone${ESC}[0m\r\n10 %\r20 %\n`), 'one\n20 %');
});

test('a million blank lines are as good as any', () => {
  const { settled } = terminal().feed(`${'\n'.repeat(1_000_000)}x\n`);
  assert.equal(settled.length, 1_000_001);
});

test('much that is written over takes no longer than its length', () => {
  const began = performance.now();
  const program = terminal();
  for (let part = 0; part < 1_000; part++)
    program.feed(`${ESC}[31mx${ESC}[32my`.repeat(20) + '\rz'.repeat(20));
  assert.ok(performance.now() - began < 2_000);
});

function line(text: string): Line {
  return [{ text, look: '' }];
}

function streamed(written: string, cuts: readonly number[]): string {
  const program = terminal();
  const lines: Line[] = [];
  let open: readonly Line[] = [];
  let from = 0;
  for (const to of [...cuts, written.length]) {
    const grown = program.feed(written.slice(from, to));
    lines.push(...grown.settled);
    open = grown.open;
    from = to;
  }
  return [...lines, ...open].map((one) => one.map(drawn).join('')).join('\n');
}

function drawn({ text, look }: Line[number]): string {
  return look ? `[${look}:${text}]` : text;
}
