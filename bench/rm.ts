/**
 * What `cclocal rm` promises, against what then is: the free space of the disk (one of its own, in memory, where there is
 * one), the size of the cache by the hub's own scan, and the models that `hf cache ls` still shows; for models alone, two
 * that share their weights (apart and together), one of two revisions, and what cut-off downloads and an `rm -rf` have
 * left. On every layout of the hub, made by the releases of the hub themselves.
 *
 *   npm run check:rm
 */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { rmCommand } from '../src/commands/rm.ts';
import { diskBytes } from '../src/models/folder-size.ts';
import { commandRig } from '../test/support/command.ts';
import { enginePython } from '../test/support/engine-python.ts';
import { buildRepo, commitOf, modelFiles, type Layout } from '../test/support/hub-cache.ts';
import { hfScan, hfSizes } from './hub/judge.ts';
import { buildCache, downloadCache, type Repos } from './hub/make-cache.ts';
import { table, verdict } from './stats.ts';

type HubLayout = Exclude<Layout, 'plain'>;
export const layouts: readonly HubLayout[] = ['links', 'trees', 'shared'];

/** One deletion: bytes promised before, and gained by three measures. */
export interface Step {
  readonly layout: string;
  readonly what: string;
  readonly promised: number;
  /** The command's own figure, and the difference of all blocks below the cache. */
  readonly said: number;
  readonly blocks: number;
  /** The difference of the free space of the disk. */
  readonly disk: number;
  /** The difference of the hub's size of the cache: lengths of files, which are no blocks. */
  readonly hub: number;
  /** What is wrong with it; empty = all agree. */
  readonly wrong: readonly string[];
}

export interface Wanted {
  readonly what: string;
  readonly args: readonly string[];
  readonly leftovers?: boolean;
}

const oldRevision = `me/moved@${commitOf('old').slice(0, 10)}`;
const deletions: readonly Wanted[] = [
  { what: 'one model', args: ['me/alone'] },
  { what: 'one of two that share', args: ['me/first'] },
  { what: 'an old revision', args: [oldRevision] },
  { what: 'the other of the two, and a broken one', args: ['me/second', 'me/broken'] },
  { what: 'leftovers', args: [], leftovers: true },
];

/** The same in fewer steps, for the tests: each takes a second and a half. */
export const fewDeletions: readonly Wanted[] = [
  { what: 'models and a revision at once', args: ['me/alone', 'me/broken', 'me/first', oldRevision] },
  { what: 'the other that shares', args: ['me/second'] },
];

export interface RmCheck {
  readonly layout: HubLayout;
  readonly weightBytes: number;
  /** Made by a release of the hub, else by the fixtures. */
  readonly real: boolean;
  readonly deletions: readonly Wanted[];
}

