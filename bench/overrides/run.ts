import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { makeAgentRig, runPrinted, testToken, type AgentRig } from '../../test/support/agent-rig.ts';
import { sendPrompt } from '../../test/support/claude-terminal.ts';
import { startMessagesServer, type RecordedRequest } from '../../test/support/messages-server.ts';
import { startOnPty } from '../../test/support/pty.ts';
import { realMark, type Diversion } from './diversions.ts';
import type { Place } from './places.ts';

export interface Outcome {
  /** Requests at the trap. */
  readonly trapped: number;
  /** Requests anywhere with something real in them, or without the session's own token. */
  readonly leaked: number;
  /** Requests to the model, of two that the conversation needs. */
  readonly answered: number;
  /** A hook or helper ran, or a command that nobody had approved. */
  readonly ran: boolean;
  readonly said: string;
}

export interface Case {
  readonly claude: string;
  readonly what: Diversion;
  readonly place: Place;
  readonly terminal: boolean;
  /** Started as a person would without cclocal: the trap must then see something. */
  readonly unprotected?: boolean;
}

const answer = 'All is well here.';

/** One conversation of the real agent with a diversion in a place; the model asks for a command that nobody approved. */
export async function runCase({ claude, what, place, terminal, unprotected = false }: Case): Promise<Outcome> {
  using rig = makeAgentRig();
  await using trap = await startMessagesServer([{ kind: 'text', text: answer }]);
  await using server = await startMessagesServer([
    { kind: 'tool', name: 'Bash', input: { command: 'touch ran.txt', description: 'x' } },
    { kind: 'text', text: answer },
  ]);
  const mark = join(rig.folder, 'hooked');
  const { userEnv = rig.userEnv, change = {} } = place.lay(rig, what, trap.url, mark);
  const command = unprotected
    ? { args: [], env: { ...userEnv, ANTHROPIC_BASE_URL: server.url, ANTHROPIC_AUTH_TOKEN: testToken } }
    : rig.command(server.url, { ...change, userEnv });
  const start = { file: claude, args: command.args, cwd: rig.project, env: command.env };
  const shared = change.admitted?.sharedConfig === true;
  const said = await (terminal ? inTerminal(start, rig, shared) : printed(start));
  const all = [...trap.requests, ...server.requests];
  return {
    trapped: trap.requests.length,
    leaked: all.filter(isReal).length + server.modelRequests().filter(({ headers }) => !isOurs(headers)).length,
    answered: server.modelRequests().length,
    ran: existsSync(mark) || existsSync(join(rig.project, 'ran.txt')),
    said,
  };
}

/** Nothing went elsewhere, and what may not run did not. Declining a command in a terminal ends the turn. */
export const isSafe = ({ place, terminal }: Pick<Case, 'place' | 'terminal'>, outcome: Outcome): boolean =>
  outcome.trapped === 0 &&
  outcome.leaked === 0 &&
  outcome.answered >= (terminal ? 1 : 2) &&
  (place.mayRun || !outcome.ran);

const isReal = ({ headers, body, path }: RecordedRequest): boolean =>
  JSON.stringify([headers, path, body]).includes(realMark);

const isOurs = (headers: RecordedRequest['headers']): boolean =>
  headers['authorization'] === `Bearer ${testToken}` &&
  [undefined, testToken].includes(headers['x-api-key']?.toString());

interface Start {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

async function printed({ file, args, cwd, env }: Start): Promise<string> {
  const { code, stdout, stderr } = await runPrinted(file, [...args, ...claudeCode.printArgs('go on')], { cwd, env });
  return `${code}: ${stdout}${stderr}`.trim();
}

/** The folder counts as trusted: the question stands before anything of a project's is read, and hides what follows. */
async function inTerminal(start: Start, rig: AgentRig, shared: boolean): Promise<string> {
  const file = shared ? join(rig.home, '.claude.json') : join(rig.configDir, '.claude.json');
  const state = z.looseObject({}).parse(JSON.parse(readFileSync(file, 'utf8')));
  writeFileSync(file, JSON.stringify({ ...state, projects: { [start.cwd]: { hasTrustDialogAccepted: true } } }));
  const session = startOnPty(start);
  try {
    // A status line of theirs hides the hint below the prompt.
    await session.listening;
    await session.waitFor(/^❯(?! \d)/m);
    await sendPrompt(session, 'go on');
    // The command is asked about, or was let through.
    const asked = await session.waitFor(/Do you want to proceed|All is well here/);
    if (asked.includes('Do you want to proceed')) session.type('\x1b');
    else return answer;
    await session.waitFor(/All is well here|Interrupted|What should Claude do/);
    return 'asked';
  } catch (error) {
    return String(error);
  } finally {
    session.kill('SIGKILL');
    await session.exited;
  }
}
