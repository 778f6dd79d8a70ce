/**
 * What cclocal adds to a launch: milliseconds from its start to the agent's first request, joining a running keeper,
 * against the bare agent and against a bare Node launcher, interleaved in one run. The engine is a stand-in that notes
 * when a request arrives (nothing is generated before that, and the real one would only add noise); keeper, pipe and
 * agent are the real ones.
 *
 *   npm run bench:launch [-- --pairs 40]
 */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { nothingAdmitted } from '../src/agents/agent.ts';
import { claudeCode } from '../src/agents/claude-code.ts';
import { assets } from '../src/os/assets.ts';
import { claudeBin, finished, makeRig, type Rig } from '../test/support/rig.ts';
import { scriptedEngine } from '../test/support/scripted-engine.ts';
import { median, spread, table, verdict } from './stats.ts';

interface Samples {
  readonly agent: number[];
  readonly launcher: number[];
  readonly cclocal: number[];
  readonly node: number[];
}

export interface LaunchFigures extends Samples {
  /** Resident memory of the joining session and of the keeper, MiB. */
  readonly sessionMiB: number;
  readonly keeperMiB: number;
  /** Requests to a model route that each of cclocal's launches sent. */
  readonly posts: readonly number[];
}

/** Runs `pairs` interleaved rounds, after one warm-up round that is not counted. */
export async function measureLaunch(pairs: number): Promise<LaunchFigures> {
  await using rig = makeRig();
  const engine = scriptedEngine(rig.home);
  const env = { ...rig.env, ...engine.env };
  const model = ['--model', engine.model];
  const server = rig.start([...model, '--server', '--json'], { env });
  const done = finished(server);
  const up = await jsonFrom(server);
  const scripted = await scriptedServer();
  const bare = bareLaunch(rig, scripted.url);
  const samples: Samples = { agent: [], launcher: [], cclocal: [], node: [] };
  const posts: number[] = [];
  let sessionMiB = 0;
  try {
    for (let round = -1; round < pairs; round += 1) {
      const keep = round >= 0;
      const turns: (() => Promise<void>)[] = [
        async () => note(samples.agent, keep, await toFirstRequest(() => bare.agent(), scripted.arrived)),
        async () => note(samples.launcher, keep, await toFirstRequest(() => bare.launcher(), scripted.arrived)),
        async () => {
          const before = engine.requests().length;
          const began = process.hrtime.bigint();
          const child = rig.start([...model, '--', '-p', 'go'], { env });
          const ended = finished(child);
          sessionMiB = Math.max(sessionMiB, await residentOnce(child.pid, () => engine.requests().length > before));
          const ran = await ended;
          const sent = engine
            .requests()
            .slice(before)
            .filter((one) => one.method === 'POST' && one.path === '/v1/messages');
          if (ran.code !== 0 || sent[0] === undefined) throw new Error(`cclocal: exit ${ran.code}\n${ran.stderr}`);
          note(samples.cclocal, keep, (sent[0].ns - Number(began)) / 1e6);
          posts.push(sent.length);
        },
        () => {
          const began = performance.now();
          spawnSync(process.execPath, ['-e', '0'], { env: {} });
          note(samples.node, keep, performance.now() - began);
          return Promise.resolve();
        },
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    const keeperPid = keeperOf(rig, up.keeper);
    return { ...samples, sessionMiB, keeperMiB: residentMiB(keeperPid), posts };
  } finally {
    server.kill('SIGTERM');
    await done;
    scripted.close();
  }
}

function note(sample: number[], keep: boolean, value: number): void {
  if (keep) sample.push(value);
}

/** The same agent, flags and environment without cclocal: started directly, and by the least a Node launcher can be. */
function bareLaunch(rig: Rig, url: string) {
  const command = claudeCode.command({
    baseUrl: url,
    token: 'bench',
    model: 'local/model',
    context: 32_768,
    outputTokens: 8192,
    patienceMs: 1_800_000,
    tools: claudeCode.tools.base,
    preApproved: claudeCode.tools.preApproved,
    private: false,
    shortPrompt: false,
    configDir: join(rig.home, 'agent'),
    sessionDir: rig.home,
    statusLineFile: null,
    mcpConfig: assets.mcpConfig,
    args: ['-p', 'go'],
    userEnv: rig.env,
    keepEnv: [],
    admitted: nothingAdmitted,
  });
  spawnSync('mkdir', ['-p', join(rig.home, 'agent')]);
  for (const file of command.files) writeFileSync(file.path, file.content, { mode: 0o600 });
  const launcher = join(rig.home, 'bare.mjs');
  writeFileSync(
    launcher,
    `import { spawn } from 'node:child_process';
spawn(process.argv[2], process.argv.slice(3), { stdio: 'inherit' }).on('exit', (code) => (process.exitCode = code));\n`,
  );
  const options = {
    cwd: rig.project,
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
  };
  return {
    agent: () => spawn(claudeBin, command.args, options),
    launcher: () => spawn(process.execPath, [launcher, claudeBin, ...command.args], options),
  };
}

async function toFirstRequest(start: () => ReturnType<typeof spawn>, arrived: () => Promise<bigint>): Promise<number> {
  const first = arrived();
  const began = process.hrtime.bigint();
  const ended = finished(start());
  const at = await Promise.race([first, ended.then((ran) => Promise.reject(new Error(`ended first: ${ran.stderr}`)))]);
  await ended;
  return Number(at - began) / 1e6;
}

/** A Messages server in this process that says "Done." and when the first POST arrived. */
async function scriptedServer() {
  let waiting: ((at: bigint) => void) | null = null;
  const event = (type: string, data: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 1 },
  };
  const server = createServer((request, response) => {
    if (request.method === 'POST') waiting?.(process.hrtime.bigint());
    waiting = request.method === 'POST' ? null : waiting;
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        event('message_start', { message }) +
          event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
          event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Done.' } }) +
          event('content_block_stop', { index: 0 }) +
          event('message_delta', {
            delta: { stop_reason: 'end_turn', stop_sequence: null },
            usage: { output_tokens: 2 },
          }) +
          event('message_stop', {}),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived: () => new Promise<bigint>((resolve) => (waiting = resolve)),
    close: () => server.close(),
  };
}

function jsonFrom(child: ReturnType<Rig['start']>): Promise<{ keeper: string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: string) => {
      text += chunk;
      try {
        resolve(JSON.parse(text) as { keeper: string });
      } catch {
        // The rest is still to come.
      }
    });
    child.once('close', () => reject(new Error(`the server ended: ${text}`)));
  });
}

