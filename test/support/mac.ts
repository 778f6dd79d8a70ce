import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GuardTools } from '../../src/limit/guard-script.ts';
import { bundle, bundled } from './bundle.ts';
import { recordedMachine } from '../../src/preflight/recorded.ts';
import { buildRepo } from './hub-cache.ts';
import { makeMachineTools } from './machine-tools.ts';
import { startOnPty, type PtySession } from './pty.ts';
import { makeLimitTools, type LimitTools, type Sudo } from './limit-tools.ts';
import { finished, makeRig, type Ran, type Rig } from './rig.ts';
import { scriptedEngine, type Arrived, type Script } from './scripted-engine.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What test/support/mac-entry.ts reads. */
export interface StandIns {
  readonly platform: string;
  readonly arch: string;
  readonly guard: { readonly tools: GuardTools; readonly sudo: string };
  /** Folder of machine-tools.ts. */
  readonly tools: string;
}

/** The program of mac-entry.ts, bundled, with what ships beside the shipped one. Returns its file. */
export async function bundleMac(folder: string): Promise<string> {
  const dist = await bundle(folder, ['./mac-entry.ts']);
  shipBeside(folder, dist);
  return bundled(dist, './mac-entry.ts');
}

/** The same in one file and with packages outside, to the byte as the shipped one is built: for measurements. */
export function bundleMacAsShipped(folder: string): string {
  const dist = join(folder, 'dist');
  const entry = fileURLToPath(new URL('mac-entry.ts', import.meta.url));
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), entry, dist]);
  shipBeside(folder, dist);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return join(dist, 'mac-entry.js');
}

function shipBeside(folder: string, dist: string): void {
  for (const name of ['catalog.json', 'mcp-local.json']) symlinkSync(join(root, name), join(folder, name));
  for (const name of ['keeper.js', 'host', 'rehearsal', 'locks'])
    symlinkSync(join(root, 'dist', name), join(dist, name));
}

/** A Mac that was recorded, with cclocal, a scripted engine, and one small model in its cache. */
export interface Mac extends AsyncDisposable {
  readonly rig: Rig;
  readonly onPty: (args: readonly string[], size?: { columns?: number; rows?: number }) => PtySession;
  /** The command without arguments, as a shell on a terminal runs it between other words. */
  readonly inShell: (before: string, after: string, size?: { columns?: number; rows?: number }) => PtySession;
  /** The toy becomes the default model. */
  readonly makeDefault: () => void;
  readonly start: (args: readonly string[], env?: Record<string, string>) => ChildProcess;
  readonly run: (args: readonly string[], env?: Record<string, string>) => Promise<Ran>;
  /** The GPU limit now, MiB. */
  readonly limit: () => number;
  /** Sets it as somebody else would. */
  readonly setLimit: (miB: number) => void;
  /** The rest of what its sysctl and sudo can be made to do. */
  readonly limitTools: LimitTools;
  /** The questions that its tools were asked, but for the GPU limit. */
  readonly asked: () => readonly string[];
  /** Command lines that ask all of it, the GPU limit included. */
  readonly questions: readonly (readonly string[])[];
  /** What happened in this order: LIMIT with the value as path when it was set, LISTENS and requests of the engine. */
  readonly happened: () => readonly Pick<Arrived, 'method' | 'path'>[];
  /** How often sudo was called. */
  readonly sudoCalls: () => number;
  /** The contexts of the keepers that can be joined, by their records. */
  readonly contexts: () => readonly number[];
  /** Command lines of the rig's engines and their hosts. */
  readonly engines: () => readonly string[];
}

/**
 * Its one model, `--toy`, needs 19.4 GB at 32,768 tokens: too much for a Mac with 24 GB as it is, not with a higher GPU
 * limit or with 27,648 tokens. On a Mac with 64 GB it fits.
 */
