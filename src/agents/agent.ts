/** What an agent needs to know of the session it works in. The token is minted at the launch and lives nowhere else. */
export interface AgentInput {
  readonly baseUrl: string;
  readonly token: string;
  /** The model's name, the same on every tier. */
  readonly model: string;
  /** Context window and output tokens a reply. */
  readonly context: number;
  readonly outputTokens: number;
  /** How long a reply may take from its request to its end, ms: the agent must not give it up before. */
  readonly patienceMs: number;
  readonly tools: readonly string[];
  readonly preApproved: readonly string[];
  /** It must write nothing of the conversation to the disk. */
  readonly private: boolean;
  /** A short system prompt of ours in place of the agent's. */
  readonly shortPrompt: boolean;
  /** The agent's own configuration folder below cclocal's home. */
  readonly configDir: string;
  /** A 0700 folder of this session, removed at its end. */
  readonly sessionDir: string;
  /** The file whose one line the agent shows under its prompt; null = nobody writes one. */
  readonly statusLineFile: string | null;
  /** The shipped file with no MCP servers in it. */
  readonly mcpConfig: string;
  /** What the user put after `--`. */
  readonly args: readonly string[];
  /** The user's environment, from which the allow-list takes. */
  readonly userEnv: Readonly<Record<string, string | undefined>>;
  /** Names beside the allow-list that the user wants kept. */
  readonly keepEnv: readonly string[];
  readonly admitted: Admitted;
}

/** Rules of a project that only ever take something away: what is forbidden, and what is asked about. */
export interface Rules {
  readonly deny: readonly string[];
  readonly ask: readonly string[];
}

/** What of the project's and the user's own set-up is let into a session. */
export interface Admitted {
  /** A project's restrictions hold always. */
  readonly rules: Rules;
  /** All the rest that the project's settings files say, hooks and permissions among it. */
  readonly project: boolean;
  /** Files with MCP servers. */
  readonly mcp: readonly string[];
  /** Text of the user's own CLAUDE.md; null = it is not read. */
  readonly memory: string | null;
  /** Folders of single skills, by the name they are called with. */
  readonly skills: readonly { readonly name: string; readonly folder: string }[];
  /** The user's own configuration folder in place of cclocal's. */
  readonly sharedConfig: boolean;
  /** A key of the user's may be found where settings are read; it must not be sent along. */
  readonly otherKey: boolean;
}

/** What a session gets of them unless something was asked for. */
export const nothingAdmitted: Admitted = {
  rules: { deny: [], ask: [] },
  project: false,
  mcp: [],
  memory: null,
  skills: [],
  sharedConfig: false,
  otherKey: false,
};

/** A file to write before the start. `once` = only where it does not exist yet (seeds of the agent's own folder). */
export interface AgentFile {
  readonly path: string;
  readonly content: string;
  readonly mode: 0o600;
  readonly once: boolean;
}

/** What of a session may change the agent's system prompt and tools, beside the model. */
export interface PromptInput {
  readonly version: string | null;
  readonly tools: readonly string[];
  readonly shortPrompt: boolean;
  readonly args: readonly string[];
}

export interface AgentCommand {
  /** Complete arguments; no secret among them. */
  readonly args: readonly string[];
  /** Complete environment, never merged with the one of cclocal. */
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly AgentFile[];
  /** Links to make in the session's folder. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

/** Where an agent's settings stand, and how they are read. Paths are relative to the folder named. */
export interface AgentSettings {
  /** A project's settings files, and the one that names its MCP servers. */
  readonly project: readonly string[];
  readonly projectMcp: string;
  /** The variable that moves the user's own configuration folder, where it is otherwise, and what stands in it. */
  readonly own: {
    readonly variable: string;
    readonly folder: string;
    readonly memory: string;
    readonly skills: string;
  };
  /** Files of a configuration folder in which a key may stand, whether one does, and whether a login outranks our token. */
  readonly keys: {
    readonly files: readonly string[];
    readonly holdsKey: (text: string) => boolean;
    readonly outranksToken: (text: string) => boolean;
  };
  /** An organisation's files, which outrank all that cclocal says: single ones, and folders of `*.json`. */
  readonly managed: (platform: string) => { readonly files: readonly string[]; readonly folders: readonly string[] };
  /** What in the content of such a file makes a session on a local model impossible; null = nothing. Pure. */
  readonly forbids: (settings: unknown) => { readonly setting: string; readonly why: string } | null;
  /** The restrictions in the content of a project's settings file; `folder` is the project's. Pure. */
  readonly rules: (settings: unknown, folder: string) => Rules;
}

/** An agent as a value: data and pure functions, one file each; launch/ writes the files and starts it. */
export interface Agent {
  readonly id: string;
  readonly label: string;
  /** Program looked for on PATH, and what to type when it is not there. */
  readonly program: string;
  readonly install: string;
  readonly version: { readonly args: readonly string[]; readonly parse: (text: string) => string | null };
  /** Releases that the tests run with; a newer one gets a word, not a stop. */
  readonly tested: readonly string[];
  /** Names of the user's variables that reach the agent. */
  readonly keepEnv: readonly string[];
  /** Whether a variable steers the agent itself, so that no user's may reach it. */
  readonly ownVariable: (name: string) => boolean;
  /** The tools it gets: always, with --web, and those that never ask. */
  readonly tools: {
    readonly base: readonly string[];
    readonly web: readonly string[];
    readonly preApproved: readonly string[];
    readonly withTrust: readonly string[];
    /** With skills that were admitted. */
    readonly skills: readonly string[];
  };
  readonly settings: AgentSettings;
  /** The agent's flags that cclocal sets itself, each with a sentence on what to do in its place. */
  readonly ownFlags: readonly { readonly flag: string; readonly instead: string }[];
  readonly command: (input: AgentInput) => AgentCommand;
  /**
   * What its system prompt and tools depend on, as a text to compare; null where that is not known, or where words of the
   * user may stand in them.
   */
  readonly promptKey: (input: PromptInput) => string | null;
  /** Arguments that run it once, without a terminal, on a prompt. */
  readonly printArgs: (prompt: string) => readonly string[];
  /**
   * Arguments that go on with the newest conversation of a folder; null where the user's own arguments (`args`) made it
   * no conversation, as in print mode.
   */
  readonly continueArgs: (args: readonly string[]) => readonly string[] | null;
  /** The line to paste in another terminal (--server): no token in it, only the path of the settings file. */
  readonly pasteLine: (command: AgentCommand, program: string) => string;
}
