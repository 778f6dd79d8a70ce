/**
 * `cclocal list` on a cache of 40 repositories and some thousand files, in each of the hub's layouts, against
 * `hf cache ls` and the least that Node can do, a walk that looks at every entry once; interleaved in one run. Sizes are
 * compared with those of the hub, of a cache that the fixtures build and of one that a release of the hub itself has
 * downloaded; that the two have the same shape is checked, too.
 *
 *   npm run bench:list [-- --rounds 15]
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listRepos } from '../src/models/list-repos.ts';
import { buildCache, downloadCache, shapeOf, someRepos } from './hub/make-cache.ts';
import { hfCommand, hfScan, hfSize, hfSizes } from './hub/judge.ts';
import { cclocalBin } from '../test/support/rig.ts';
import { median, spread, table, verdict } from './stats.ts';

const run = promisify(execFile);
const layouts = ['links', 'trees', 'shared'] as const;
const seed = 20_261;

export interface ListFigures {
  readonly layout: string;
  readonly files: number;
  /** Start to end of each, ms. */
  readonly cclocal: readonly number[];
  readonly walk: readonly number[];
  readonly hf: readonly number[];
}

/** Runs `rounds` interleaved rounds on one cache, after one that is not counted. */
async function measure(layout: (typeof layouts)[number], rounds: number): Promise<ListFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'ccl-list-'));
  try {
    const cache = join(folder, 'hub');
    buildCache(cache, someRepos(40, seed), layout);
    const walker = join(folder, 'walk.mjs');
    writeFileSync(walker, bareWalk);
    const env = { HOME: folder, CCLOCAL_HOME: join(folder, 'c'), HF_HUB_CACHE: cache, PATH: '/usr/bin:/bin' };
    const figures = { cclocal: [] as number[], walk: [] as number[], hf: [] as number[] };
    for (let round = -1; round < rounds; round += 1) {
      const turns = [
        async () => note(figures.cclocal, round, await timed(process.execPath, [cclocalBin, 'list'], env)),
        async () => note(figures.walk, round, await timed(process.execPath, [walker, cache], env)),
        async () => note(figures.hf, round, await timed(hfCommand.file, hfCommand.args, hfCommand.env(cache))),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    return { layout, files: readdirSync(cache, { recursive: true }).length, ...figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Looks at every entry of a tree once, as a program must that wants their sizes, and adds them up. */
const bareWalk = `
import { lstatSync, readdirSync } from 'node:fs';
let bytes = 0;
const walk = (folder) => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = folder + '/' + entry.name;
    if (entry.isDirectory()) walk(path);
    else bytes += lstatSync(path).size;
  }
};
walk(process.argv[2]);
process.stdout.write(bytes + '\\n');
`;

function note(sample: number[], round: number, value: number): void {
  if (round >= 0) sample.push(value);
}

async function timed(file: string, args: readonly string[], env: Record<string, string>): Promise<number> {
  const began = performance.now();
  await run(file, args, { env, maxBuffer: 1 << 24 });
  return performance.now() - began;
}

export interface Sizes {
  readonly repos: number;
  /** Where the hub has other bytes, or shows another size, with both. */
  readonly differ: readonly string[];
}

/** Every model's bytes and the total, against the hub's scan and what `hf cache ls` shows as JSON. */
export async function compareSizes(cache: string): Promise<Sizes> {
  const { repos, bytes } = listRepos(cache);
  const shown = hfSizes(cache);
  const scan = await hfScan(cache);
  const differ = [
    ...repos
      .filter(({ repo, bytes: ours }) => scan.repos[repo] !== ours || shown[repo] !== hfSize(ours))
      .map(
        ({ repo, bytes: ours }) =>
          `${repo}: ${ours}, the hub ${scan.repos[repo] ?? 'has none'} (${shown[repo] ?? '-'})`,
      ),
    ...(scan.total === bytes ? [] : [`total: ${bytes}, the hub ${scan.total}`]),
    ...(Object.keys(shown).length === repos.length ? [] : [`${repos.length}, the hub ${Object.keys(shown).length}`]),
  ];
  return { repos: repos.length, differ };
}

/** The same of a cache of a layout that the fixtures build; what the small form in the tests runs. */
export async function sizesOfBuilt(layout: (typeof layouts)[number], count: number): Promise<Sizes> {
  const folder = mkdtempSync(join(tmpdir(), 'ccl-list-'));
  try {
    const cache = join(folder, 'hub');
    buildCache(cache, someRepos(count, seed), layout);
    return await compareSizes(cache);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of a cache that a release of the hub has made; also where the fixtures' one has another shape. */
async function sizesOfReal(layout: (typeof layouts)[number]): Promise<Sizes> {
  const folder = mkdtempSync(join(tmpdir(), 'ccl-list-'));
  try {
    const [real, built] = [join(folder, 'real'), join(folder, 'built')];
    const repos = someRepos(12, seed);
    const commit = await downloadCache(real, repos, layout);
    buildCache(built, repos, layout, commit);
    const [shape, ours] = [shapeOf(real), shapeOf(built)];
    const { repos: count, differ } = await compareSizes(real);
    const odd = [...shape.filter((line) => !ours.includes(line)), ...ours.filter((line) => !shape.includes(line))];
    return { repos: count, differ: [...differ, ...odd.map((line) => `shape: ${line}`)] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const at = process.argv.indexOf('--rounds');
  const rounds = at === -1 ? 15 : Number(process.argv[at + 1]);
  const differ: string[] = [];
  const figures: ListFigures[] = [];
  for (const layout of layouts) {
    const sizes = [await sizesOfBuilt(layout, 40), await sizesOfReal(layout)];
    differ.push(...sizes.flatMap((one) => one.differ.map((line) => `${layout}: ${line}`)));
    figures.push(await measure(layout, rounds));
  }
  const ratio = (one: ListFigures, to: readonly number[]): number => median(one.cclocal) / median(to);
  const rows = figures.map((one) => [
    one.layout,
    String(one.files),
    spread(one.cclocal),
    spread(one.walk),
    spread(one.hf),
    ratio(one, one.walk).toFixed(2),
    ratio(one, one.hf).toFixed(2),
  ]);
  const title = ['layout', 'entries', 'cclocal list, ms', 'Node walk', 'hf cache ls', 'to the walk', 'to hf'];
  process.stdout.write(`${table([title, ...rows])}\nseed ${seed}; min / median / max of ${rounds} rounds\n`);
  for (const line of differ) process.stdout.write(`${line}\n`);
  const walk = Math.max(...figures.map((one) => ratio(one, one.walk)));
  const hf = Math.max(...figures.map((one) => ratio(one, one.hf)));
  return verdict(
    'cclocal list, the worst of three layouts',
    `${walk.toFixed(2)} times the walk, ${hf.toFixed(2)} times hf, ${differ.length} sizes or shapes differ`,
    'at most 1.8, 0.45 and none',
    walk <= 1.8 && hf <= 0.45 && differ.length === 0,
  );
}

if (process.argv[1]?.endsWith('bench/list.ts')) process.exitCode = await main();