/** Deletes step by step from a cache of one layout. */
export async function checkRm({ layout, weightBytes, real, deletions: wanted }: RmCheck): Promise<readonly Step[]> {
  const folder = mkdtempSync(join(disk(), 'ccl-rm-'));
  try {
    const cache = join(folder, 'hub');
    const repos: Repos = {
      'me/alone': letters(weightBytes, 'c', 'd'),
      'me/first': letters(weightBytes, 'a', 'b'),
      'me/second': { ...letters(weightBytes, 'a', 'b'), 'notes.txt': 'the same weights' },
      'me/moved': { ...modelFiles(weightBytes), 'notes.txt': 'new' },
      'me/stays': { 'config.json': '{}', 'model.safetensors': 'z'.repeat(5000) },
    };
    if (real) await downloadCache(cache, repos, layout);
    else buildCache(cache, repos, layout);
    spoil(cache, layout, weightBytes);
    const steps: Step[] = [];
    for (const one of wanted) steps.push(await step(cache, folder, layout, one));
    return steps;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What no download leaves on purpose: an older revision, a link to nothing, parts, and a payload of a repository gone. */
function spoil(cache: string, layout: HubLayout, weightBytes: number): void {
  const old = { ...modelFiles(weightBytes), 'model-00001-of-00002.safetensors': 'o'.repeat(weightBytes) };
  buildRepo({ cache, repo: 'me/moved', files: old, layout, commit: commitOf('old'), ref: null });
  buildRepo({ cache, repo: 'me/broken', files: { 'config.json': '{}', 'tokenizer.json': null }, layout });
  const part = join(cache, 'models--me--stays/blobs/abc.12345678.incomplete');
  writeFileSync(part, 'p'.repeat(weightBytes));
  utimesSync(part, 1000, 1000);
  buildRepo({ cache, repo: 'me/gone', files: { 'model.safetensors': 'g'.repeat(weightBytes) }, layout });
  rmSync(join(cache, 'models--me--gone'), { recursive: true });
}

const letters = (bytes: number, one: string, two: string): Record<string, string> => ({
  ...modelFiles(bytes),
  'model-00001-of-00002.safetensors': one.repeat(bytes),
  'model-00002-of-00002.safetensors': two.repeat(bytes),
});

const dry = z.object({ freesBytes: z.number() });
const done = z.object({ promisedBytes: z.number(), freedBytes: z.number(), left: z.record(z.string(), z.string()) });

async function step(cache: string, home: string, layout: string, asked: Wanted): Promise<Step> {
  const { what, args, leftovers = false } = asked;
  const rm = async (options: Record<string, unknown>): Promise<unknown> => {
    const rig = commandRig({
      home,
      env: { HF_HUB_CACHE: cache },
      args,
      options: { ...options, leftovers, json: true },
    });
    const doors = { ask: null, python: enginePython(), program, inUse: () => Promise.resolve([]) };
    await rmCommand(rig.context, doors);
    return JSON.parse(rig.stdout());
  };
  const promised = dry.parse(await rm({ dryRun: true })).freesBytes;
  const [blocks, free, scan] = [diskBytes(cache), freeOn(cache), await hfScan(cache)];
  const { promisedBytes, freedBytes, left } = done.parse(await rm({ yes: true }));
  const after = { blocks: blocks - diskBytes(cache), disk: freeOn(cache) - free };
  const [now, shown] = [await hfScan(cache), hfSizes(cache)];
  const partial = leftovers && layout !== 'shared' ? promised : 0;
  const hub = scan.total - now.total;
  const gone = args.filter((id) => !id.includes('@'));
  const wrong = [
    ...(promisedBytes === promised ? [] : [`the dry run promised ${promised}, the question ${promisedBytes}`]),
    ...(freedBytes === promised ? [] : [`freed ${freedBytes}`]),
    ...(after.blocks === promised ? [] : [`${after.blocks} fewer in blocks`]),
    ...(Math.abs(after.disk - promised) <= slack() ? [] : [`${after.disk} more are free on the disk`]),
    // The hub counts lengths, no links, folders or parts; a file may take up to a block more.
    ...(leftovers || Math.abs(hub + partial - promised) <= roundingBytes ? [] : [`${hub} fewer by the hub`]),
    ...Object.entries(left).map(([id, why]) => `${id} is left: ${why}`),
    ...gone.filter((id) => id in shown || id in now.repos).map((id) => `the hub still shows ${id}`),
    ...('me/stays' in shown ? [] : ['the hub does not show me/stays any more']),
  ];
  return { layout, what, promised, said: freedBytes, ...after, hub, wrong };
}

const program = fileURLToPath(new URL('../src/engines/host/hub_delete.py', import.meta.url));
/** Of a dozen small files and folders, each up to a block. */
const roundingBytes = 200_000;

/** A disk in memory that hardly anybody writes to, where there is one. */
const memory = '/dev/shm';
function disk(): string {
  try {
    accessSync(memory, constants.W_OK);
    return memory;
  } catch {
    return tmpdir();
  }
}
/** What others may have written meanwhile, bytes. */
const slack = (): number => (disk() === memory ? 400_000 : 50_000_000);

function freeOn(path: string): number {
  const { bfree, bsize } = statfsSync(path);
  return bfree * bsize;
}

async function main(): Promise<number> {
  // On a disk that others write to, the models must stand out.
  const weightBytes = disk() === memory ? 20_000_000 : 200_000_000;
  const steps: Step[] = [];
  for (const layout of layouts) steps.push(...(await checkRm({ layout, weightBytes, real: true, deletions })));
  const rows = steps.map((one) => {
    const figures = [one.promised, one.said, one.blocks, one.disk, one.hub].map(String);
    return [one.layout, one.what, ...figures, one.wrong.length === 0 ? 'agree' : one.wrong.join('; ')];
  });
  process.stdout.write(`${table([['layout', 'deleted', 'promised', 'said', 'blocks', 'disk', 'hub', ''], ...rows])}\n`);
  const wrong = steps.filter((one) => one.wrong.length > 0).length;
  return verdict(`${steps.length} deletions on ${layouts.length} layouts`, `${wrong} disagree`, 'none', wrong === 0);
}

if (process.argv[1]?.endsWith('bench/rm.ts')) process.exitCode = await main();