/** Resident memory of a process at the moment something has happened, MiB. */
async function residentOnce(pid: number | undefined, happened: () => boolean): Promise<number> {
  for (let look = 0; look < 2_000 && !happened(); look += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  return pid === undefined ? 0 : residentMiB(pid);
}

function residentMiB(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function keeperOf(rig: Rig, id: string): number {
  const record = JSON.parse(readFileSync(join(rig.cclocalHome, 'run', id, 'keeper.json'), 'utf8')) as { pid: number };
  return record.pid;
}

async function main(): Promise<number> {
  const at = process.argv.indexOf('--pairs');
  const pairs = at === -1 ? 40 : Number(process.argv[at + 1]);
  const figures = await measureLaunch(pairs);
  const added = figures.cclocal.map((value, index) => value - (figures.launcher[index] ?? NaN));
  const rows = [
    ['spawn to first request, ms', 'min / median / max', 'over the bare launcher, median'],
    ['agent alone', spread(figures.agent), ''],
    ['bare Node launcher', spread(figures.launcher), '0'],
    ['cclocal, joining', spread(figures.cclocal), median(added).toFixed(1)],
    ['node -e 0 (to exit)', spread(figures.node), ''],
    ['memory of the session', `${figures.sessionMiB.toFixed(1)} MiB`, ''],
    ['memory of the keeper', `${figures.keeperMiB.toFixed(1)} MiB`, ''],
  ];
  process.stdout.write(`${table(rows)}\n`);
  const bar = 2 * median(figures.node);
  return verdict(
    `cclocal minus bare launcher, median of ${pairs} pairs`,
    `${median(added).toFixed(1)} ms`,
    `2 x node -e 0 = ${bar.toFixed(1)} ms`,
    median(added) <= bar,
  );
}

if (process.argv[1]?.endsWith('launch.ts')) process.exitCode = await main();
