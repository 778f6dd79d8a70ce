/**
 * A download is killed (kill -9) at random moments: the command, the engine host or its child that fetches. The next run
 * must not fetch a whole file again, must clear what was left half-written, and must end with a cache that
 * `hf cache verify` finds nothing wrong with.
 *
 *   npm run check:download-kill [-- --kills 100 --seed N]
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { bundle, bundled } from '../test/support/bundle.ts';
import { enginePython } from '../test/support/engine-python.ts';
import { startHub } from '../test/support/hub.ts';
import { filesAsked, halfWritten, hostPrograms, namesIn, pullRig, writeRepo } from '../test/support/pull-rig.ts';
import { mulberry } from '../test/support/seeded.ts';
import { table, verdict } from './stats.ts';

export interface KillShare {
  readonly kills: number;
  readonly seed: number;
}

export interface KillOutcome {
  /** Who was killed at a moment when it lived. */
  readonly killed: Readonly<Record<string, number>>;
  /** Kills that left half-written files for the next run to clear. */
  readonly orphaned: number;
  readonly fetchedAgain: readonly string[];
  readonly leftHalf: readonly string[];
  readonly rejected: readonly string[];
}

const id = 'org/model';
const victims = ['command', 'host', 'fetch'] as const;
/** A download takes so long, ms. */
const lastsMs = 2_500;

export async function measureKills({ kills, seed }: KillShare): Promise<KillOutcome> {
  const root = mkdtempSync(join(tmpdir(), 'ccl-kill-'));
  const random = mulberry(seed);
  const files: readonly (readonly [string, Buffer])[] = ['1', '2', '3', '4'].map(
    (n, index) => [`model-${n}.safetensors`, randomBytes(150_000 * (index + 1))] as const,
  );
  const texts = { 'config.json': '{"model_type": "llama"}', 'tokenizer.json': '{}' };
  const repo = writeRepo(join(root, 'repo'), { ...texts, ...Object.fromEntries(files) });
  const hub = await startHub({ repos: { [id]: repo }, bytesPerSecond: (600_000 / lastsMs) * 1000 });
  const program = bundled(await bundle(root, ['pull-entry.ts']), 'pull-entry.ts');
  const killed: Record<string, number> = {};
  const [fetchedAgain, leftHalf, rejected]: [string[], string[], string[]] = [[], [], []];
  let orphaned = 0;
  try {
    for (let n = 0; n < kills;) {
      const rig = pullRig(hub.url);
      // Up to three kills one after the other, then a run to the end.
      const rounds = Math.min(kills - n, 1 + Math.floor(random() * 3));
      for (let round = 0; round <= rounds; round += 1) {
        const folder = rig.folder(id);
        const whole = namesIn(join(folder, 'blobs')).filter((name) => !name.endsWith('.incomplete'));
        if (halfWritten(folder).length > 0) orphaned += 1;
        const asked = hub.requests.length;
        const last = round === rounds;
        const victim = victims[Math.floor(random() * 3)] ?? 'fetch';
        const said = await runKilled({
          program,
          args: [hub.url, rig.home, id, enginePython(), hostPrograms.look, hostPrograms.host],
          victim,
          afterMs: last ? null : random() * 2 * lastsMs,
        });
        if (said.killed) killed[victim] = (killed[victim] ?? 0) + 1;
        fetchedAgain.push(...filesAsked(hub.requests.slice(asked)).filter((name) => whole.includes(name)));
        if (last && said.output.trim() !== 'null') rejected.push(`seed ${seed}, kill ${n}: ${said.output}`);
      }
      n += rounds;
      leftHalf.push(...halfWritten(rig.folder(id)));
      const verified = await verify(rig.home, rig.cache, hub.url);
      if (verified !== null) rejected.push(`seed ${seed}, kill ${n}: ${verified}`);
      rig.remove();
    }
    return { killed, orphaned, fetchedAgain, leftHalf, rejected };
  } finally {
    await hub.close();
    rmSync(root, { recursive: true, force: true });
  }
}

interface Run {
  readonly program: string;
  readonly args: readonly string[];
  readonly victim: (typeof victims)[number];
  /** Null = it is left alone. */
  readonly afterMs: number | null;
}

/** Runs the command, kills the victim after so long, and waits until all of them are gone. */
async function runKilled({ program, args, victim, afterMs }: Run): Promise<{ killed: boolean; output: string }> {
  const env = { ...process.env };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'close');
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  let killed = false;
  const timer =
    afterMs === null
      ? undefined
      : setTimeout(() => {
          const family = descendants(child.pid ?? 0);
          const pid = family[victims.indexOf(victim)];
          if (pid === undefined) return;
          killed = true;
          process.kill(pid, 'SIGKILL');
        }, afterMs);
  const family = new Set<number>();
  const watch = setInterval(() => descendants(child.pid ?? 0).forEach((pid) => family.add(pid)), 200);
  await ended;
  clearTimeout(timer);
  clearInterval(watch);
  while ([...family].some(lives)) await new Promise((resolve) => setTimeout(resolve, 20));
  return { killed, output };
}

/** The command, its host and the host's child, as far as they live. */
function descendants(pid: number): readonly number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const parents = rows.map((row) => row.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (let at = pid; ;) {
    const next = parents.find(([, parent]) => parent === at)?.[0];
    if (next === undefined) return found;
    found.push((at = next));
  }
}

function lives(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}

/** What `hf cache verify` has to say against a cache; null = nothing. */
async function verify(home: string, cache: string, endpoint: string): Promise<string | null> {
  const hf = join(dirname(enginePython()), 'hf');
  const env = { PATH: '/usr/bin:/bin', HOME: home, HF_HUB_CACHE: cache, HF_ENDPOINT: endpoint };
  try {
    // Not synchronously: the hub that it asks lives in this process.
    await promisify(execFile)(hf, ['cache', 'verify', id], { env });
    return null;
  } catch (error) {
    return String(error);
  }
}

async function main(): Promise<number> {
  const options = {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  } as const;
  const { values } = parseArgs({ options });
  const { killed, orphaned, fetchedAgain, leftHalf, rejected } = await measureKills({
    kills: Number(values.kills),
    seed: Number(values.seed),
  });
  const rows = [
    ['killed', ...victims, 'left half-written files'],
    ['', ...victims.map((name) => String(killed[name] ?? 0)), String(orphaned)],
  ];
  process.stdout.write(`seed ${values.seed}\n${table(rows)}\n`);
  for (const wrong of [...fetchedAgain, ...leftHalf, ...rejected]) process.stdout.write(`${wrong}\n`);
  const figure = `${fetchedAgain.length} fetched again, ${leftHalf.length} left half-written, ${rejected.length} rejected`;
  const met = fetchedAgain.length + leftHalf.length + rejected.length === 0;
  return verdict('check:download-kill', figure, '0, 0, 0', met);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
