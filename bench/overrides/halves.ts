import { existsSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { admit } from '../../src/launch/admit.ts';
import { memoryText } from '../../src/launch/memory-text.ts';
import { makeAgentRig, runPrinted, type AgentRig } from '../../test/support/agent-rig.ts';
import { startMessagesServer } from '../../test/support/messages-server.ts';
import { aRequest } from '../../test/support/plans.ts';

/** What of a project's set-up had an effect. */
export interface Half {
  /** Its CLAUDE.md was read; what it denies was denied; what it wants asked was asked about. */
  readonly claudeMd: boolean;
  readonly denied: boolean;
  readonly asked: boolean;
  /** Its variable was set, its hook and its MCP server were run, what it allows was allowed. */
  readonly env: boolean;
  readonly hook: boolean;
  readonly mcp: boolean;
  readonly allowed: boolean;
}

export const restrictionsOnly: Half = {
  ...{ claudeMd: true, denied: true, asked: true },
  ...{ env: false, hook: false, mcp: false, allowed: false },
};
export const allOfIt: Half = { ...restrictionsOnly, env: true, hook: true, mcp: true, allowed: true };

const conversation = z.object({ messages: z.array(z.looseObject({ content: z.unknown() })) });
const toolResult = z.object({ type: z.literal('tool_result'), content: z.unknown(), is_error: z.boolean().optional() });

/** One conversation of the real agent in a project with settings of every kind, with or without --trust-project. */
export async function measureHalf(claude: string, trustProject: boolean): Promise<Half> {
  using rig = makeAgentRig();
  const marks = layProject(rig);
  const call = (name: string, input: Record<string, unknown>) => ({ kind: 'tool', name, input }) as const;
  await using server = await startMessagesServer([
    call('Read', { file_path: join(rig.project, 'secret.txt') }),
    call('Bash', { command: 'touch asked.txt', description: 'x' }),
    call('Bash', { command: 'echo "var=$PROJECT_VAR"', description: 'x' }),
    call('Read', { file_path: join(rig.folder, 'outside.txt') }),
    { kind: 'text', text: 'done' },
  ]);
  const where = { cwd: rig.project, configDir: rig.configDir, managedRoot: rig.folder };
  const system = { env: rig.userEnv, userHome: rig.home, platform: 'linux' } as const;
  const admitted = await admit(claudeCode, aRequest({ trustProject }), system, where);
  const { args, env } = rig.command(server.url, {
    admitted: { ...admitted, memory: admitted.memory === null ? null : memoryText(admitted.memory) },
    preApproved: [...claudeCode.tools.preApproved, ...claudeCode.tools.withTrust],
  });
  const state = join(rig.configDir, '.claude.json');
  const seed = z.looseObject({}).parse(JSON.parse(readFileSync(state, 'utf8')));
  writeFileSync(state, JSON.stringify({ ...seed, projects: { [rig.project]: { hasTrustDialogAccepted: true } } }));
  await runPrinted(claude, [...args, ...claudeCode.printArgs('go on')], { cwd: rig.project, env });
  const bodies = server.modelRequests().map(({ body }) => body);
  const results = resultsIn(bodies.at(-1) ?? '');
  const [secret, asking, variable, outside] = results;
  return {
    claudeMd: bodies[0]?.includes('Words of the project.') === true,
    denied: secret?.is_error === true,
    asked: asking?.is_error === true && !existsSync(join(rig.project, 'asked.txt')),
    env: JSON.stringify(variable ?? null).includes('var=set'),
    hook: existsSync(marks.hook),
    mcp: existsSync(marks.mcp),
    allowed: outside !== undefined && outside.is_error !== true,
  };
}

function layProject({ project, folder }: AgentRig): { readonly hook: string; readonly mcp: string } {
  const marks = { hook: join(folder, 'hook-ran'), mcp: join(folder, 'mcp-ran') };
  mkdirSync(join(project, '.claude'));
  const put = (name: string, content: unknown): void => writeFileSync(join(project, name), JSON.stringify(content));
  writeFileSync(join(project, 'CLAUDE.md'), 'Words of the project.');
  for (const path of [join(project, 'secret.txt'), join(folder, 'outside.txt')]) writeFileSync(path, 'words\n');
  put('.claude/settings.json', {
    env: { PROJECT_VAR: 'set' },
    hooks: { SessionStart: [{ hooks: [{ type: 'command', command: `touch '${marks.hook}'` }] }] },
    permissions: { allow: [`Read(/${folder}/outside.txt)`], deny: ['Read(/secret.txt)'] },
  });
  put('.claude/settings.local.json', { permissions: { ask: ['Bash(touch asked*)'] } });
  put('.mcp.json', { mcpServers: { theirs: { command: '/bin/sh', args: ['-c', `touch '${marks.mcp}'`] } } });
  return marks;
}

function resultsIn(body: string): readonly z.infer<typeof toolResult>[] {
  return conversation.parse(JSON.parse(body)).messages.flatMap(({ content }) => {
    const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
    return blocks.flatMap((block) => toolResult.safeParse(block).data ?? []);
  });
}
