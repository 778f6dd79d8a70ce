import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentFiles } from '../../src/launch/agent-start.ts';
import { ensureDir0700, fileFailure, quoted, readTextIfThere, removeTree, writePrivate } from '../../src/os/files.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cclocal files-'));
});
afterEach(() => rmSync(dir, { recursive: true }));
const mode = (path: string): number => statSync(path).mode & 0o777;

test('a folder is made for its owner alone, parents too', () => {
  const path = join(dir, 'a', 'b');
  ensureDir0700(path);
  expect([mode(join(dir, 'a')), mode(path)]).toEqual([0o700, 0o700]);
  ensureDir0700(path);
});

test('a folder that is open to others is refused with what to type', () => {
  const path = join(dir, 'open');
  mkdirSync(path);
  chmodSync(path, 0o750);
  expect(() => ensureDir0700(path)).toThrow(
    expect.objectContaining({
      failure: { reason: 'home-unusable', path, problem: 'others can look into it', hint: `Type: chmod 700 '${path}'` },
    }),
  );
  const link = join(dir, 'link');
  symlinkSync(path, link);
  expect(() => ensureDir0700(link)).toThrow('home-unusable');
});

test("a link of one's own to a folder of one's own is fine; a file in the way is not", () => {
  mkdirSync(join(dir, 'real'), { mode: 0o700 });
  symlinkSync(join(dir, 'real'), join(dir, 'link'));
  ensureDir0700(join(dir, 'link'));
  writeFileSync(join(dir, 'file'), '');
  expect(() => ensureDir0700(join(dir, 'file'))).toThrow('home-unusable');
  expect(() => ensureDir0700(join(dir, 'file', 'below'))).toThrow('home-unusable');
});

test('a private file is written whole, 0600, and leaves nothing beside it', () => {
  const path = join(dir, 'secret');
  writeFileSync(path, 'old', { mode: 0o644 });
  writePrivate(path, 'näw');
  expect(readFileSync(path, 'utf8')).toBe('näw');
  expect(mode(path)).toBe(0o600);
  mkdirSync(join(dir, 'taken'));
  expect(() => writePrivate(join(dir, 'taken'), 'x')).toThrow();
  expect(readdirSync(dir).toSorted()).toEqual(['secret', 'taken']);
});

test('a link that stands where a file of ours goes is replaced, and what it leads to is left as it was', () => {
  const victim = join(dir, 'victim');
  writeFileSync(victim, 'theirs');
  for (const write of [
    (path: string) => writePrivate(path, 'ours'),
    (path: string) => agentFiles({ files: [{ path, content: 'ours', mode: 0o600, once: false }], links: [] }),
  ]) {
    const path = join(dir, 'planted');
    rmSync(path, { force: true });
    symlinkSync(victim, path);
    write(path);
    expect([readFileSync(path, 'utf8'), lstatSync(path).isFile()]).toEqual(['ours', true]);
    expect(readFileSync(victim, 'utf8')).toBe('theirs');
  }
});

test("the system's words become failures with a fix", () => {
  expect(fileFailure('ENOSPC', '/h/a')).toMatchObject({ reason: 'disk-full', path: '/h' });
  expect(fileFailure('EROFS', '/h/a')).toMatchObject({
    reason: 'home-unusable',
    problem: 'it lies on a read-only disk',
  });
  expect(fileFailure('EMFILE', '/h/a')).toBeNull();
});

test('reading what is not there gives null', () => {
  writeFileSync(join(dir, 'there'), 'x');
  expect(readTextIfThere(join(dir, 'there'))).toBe('x');
  expect(readTextIfThere(join(dir, 'not'))).toBeNull();
  expect(readTextIfThere(join(dir, 'there', 'below'))).toBeNull();
  expect(() => readTextIfThere(dir)).toThrow();
});

test('removing a tree does not follow links', () => {
  mkdirSync(join(dir, 'tree', 'deep'), { recursive: true });
  mkdirSync(join(dir, 'other'));
  writeFileSync(join(dir, 'other', 'kept'), '');
  symlinkSync(join(dir, 'other'), join(dir, 'tree', 'deep', 'link'));
  removeTree(join(dir, 'tree'));
  symlinkSync(join(dir, 'other'), join(dir, 'top'));
  removeTree(join(dir, 'top'));
  removeTree(join(dir, 'never was'));
  expect(readdirSync(dir)).toEqual(['other']);
  expect(existsSync(join(dir, 'other', 'kept'))).toBe(true);
});

test('a path is quoted for the shell where it needs it', () => {
  expect([quoted('/a/b-1.c'), quoted("/a b/it's")]).toEqual(['/a/b-1.c', String.raw`'/a b/it'\''s'`]);
});
