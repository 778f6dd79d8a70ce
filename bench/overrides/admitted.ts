import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nothingAdmitted } from '../../src/agents/agent.ts';
import { claudeCode } from '../../src/agents/claude-code.ts';
import { makeAgentRig, runPrinted } from '../../test/support/agent-rig.ts';
import { startMessagesServer } from '../../test/support/messages-server.ts';

/** What reached the real agent of what was admitted. */
export interface Reached {
  readonly memory: boolean;
  readonly skill: boolean;
  readonly mcp: boolean;
  /** A second session, with --continue, knows the first. */
  readonly resumed: boolean;
}

/** A server of one tool, in as little of the protocol as the agent needs. */
const mcpServer = `
const tools = [{ name: 'greet', description: 'Greets QQMCP.', inputSchema: { type: 'object', properties: {} } }];
let rest = '';
process.stdin.on('data', (data) => {
  const lines = (rest + data).split('\\n');
  rest = lines.pop() ?? '';
  for (const line of lines) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    const info = { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } };
    const result = method === 'initialize' ? info : method === 'tools/list' ? { tools } : {};
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
  }
});
`;

/** Two sessions of the real agent in one profile: the user's memory, a skill and an MCP server are admitted to both. */
export async function measureAdmitted(claude: string): Promise<Reached> {
  using rig = makeAgentRig();
  const skill = join(rig.home, 'skills/greet');
  mkdirSync(skill, { recursive: true });
  writeFileSync(join(skill, 'SKILL.md'), '---\nname: greet\ndescription: Greets.\n---\nSay QQSKILL.\n');
  const program = join(rig.folder, 'mcp.cjs');
  writeFileSync(program, mcpServer);
  const mcp = join(rig.folder, 'mcp.json');
  writeFileSync(mcp, JSON.stringify({ mcpServers: { mine: { command: process.execPath, args: [program] } } }));
  await using server = await startMessagesServer([
    { kind: 'tool', name: 'Skill', input: { skill: 'mine:greet' } },
    { kind: 'text', text: 'QQFIRST' },
    { kind: 'text', text: 'done' },
  ]);
  const { args, env } = rig.command(server.url, {
    tools: [...claudeCode.tools.base, ...claudeCode.tools.skills],
    admitted: { ...nothingAdmitted, memory: 'QQMEMORY', mcp: [mcp], skills: [{ name: 'greet', folder: skill }] },
  });
  const options = { cwd: rig.project, env };
  await runPrinted(claude, [...args, ...claudeCode.printArgs('go on')], options);
  await runPrinted(claude, [...args, '--continue', ...claudeCode.printArgs('and on')], options);
  const bodies = server.modelRequests().map(({ body }) => body);
  return {
    memory: bodies[0]?.includes('QQMEMORY') === true,
    skill: bodies[1]?.includes('QQSKILL') === true,
    mcp: bodies[0]?.includes('QQMCP') === true,
    resumed: bodies.at(-1)?.includes('QQFIRST') === true,
  };
}
