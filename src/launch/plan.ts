import type { EngineId } from '../engines/engine.ts';
import type { GatewayPlan } from '../gateway/plan.ts';

/**
 * What will happen, as data: `--dry-run` prints the very value that runs. The keeper's half goes to the keeper process
 * as it stands; no token is ever in it, they are minted when it is carried out.
 */
export interface Plan {
  readonly schemaVersion: 1;
  readonly model: {
    /** The name the engine serves and the agent asks for. */
    readonly name: string;
    readonly label: string;
    /** Flag of the catalog row; null for `--model`. */
    readonly row: string | null;
    readonly notes: readonly string[];
  };
  /** The running keeper that meets the keeper's half, or a new one. */
  readonly join: string | null;
  readonly keeper: KeeperPlan;
  readonly session: SessionPlan;
  readonly memory: MemoryPlan;
  /** What is removed or put back at the end, in this order. */
  readonly cleanup: readonly string[];
  /** Sentences for the screen: what is unusual about this launch. */
  readonly words: readonly string[];
}

/** One engine and the public endpoint in front of it. */
export interface KeeperPlan {
  readonly engine: {
    readonly id: EngineId;
    readonly dialect: 'anthropic' | 'openai';
    readonly python: string;
    readonly own: boolean;
    /** Arguments of the engine's own command; `{snapshot}` stands for the folder with the weights. */
    readonly flags: readonly string[];
    /** Variables of the engine's process beyond the host's fixed set. */
    readonly env: Readonly<Record<string, string>>;
    /** The name it serves. */
    readonly serves: string;
    /** How it makes prompts of requests; the gateway's counter does the same. */
    readonly prompts: {
      readonly mode: 'simple' | 'batched';
      readonly toolParser: string;
      readonly templateKwargs: Readonly<Record<string, boolean | string | number>>;
    };
    /** Why this engine and mode, in a sentence. */
    readonly why: string;
  };
  readonly weights: {
    /** Hugging Face id; null for a local folder and the rehearsal. */
    readonly repo: string | null;
    readonly revision: string | null;
    readonly snapshotPath: string | null;
    /** Everything needed is on the disk: the engine then runs with HF_HUB_OFFLINE=1. */
    readonly complete: boolean;
    /** Expected bytes; null = unknown. */
    readonly bytes: number | null;
    readonly trustCode: boolean;
    readonly hubCache: string;
  };
  /** Context window, tokens. */
  readonly context: number;
  /** A cache of conversations on disk that outlives the engine; null = none. */
  readonly diskCache: { readonly path: string; readonly maxBytes: number } | null;
  /** Null with --direct: the public port is then a plain pipe that asks for the token. */
  readonly gateway: GatewayPlan | null;
  readonly port: { readonly wanted: number | null; readonly first: number; readonly last: number };
  readonly privacy: Privacy;
  /** What its memory at its highest is compared with and kept under, for the next prediction; null = it is not kept. */
  readonly expects: {
    /** What `machineIdentity` says of the machine that it runs on. */
    readonly machine: string;
    /** Tokens of a prompt that it reads at a time. */
    readonly prefillStep: number;
    /** The need without its reserve at conversations of some lengths, shortest first; tokens and bytes. */
    readonly predicted: readonly { readonly tokens: number; readonly bytes: number }[];
  } | null;
  /** So long after the last request the engine is ended until the next one, ms; null = it stays. */
  readonly idleUnloadMs: number | null;
  /** How the engine is ended: SIGTERM at 0, SIGINT and SIGKILL after these, ms. */
  readonly stop: { readonly interruptMs: number; readonly killMs: number; readonly askBeforeKill: boolean };
}

/** From loose to strict; a session may join a keeper that is at least as strict as it asks. */
export const privacies = ['standard', 'private'] as const;
export type Privacy = (typeof privacies)[number];

/** One agent (or, with --server, whoever holds the printed command) on a keeper. */
export interface SessionPlan {
  /** Null with --server. */
  readonly agent: { readonly id: string; readonly path: string | null; readonly version: string | null } | null;
  /** Tokens a conversation may reach. */
  readonly ceiling: number;
  readonly outputTokens: number;
  /** How long the agent waits for one reply before it gives it up, ms. */
  readonly patienceMs: number;
  readonly tools: readonly string[];
  /** Tools that run without being asked for. */
  readonly preApproved: readonly string[];
  /** A short system prompt in place of the agent's. */
  readonly shortPrompt: boolean;
  /** What of the project's and the user's own set-up is let in; all but the rules only where it was asked for. */
  readonly admitted: {
    readonly rules: { readonly deny: readonly string[]; readonly ask: readonly string[] };
    readonly project: boolean;
    readonly mcp: readonly string[];
    /** The user's own CLAUDE.md. */
    readonly memory: string | null;
    readonly skills: readonly { readonly name: string; readonly folder: string }[];
    readonly sharedConfig: boolean;
    /** A key of the user's may be found where settings are read; the agent is told another. */
    readonly otherKey: boolean;
  };
  /** Names of variables that the agent gets beside the usual ones. */
  readonly keepEnv: readonly string[];
  /** What keeps the agent from the network; null = nothing. */
  readonly airgap: AirgapPlan | null;
  readonly privacy: Privacy;
  readonly agentArgs: readonly string[];
}

export interface AirgapPlan {
  readonly by: 'namespace' | 'sandbox-exec';
  /** It also limits where files are written and hides every Unix socket, and was proven to on this kind of machine. */
  readonly confinesFiles: boolean;
  /** Program that makes the namespaces; null on a Mac. */
  readonly python: string | null;
}

/** What the memory check found; `words` is the one line for the screen. */
export interface MemoryPlan {
  readonly verdict: 'fits' | 'tight' | 'too-big' | 'unknown' | 'not-asked';
  readonly needBytes: number | null;
  readonly limitBytes: number | null;
  readonly raiseLimit: { readonly fromMiB: number; readonly toMiB: number } | null;
  readonly words: string;
}
