import type { AgentCommand } from '../agents/agent.ts';
import type { AirgapPlan, Plan, SessionPlan } from '../launch/plan.ts';
import { redacted, secretName } from '../os/secrets.ts';
import { frontText } from './front-text.ts';
import { count, size } from './units.ts';

/** The plan for people, at 80 columns where values allow: what `--dry-run` prints. Secrets are masked. Pure. */
export function planText(plan: Plan, agent: AgentCommand | null): string {
  const { keeper, session, model } = plan;
  const { weights, port } = keeper;
  const where = weights.snapshotPath ?? weights.repo ?? 'unknown';
  const rows: [string, string][] = [
    ['model', `${model.label} (${model.name})`],
    [
      'weights',
      `${where}${weights.complete ? '' : `, to fetch: ${weights.bytes === null ? 'unknown size' : size(weights.bytes)}`}`,
    ],
    ['revision', weights.revision ?? (weights.repo === null ? 'a local folder' : 'main, whatever it is when fetched')],
    ['memory', plan.memory.words],
    ['context', `${count(keeper.context)} tokens, replies up to ${count(session.outputTokens)}`],
    ['engine', `${keeper.engine.id}: ${keeper.engine.why}`],
    [
      'kept on disk',
      keeper.diskCache === null
        ? `nothing of a conversation${keeper.privacy === 'private' ? ' (--private)' : ''}`
        : `of conversations up to ${size(keeper.diskCache.maxBytes)} in ${keeper.diskCache.path}; "cclocal clean" removes it`,
    ],
    ['engine flags', keeper.engine.flags.join(' ')],
    ['engine python', keeper.engine.python],
    ['keeper', plan.join === null ? 'a new one' : `joins ${plan.join}, which already runs this model`],
    [
      'port',
      port.wanted === null
        ? `first free one from ${port.first} to ${port.last}, on 127.0.0.1`
        : `${port.wanted}, on 127.0.0.1`,
    ],
    ['gateway', frontText(keeper.gateway)],
    [
      'agent',
      session.agent === null
        ? 'none (--server)'
        : `${session.agent.path ?? `${session.agent.id}: not found`} ${session.agent.version ?? ''}`.trim(),
    ],
    ['tools', session.tools.join(', ')],
    ['without asking', session.preApproved.join(', ')],
    ...isolationRows(session),
    ['cleaned up', plan.cleanup.join('; ')],
    ...model.notes.map((note): [string, string] => ['note', note]),
    ...plan.words.map((word): [string, string] => ['note', word]),
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(15)}${value}`);
  if (agent !== null) {
    lines.push('', 'agent command', `  ${agent.args.map(shown).join(' ')}`, '', "agent's environment, complete");
    for (const [name, value] of Object.entries(agent.env).sort(([a], [b]) => a.localeCompare(b))) {
      lines.push(`  ${name}=${secretName(name) && value !== '' ? '(masked)' : redacted(value)}`);
    }
  }
  return lines.join('\n');
}

/** What is let in, and what is kept from the network; nothing where nothing was asked for. */
function isolationRows({ admitted, keepEnv, airgap }: SessionPlan): [string, string][] {
  const { rules, project, mcp, memory, skills, sharedConfig } = admitted;
  const held = rules.deny.length + rules.ask.length;
  const letIn = [
    ...(memory === null ? [] : [memory]),
    ...mcp.map((file) => `MCP servers of ${file}`),
    ...(skills.length === 0 ? [] : [`skills ${skills.map(({ name }) => name).join(', ')}`]),
    ...(project ? ["the project's settings (--trust-project)"] : []),
    ...(sharedConfig ? ["the user's own configuration folder"] : []),
    ...(keepEnv.length === 0 ? [] : [`the variables ${keepEnv.join(', ')}`]),
  ];
  return [
    ...(held === 0 ? [] : [['project rules', [...rules.deny, ...rules.ask].join(', ')] as [string, string]]),
    ...(letIn.length === 0 ? [] : [['let in', letIn.join('; ')] as [string, string]]),
    ...(airgap === null ? [] : [['airgap', airgapWords(airgap)] as [string, string]]),
  ];
}

function airgapWords({ by, confinesFiles }: AirgapPlan): string {
  if (by === 'sandbox-exec') return 'a sandbox-exec profile (not tested on a Mac); commands ask first';
  return confinesFiles
    ? 'own network, files and processes: nothing but the model is reached, and only this folder is written to'
    : 'own network: nothing but the model is reached; files are not confined here, so commands ask first';
}

const shown = (arg: string): string => (/^[\w./:=,@%+-]+$/.test(arg) ? arg : JSON.stringify(arg));
