import type { Prefill, Usage } from './model.ts';

/** What happens to requests, told to whoever shows it: status, metrics, the request log, the agent's status line. */
export interface Watcher {
  /** A request was read and understood. The handle is told everything that follows. */
  readonly received: (request: ReceivedRequest) => RequestWatch;
  /** A request that never became one: bad JSON, no token, an unknown route. */
  readonly refused: (status: number, type: string) => void;
}

export interface ReceivedRequest {
  /** Unique in this keeper, counts up from 1. */
  readonly id: number;
  /** The session's id, or `client:NAME`, or `open` for the tokenless port. */
  readonly caller: string;
  readonly model: string;
  readonly stream: boolean;
  readonly bytes: number;
  readonly messages: number;
  readonly maxTokens: number;
}

export interface RequestWatch {
  readonly counted: (tokens: number, exact: boolean) => void;
  /** It went to the engine; before, it waited in the queue or for the engine. Again, when it was lost with the engine. */
  readonly sent: () => void;
  /** The engine told how far it has read the prompt. */
  readonly prefill: (progress: Prefill) => void;
  /** First content of the reply. */
  readonly began: () => void;
  /** A piece of the reply came: one token, for all that can be known before its end. */
  readonly piece: () => void;
  /** From now on it writes a call of this tool; null = something else. */
  readonly calls: (tool: string | null) => void;
  readonly repaired: (repair: keyof RepairCounts) => void;
  /** A client left, or came back to the request in flight. */
  readonly left: () => void;
  readonly cameBack: () => void;
  /** Over. `stop` = the reason of a whole reply. */
  readonly ended: (outcome: 'done' | 'failed' | 'refused' | 'cancelled', detail: EndDetail) => void;
}

export interface EndDetail {
  /** HTTP status sent, or that would have been. */
  readonly status: number;
  readonly stop: string | null;
  readonly usage: Usage | null;
}

/** Repairs made, by kind. */
export interface RepairCounts {
  readonly systemText: number;
  readonly thinking: number;
  readonly toolSchemas: number;
  readonly toolArguments: number;
  readonly textCalls: number;
  readonly truncationNotice: number;
  readonly emptyText: number;
}
