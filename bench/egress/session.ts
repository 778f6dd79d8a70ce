import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { findAirgap } from '../../src/launch/airgap.ts';
import { airgapConfigDir } from '../../src/launch/airgap-env.ts';
import { confine } from '../../src/launch/airgap-session.ts';
import type { Receipt } from '../../src/launch/receipt.ts';
import { pathsFor } from '../../src/os/paths.ts';
import { realSystem } from '../../src/os/real-system.ts';
import { makeAgentRig, realClaude, runPrinted, type AgentRig } from '../../test/support/agent-rig.ts';
import { promptStands, sendPrompt } from '../../test/support/claude-terminal.ts';
import { enginePython } from '../../test/support/engine-python.ts';
import { startMessagesServer, type MessagesServer } from '../../test/support/messages-server.ts';
import { startOnPty } from '../../test/support/pty.ts';

const answer = 'All is well here.';

export interface Run {
  readonly claude?: string;
  readonly terminal: boolean;
  /** A shell command that the model asks for first; without one it reads a file. */
  readonly command?: string;
}

export interface AirgapRun {
  readonly receipt: Receipt;
  /** What the tool call gave the model. */
  readonly result: string;
  /** Requests to the model that came through the relay. */
  readonly requests: number;
}

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A conversation of the real agent with one tool call, as cclocal starts it; `around` may start it by another program. */
export async function converse(
  { claude = realClaude, terminal, command }: Run,
  around: (program: Program, rig: AgentRig, server: MessagesServer) => Promise<Program>,
  after: (rig: AgentRig, server: MessagesServer) => void,
): Promise<void> {
  using rig = makeAgentRig();
  writeFileSync(join(rig.project, 'a.txt'), 'some words\n');
  await using server = await startMessagesServer([
    command === undefined
      ? { kind: 'tool', name: 'Read', input: { file_path: join(rig.project, 'a.txt') } }
      : { kind: 'tool', name: 'Bash', input: { command, description: 'x' } },
    { kind: 'text', text: answer },
  ]);
  // Behind --airgap the profile is the session's own; seeded before, as an earlier session leaves it.
  const change = {
    configDir: airgapConfigDir(rig.sessionDir),
    preApproved: [...claudeCode.tools.preApproved, ...(command === undefined ? [] : claudeCode.tools.withTrust)],
  };
  const { args, env } = rig.command(server.url, change);
  const state = join(change.configDir, '.claude.json');
  const seed = z.looseObject({}).parse(JSON.parse(readFileSync(state, 'utf8')));
  writeFileSync(state, JSON.stringify({ ...seed, projects: { [rig.project]: { hasTrustDialogAccepted: true } } }));
  const once = terminal ? [] : claudeCode.printArgs('go on');
  const program = await around({ file: claude, args: [...args, ...once], env }, rig, server);
  if (terminal) await inTerminal(program, rig);
  else {
    const { code, stdout, stderr } = await runPrinted(program.file, program.args, {
      cwd: rig.project,
      env: program.env,
    });
    if (code !== 0) throw new Error(`The agent ended with ${code} and said: ${stdout}${stderr}`);
  }
  after(rig, server);
}

/** Behind --airgap, to the end with its receipt. */
export async function converseBehindAirgap(run: Run): Promise<AirgapRun> {
  const done: AirgapRun[] = [];
  const ends: (() => { receipt: Receipt })[] = [];
  await converse(
    run,
    async ({ file, args, env }, rig, server) => {
      const airgap = await findAirgap({ ...realSystem(), userHome: rig.home }, enginePython(), rig.project);
      const confined = await confine({
        airgap,
        link: { port: Number(new URL(server.url).port), sessionDir: rig.sessionDir, session: 'a-1' },
        paths: pathsFor({ CCLOCAL_HOME: rig.folder }, rig.home),
        agentId: claudeCode.id,
        program: file,
        command: { args, env, files: [], links: [] },
        cwd: rig.project,
        reads: [],
      });
      ends.push(confined.end);
      return { file: confined.program, args: confined.command.args, env: confined.command.env };
    },
    (_, server) => {
      const receipt = ends[0]?.().receipt;
      if (receipt === undefined) throw new Error('nothing was confined');
      const requests = server.modelRequests();
      done.push({ receipt, requests: requests.length, result: resultIn(requests.at(-1)?.body ?? '') });
    },
  );
  const [only] = done;
  if (only === undefined) throw new Error('the conversation did not end');
  return only;
}

const conversation = z.object({ messages: z.array(z.looseObject({ content: z.unknown() })) });

/** The last tool result, as text. */
function resultIn(body: string): string {
  const contents = conversation.parse(JSON.parse(body)).messages.map(({ content }) => JSON.stringify(content));
  return contents.filter((text) => text.includes('tool_result')).at(-1) ?? '';
}

async function inTerminal({ file, args, env }: Program, rig: AgentRig): Promise<void> {
  const session = startOnPty({ file, args, env, cwd: rig.project });
  try {
    await session.waitFor(promptStands);
    await sendPrompt(session, 'go on');
    await session.waitFor(answer);
    session.type('/exit\r');
    await session.exited;
  } finally {
    session.kill('SIGKILL');
    await session.exited;
  }
}

/** A server on every address of this machine, and one of them that is not loopback (or none such). */
export async function startTrap() {
  let requests = 0;
  const server: Server = createServer((_, response) => {
    requests += 1;
    response.end('trapped');
  });
  await new Promise<void>((done) => server.listen(0, '0.0.0.0', done));
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  return {
    url: `http://${outside ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}/`,
    requests: () => requests,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  };
}
