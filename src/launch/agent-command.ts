import type { AgentCommand } from '../agents/agent.ts';
import { statusLineFile } from '../keeper/status-line-file.ts';
import type { Link } from '../keeper/link.ts';
import { assets } from '../os/assets.ts';
import { withoutSecrets } from '../os/secrets.ts';
import { airgapConfigDir } from './airgap-env.ts';
import type { Launch } from './launch.ts';
import { memoryText } from './memory-text.ts';

/** What the agent is started with, once the session's token and address are known. */
export function agentCommand(
  { agent, plan, paths, system }: Pick<Launch, 'agent' | 'plan' | 'paths' | 'system'>,
  link: Pick<Link, 'url' | 'token' | 'sessionDir'>,
): AgentCommand {
  const { admitted, airgap } = plan.session;
  return agent.command({
    baseUrl: link.url,
    token: link.token,
    model: plan.model.name,
    context: plan.session.ceiling,
    outputTokens: plan.session.outputTokens,
    patienceMs: plan.session.patienceMs,
    tools: plan.session.tools,
    preApproved: plan.session.preApproved,
    private: plan.session.privacy === 'private',
    shortPrompt: plan.session.shortPrompt,
    configDir: airgap === null ? paths.agentConfig(agent.id) : airgapConfigDir(link.sessionDir),
    sessionDir: link.sessionDir,
    statusLineFile: plan.keeper.gateway === null ? null : statusLineFile(link.sessionDir),
    mcpConfig: assets.mcpConfig,
    args: plan.session.agentArgs,
    userEnv: withoutSecrets(system.env, plan.session.keepEnv),
    keepEnv: plan.session.keepEnv,
    admitted: { ...admitted, memory: admitted.memory === null ? null : memoryText(admitted.memory) },
  });
}
