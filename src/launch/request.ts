import type { EngineName } from './engine-choice.ts';

/** Which model was asked for. `ask` = nothing was named: the menu, or the rehearsal where there is no Mac or terminal. */
export type ModelChoice =
  | { readonly kind: 'ask' }
  | { readonly kind: 'row'; readonly flag: string }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'folder'; readonly path: string };

/** What was typed, checked and complete; nothing has been looked up yet. The menus yield the same shape. */
export interface LaunchRequest {
  readonly model: ModelChoice;
  /** A session without an agent: print the command to paste and wait. */
  readonly server: boolean;
  /** Public port asked for by number; null = the first free one from 8000. */
  readonly port: number | null;
  /** A further port that takes requests without a token; null = none. `wanted` null = the first free one. */
  readonly openPort: { readonly wanted: number | null } | null;
  /** Without the gateway, for comparison. */
  readonly direct: boolean;
  /** Write requests and replies, with all that is in them, into a log. */
  readonly logRequests: boolean;
  /** Context window asked for, tokens; null = the row's. */
  readonly context: number | null;
  /** The engine asked for; null = the catalog's. */
  readonly engine: EngineName | null;
  /** The engine is ended when nobody asked for anything for so long, ms; null = it stays. */
  readonly idleUnloadMs: number | null;
  /** Nothing of a conversation is written to the disk. */
  readonly private: boolean;
  /** Output tokens a reply, as asked for; null = 8,192 or a quarter of the context. */
  readonly outTokens: number | null;
  /** always = --safe, never = --no-mem-check. */
  readonly memoryCheck: 'when-tight' | 'always' | 'never';
  /** GPU limit to set for this session, MiB, as confirmed in the memory menu; null = leave it. */
  readonly raiseLimitMiB: number | null;
  readonly web: boolean;
  /** A short system prompt in place of the agent's. */
  readonly shortPrompt: boolean;
  readonly trustTools: boolean;
  readonly trustCode: boolean;
  /** The project's settings files are loaded, with all that they may do. */
  readonly trustProject: boolean;
  /** The user's own CLAUDE.md is read. */
  readonly withMemory: boolean;
  /** A file with MCP servers; null = none. */
  readonly mcp: string | null;
  /** Skills by name, or folders of them, as typed. */
  readonly skills: readonly string[];
  /** The agent uses the user's own configuration folder. */
  readonly shareConfig: boolean;
  /** Names of variables that the agent gets beside the usual ones. */
  readonly keepEnv: readonly string[];
  /** The agent and all that it starts reach nothing but the gateway. */
  readonly airgap: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly yes: boolean;
  /** What followed `--`, handed to the agent untouched. */
  readonly agentArgs: readonly string[];
}
