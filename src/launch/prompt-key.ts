import type { Launch } from './launch.ts';

/** What the system prompt and the tools of a session's agent depend on; null = nothing of them is to be remembered. */
export function promptKeyOf({ agent, plan }: Pick<Launch, 'agent' | 'plan'>): string | null {
  const { keeper, session } = plan;
  if (session.agent === null || session.privacy === 'private' || keeper.privacy === 'private') return null;
  const { tools, shortPrompt, agentArgs, admitted } = session;
  const { deny, ask } = admitted.rules;
  // Words of the user or the project may then stand in it, and a tool that is forbidden is missing.
  const own = admitted.memory !== null || admitted.project || admitted.sharedConfig;
  if (own || [deny, ask, admitted.mcp, admitted.skills].some((list) => list.length > 0)) return null;
  return agent.promptKey({ version: session.agent.version, tools, shortPrompt, args: agentArgs });
}
