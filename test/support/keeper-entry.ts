// A keeper process of the tests' own: node keeper-entry.mjs HOST_PROGRAM [DOORS]. As shipped, but for the host program and,
// as JSON, what stands in for a Mac: {"panics": FOLDER, "limits": [MiB, ...] (asked one after the other), "times": {...}, "firstDelayMs": n,
// "awake": {"caffeinate": PATH, "pmset": PATH}}.
import { findEngine } from '../../src/engines/index.ts';
import type { AwakeTools } from '../../src/keeper/awake.ts';
import { runKeeper } from '../../src/keeper/run.ts';
import type { SupervisionDoors } from '../../src/keeper/supervise/engine.ts';

interface Doors extends Pick<SupervisionDoors, 'panics' | 'times' | 'firstDelayMs'> {
  readonly limits?: readonly number[];
  readonly awake?: AwakeTools;
}

const [, , hostProgram = '', given = '{}'] = process.argv;
const { limits, awake, ...doors } = JSON.parse(given) as Doors;
let asked = 0;
const supervision: SupervisionDoors = {
  ...doors,
  ...(limits && { limitMiB: () => Promise.resolve(limits[Math.min(asked++, limits.length - 1)] ?? null) }),
};
await runKeeper({ hostProgram, findEngine, supervision, ...(awake && { awake }) });
