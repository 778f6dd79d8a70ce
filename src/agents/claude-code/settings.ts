import type { AgentInput } from '../agent.ts';
import { sessionEnv } from './session-env.ts';
import { quoted, statusLine } from './status-line.ts';
import { emptied } from './user-env.ts';

/**
 * The content of the file behind `--settings`. It outranks every settings file but an organisation's, and the `env`
 * block of any settings file beats the process environment. It holds the token: 0600, in the session's folder.
 */
export function settings(input: AgentInput): string {
  return JSON.stringify({
    env: { ...sessionEnv(input), ...emptied },
    // Both releases tested send a stored key, or what another helper says, beside the token; this one says the token.
    ...(input.admitted.otherKey && { apiKeyHelper: `/bin/cat ${quoted(tokenFile(input))}` }),
    permissions: { allow: [...new Set(input.preApproved.flatMap(rules))], ...restrictions(input) },
    // Auto mode asks a model whether each action is safe: one more prefill an action, answered by the model itself.
    disableAutoMode: 'disable',
    // In a terminal it would put a handler for claude-cli:// addresses into the user's own folders.
    disableDeepLinkRegistration: 'disable',
    // WebFetch would ask Anthropic's servers about each host name first.
    skipWebFetchPreflight: true,
    // The model menu would otherwise list the one model once a tier.
    modelPicker: { replaceBuiltInOptions: true, options: [{ model: input.model, label: input.model }] },
    ...(input.statusLineFile !== null && { statusLine: statusLine(input.statusLineFile) }),
  });
}

/** Only where a helper of ours has to read it. */
export const tokenFile = ({ sessionDir }: Pick<AgentInput, 'sessionDir'>): string => `${sessionDir}/token`;

/** Left out where there are none, so that the file of most sessions stays as it is. */
function restrictions({ admitted: { rules } }: AgentInput): Partial<Record<'deny' | 'ask', readonly string[]>> {
  return { ...(rules.deny.length > 0 && { deny: rules.deny }), ...(rules.ask.length > 0 && { ask: rules.ask }) };
}

/**
 * Files are pre-approved in the folder the agent works in only. The agent checks all reading tools (Glob and Grep among
 * them) by its Read rules and all writing tools by its Edit rules, and warns of path rules for others.
 */
function rules(tool: string): readonly string[] {
  if (['Read', 'Glob', 'Grep'].includes(tool)) return ['Read(./**)'];
  if (['Edit', 'Write'].includes(tool)) return ['Edit(./**)'];
  return [tool];
}