const toy = {
  flag: 'toy',
  id: 'test/toy',
  label: 'A toy',
  toolParser: 'hermes',
  maxContext: 65_536,
  memory: { weightsBytes: 1_000, kvBytesPerToken: 65_536, fixedBytes: 14e9, scoreBytesPerTokenPair: 0 },
  notes: ['A note that the toy has.'],
};
export const shrunkContext = 27_648;

export function makeMac(
  program: string,
  {
    machine = 'mac-24gb-macos26',
    sudo = 'at once',
    script = {},
  }: { machine?: string; sudo?: Sudo; script?: Script } = {},
): Mac {
  const rig = makeRig();
  const engine = scriptedEngine(rig.home, script);
  const bin = join(rig.home, 'stand-ins');
  mkdirSync(bin);
  const log = join(rig.home, 'requests.jsonl');
  const limit = makeLimitTools(bin, {
    onWrite: `echo "{\\"ns\\":0,\\"method\\":\\"LIMIT\\",\\"path\\":\\"$new\\",\\"bytes\\":0}" >>${log}`,
    pollSeconds: 0.1,
  });
  limit.setSudo(sudo);
  const guard = { tools: limit.tools, sudo: limit.sudo };
  const standIns = join(bin, 'stand-ins.json');
  const recorded = recordedMachine(join(root, 'test/fixtures/machines', `${machine}.json`));
  const tools = makeMachineTools(join(bin, 'tools'), recorded);
  const { platform, arch } = recorded;
  writeFileSync(standIns, JSON.stringify({ platform, arch, guard, tools: tools.folder } satisfies StandIns));
  buildRepo({
    cache: join(rig.home, '.cache/huggingface/hub'),
    repo: toy.id,
    files: {
      'config.json': JSON.stringify({ model_type: 'llama', max_position_embeddings: 65_536 }),
      'tokenizer.json': '{}',
      'tokenizer_config.json': '{}',
      'model.safetensors': 'weights',
    },
  });
  const writeCatalog = (catalog: object): void =>
    writeFileSync(join(rig.cclocalHome, 'catalog.json'), JSON.stringify(catalog), { mode: 0o600 });
  writeCatalog({ rows: [toy] });
  const env = { ...rig.env, ...engine.env };
  const sessions: PtySession[] = [];
  const open = (file: string, args: readonly string[], size: { columns?: number; rows?: number } = {}): PtySession => {
    const session = startOnPty({ file, args, cwd: rig.project, env, ...size });
    sessions.push(session);
    return session;
  };
  const start: Mac['start'] = (args, more = {}) =>
    spawn(process.execPath, [program, standIns, ...args], {
      cwd: rig.project,
      env: { ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    rig,
    onPty: (args, size) => open(process.execPath, [program, standIns, ...args], size),
    inShell: (before, after, size) =>
      open('/bin/sh', ['-c', `${before}"$@"${after}`, 'sh', process.execPath, program, standIns], size),
    makeDefault: () => writeCatalog({ default: toy.flag, rows: [toy] }),
    start,
    run: (args, more) => finished(start(args, more)),
    limit: limit.limit,
    setLimit: limit.setLimit,
    limitTools: limit,
    asked: tools.asked,
    questions: [...tools.commands, [limit.tools.sysctl, '-n', 'iogpu.wired_limit_mb']],
    happened: () => engine.requests().map(({ method, path }) => ({ method, path })),
    sudoCalls: limit.sudoCalls,
    contexts: () => contextsIn(join(rig.cclocalHome, 'run')),
    engines: () => rig.processes().filter((line) => line.includes('/main.py')),
    async [Symbol.asyncDispose]() {
      // What a failed test left at a question.
      for (const session of sessions) session.kill();
      await rig[Symbol.asyncDispose]();
    },
  };
}

function contextsIn(run: string): readonly number[] {
  const ids = readdirSync(run).filter((name) => /^[0-9a-f]{8}$/.test(name));
  return ids.flatMap((id) => {
    try {
      return [(JSON.parse(readFileSync(join(run, id, 'keeper.json'), 'utf8')) as { context: number }).context];
    } catch {
      return [];
    }
  });
}
