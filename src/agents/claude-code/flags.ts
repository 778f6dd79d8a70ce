import type { AgentInput } from '../agent.ts';
import { memoryFolder, skillsFolder } from './admitted.ts';
import { shortPrompt } from './short-prompt.ts';

/** A call that is cut off at the output limit writes nothing at all, so large files are to be written in steps. */
const writeInParts =
  'Write a file of more than about 150 lines in parts: create it with the first part, then add the rest with Edit, ' +
  'one part a call. A longer call is cut off and writes nothing.';

/**
 * Complete arguments. `--mcp-config`, `--tools` and `--add-dir` take any number of values, so a flag of one value stands
 * behind them: a prompt that the user adds at the end must not be swallowed.
 *
 * Of the settings files only those of the agent's own folder are loaded: a project's could set variables, hooks and
 * permissions. Its CLAUDE.md, which goes with them, is brought back by `--add-dir .`; its restrictions stand in the
 * settings file.
 */
export function flags(input: AgentInput, settingsFile: string): readonly string[] {
  return [
    '--strict-mcp-config',
    ...['--mcp-config', input.mcpConfig, ...input.admitted.mcp],
    ...['--tools', input.tools.join(',')],
    ...addDir(input),
    ...(input.admitted.skills.length === 0 ? [] : ['--plugin-dir', skillsFolder(input)]),
    ...['--settings', settingsFile],
    ...['--setting-sources', input.admitted.project ? 'user,project,local' : 'user'],
    ...['--model', input.model],
    // Newer releases call it "manual" and take both names.
    ...['--permission-mode', 'default'],
    '--exclude-dynamic-system-prompt-sections',
    ...(input.shortPrompt && !replaces(input.args) ? ['--system-prompt', shortPrompt] : []),
    ...(appends(input.args) ? [] : ['--append-system-prompt', writeInParts]),
    ...input.args,
  ];
}

/** Folders whose CLAUDE.md is read. A trusted project's is read with its settings. */
function addDir(input: AgentInput): readonly string[] {
  const { project, memory } = input.admitted;
  const folders = [...(project ? [] : ['.']), ...(memory === null ? [] : [memoryFolder(input)])];
  return folders.length === 0 ? [] : ['--add-dir', ...folders];
}

/** The agent takes one such text (older releases refuse a second), and the user's goes first. */
function appends(args: readonly string[]): boolean {
  return args.some((arg) => /^--append-system-prompt(-file)?(=|$)/.test(arg));
}

/** A prompt of the user's own. */
function replaces(args: readonly string[]): boolean {
  return args.some((arg) => /^--system-prompt(-file)?(=|$)/.test(arg));
}

/** Whether these arguments make the agent answer once, or only say something of itself, instead of a conversation. */
export function printsOnly(args: readonly string[]): boolean {
  return args.some((arg) => /^(-p|--print|-v|--version|-h|--help)$/.test(arg));
}

const lasting = 'lasting settings go into agents/claude-code/settings.json in the folder ~/.cclocal';
const trust = "Use cclocal's --trust-tools instead: it lets the agent run shell commands without asking.";

/** The agent's flags that cclocal sets itself, each with a sentence on what to do in its place. */
export const ownFlags = [
  { flag: '--settings', instead: `Use cclocal's --context, --out-tokens, --web or --trust-tools; ${lasting}.` },
  { flag: '--setting-sources', instead: `Use cclocal's --trust-project for a project's settings; ${lasting}.` },
  { flag: '--mcp-config', instead: "Use cclocal's --mcp FILE instead." },
  { flag: '--plugin-dir', instead: "Use cclocal's --skills NAMES or --skills FOLDER instead." },
  { flag: '--bare', instead: "Leave it out: it drops the session's token and asks for a key of Anthropic's." },
  { flag: '--bg', instead: 'Leave it out: sessions in the background use the stored login, not this model.' },
  { flag: '--background', instead: 'Leave it out: sessions in the background use the stored login, not this model.' },
  { flag: '--cloud', instead: 'Leave it out: it would create a session in the cloud.' },
  { flag: '--tools', instead: "Use cclocal's --web instead: it adds WebFetch to the six tools." },
  { flag: '--model', instead: 'Name the model before the "--", with a flag such as --coder or with --model ID.' },
  { flag: '--permission-mode', instead: trust },
  { flag: '--dangerously-skip-permissions', instead: trust },
] as const;
