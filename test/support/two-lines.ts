import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import type { Ran } from './rig.ts';

/**
 * cclocal's own failures are two short lines, the last ones: what happened and why, then what to type. Where one of its
 * parts has failed (`dumped`), a third one says where the dump is.
 */
export function twoLines(ran: Ran, dumped: 'dumped' | 'not dumped' = 'not dumped'): string {
  const lines = ran.stderr.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.startsWith('cclocal: '));
  expect(at, ran.stderr).toBeGreaterThanOrEqual(0);
  const said = lines.slice(at);
  if (dumped === 'dumped') {
    const path = /^What every part was doing is written down in (\S+)$/.exec(said.pop() ?? '')?.[1] ?? '';
    expect(existsSync(path), ran.stderr).toBe(true);
  }
  expect(said, ran.stderr).toHaveLength(2);
  expect(ran.stderr).not.toMatch(/^ +at |Traceback/m);
  return said.join('\n');
}
