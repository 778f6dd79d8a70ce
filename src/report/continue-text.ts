import type { Plan } from '../launch/plan.ts';
import type { LaunchRequest } from '../launch/request.ts';
import { quoted } from '../os/files.ts';

type Isolation = Pick<LaunchRequest, 'trustProject' | 'withMemory' | 'mcp' | 'skills' | 'shareConfig' | 'keepEnv'>;

type Typed = Pick<
  LaunchRequest,
  'model' | 'context' | 'outTokens' | 'web' | 'shortPrompt' | 'trustTools' | 'trustCode' | keyof Isolation
>;

/**
 * The line after a conversation: what to type to go on with it. The agent names its own command, which would reach
 * neither the model nor the folder where cclocal has the agent keep its conversations. Pure.
 *
 * @param agentArgs the agent's flags for the newest conversation of the folder it was in
 */
export function continueText(
  plan: { readonly model: Pick<Plan['model'], 'name' | 'row'> },
  request: Typed,
  agentArgs: readonly string[],
): string {
  const model = request.model.kind === 'folder' ? request.model.path : plan.model.name;
  const flags = [
    ...(plan.model.row === null ? ['--model', model] : [`--${plan.model.row}`]),
    ...(request.context === null ? [] : ['--context', String(request.context)]),
    ...(request.outTokens === null ? [] : ['--out-tokens', String(request.outTokens)]),
    ...(request.web ? ['--web'] : []),
    ...(request.shortPrompt ? ['--short-prompt'] : []),
    ...(request.trustTools ? ['--trust-tools'] : []),
    ...(request.trustCode ? ['--trust-code'] : []),
    ...(request.trustProject ? ['--trust-project'] : []),
    ...(request.withMemory ? ['--with-memory'] : []),
    ...(request.mcp === null ? [] : ['--mcp', request.mcp]),
    ...request.skills.flatMap((name) => ['--skills', name]),
    ...(request.shareConfig ? ['--share-config'] : []),
    ...request.keepEnv.flatMap((name) => ['--keep-env', name]),
  ];
  return `To go on with this conversation: ${['cclocal', ...flags, '--', ...agentArgs].map(quoted).join(' ')}`;
}
