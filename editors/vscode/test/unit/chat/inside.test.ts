import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isBelow, liesReallyIn } from '../../../src/chat/inside.ts';

let root = '';

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'inside-'));
  await mkdir(join(root, 'work', '..dots'), { recursive: true });
  await mkdir(join(root, 'home'));
  for (const name of ['work/a.py', 'work/..dots/b.py', 'home/id_fake'])
    await writeFile(join(root, name), 'x');
  await symlink(join(root, 'home', 'id_fake'), join(root, 'work', 'link'));
  await symlink(join(root, 'home'), join(root, 'work', 'folder'));
  await symlink(join(root, 'work'), join(root, 'alias'));
});
after(() => rm(root, { recursive: true }));

const rows: [file: string, folder: string, inside: boolean][] = [
  ['work/a.py', 'work', true],
  ['work/..dots/b.py', 'work', true],
  ['alias/a.py', 'work', true],
  ['work/a.py', 'alias', true],
  ['home/id_fake', 'work', false],
  ['work/../home/id_fake', 'work', false],
  ['work/link', 'work', false],
  ['work/folder/id_fake', 'work', false],
  ['work/none', 'work', false],
];

for (const [file, folder, inside] of rows) {
  test(`${file} is ${inside ? '' : 'not '}in ${folder}`, async () => {
    assert.equal(await liesReallyIn(`${root}/${file}`, [join(root, folder)]), inside);
  });
}

test('a folder is not below itself, nor one that only begins like it', () => {
  assert.deepEqual(
    [isBelow('/w', '/w'), isBelow('/w', '/way'), isBelow('/w', '/w/x'), isBelow('/w', '/w/..x')],
    [false, false, true, true],
  );
});
