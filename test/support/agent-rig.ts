import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nothingAdmitted, type AgentCommand, type AgentInput } from '../../src/agents/agent.ts';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { agentFiles } from '../../src/launch/agent-start.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const realClaude = join(root, 'node_modules/.bin/claude');
export const testToken = 'cclocal-test-token';

/** A newcomer's folders for tests of the agent alone, without an engine or a keeper. */
export interface AgentRig extends Disposable {
  readonly folder: string;
  readonly home: string;
  readonly project: string;
  readonly configDir: string;
  readonly sessionDir: string;
  readonly userEnv: Readonly<Record<string, string>>;
  /** cclocal's own command for the agent against this endpoint; its files are written. */
  readonly command: (baseUrl: string, change?: Partial<AgentInput>) => AgentCommand;
}

export function makeAgentRig(): AgentRig {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ccl-a-')));
  const at = (name: string): string => {
    mkdirSync(join(folder, name), { mode: 0o700 });
    return join(folder, name);
  };
  const folders = { home: at('home'), project: at('my project'), configDir: at('config'), sessionDir: at('session') };
  const userEnv = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: folders.home,
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
  };
  return {
    folder,
    ...folders,
    userEnv,
    command: (baseUrl, change = {}) => {
      const command = claudeCode.command({
        baseUrl,
        token: testToken,
        model: 'owner/local-model-4bit',
        context: 32_768,
        outputTokens: 8_192,
        patienceMs: 1_800_000,
        tools: claudeCode.tools.base,
        preApproved: claudeCode.tools.preApproved,
        private: false,
        shortPrompt: false,
        configDir: folders.configDir,
        sessionDir: folders.sessionDir,
        statusLineFile: null,
        mcpConfig: join(root, 'mcp-local.json'),
        args: [],
        userEnv,
        keepEnv: [],
        admitted: nothingAdmitted,
        ...change,
      });
      agentFiles(command);
      return command;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

export interface Printed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program without a terminal to its end, with exactly this environment. */
export function runPrinted(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Printed> {
  return new Promise((done, failed) => {
    const child = spawn(file, args, { cwd: options.cwd, env: { ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', failed);
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
}
