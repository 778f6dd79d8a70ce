import { patienceMs } from './patience.ts';
import type { Agent } from '../agents/agent.ts';
import type { Facts } from './facts.ts';
import type { AirgapPlan, SessionPlan } from './plan.ts';
import type { LaunchRequest } from './request.ts';

export interface SessionInput {
  readonly request: LaunchRequest;
  readonly facts: Facts;
  readonly agent: Agent;
  readonly admitted: SessionPlan['admitted'];
  readonly airgap: AirgapPlan | null;
}

/** The session's half of a plan. Pure. */
export function planSession(input: SessionInput, context: number, outputTokens: number): SessionPlan {
  const { request, facts, agent, admitted, airgap } = input;
  const { base, web, preApproved, withTrust, skills } = agent.tools;
  const runsCommands = request.trustTools || airgap?.confinesFiles === true;
  return {
    agent: request.server ? null : { id: agent.id, path: facts.agent.path, version: facts.agent.version },
    ceiling: context,
    outputTokens,
    patienceMs: patienceMs(context, outputTokens),
    tools: [...base, ...(request.web ? web : []), ...(admitted.skills.length > 0 ? skills : [])],
    preApproved: runsCommands ? [...preApproved, ...withTrust] : preApproved,
    admitted,
    keepEnv: request.keepEnv,
    airgap,
    privacy: request.private ? 'private' : 'standard',
    agentArgs: request.agentArgs,
    shortPrompt: request.shortPrompt,
  };
}
