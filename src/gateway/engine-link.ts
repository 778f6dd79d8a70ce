/** The engine as the gateway sees it; the keeper tells. */
export type EngineState =
  | { readonly phase: 'starting' }
  /** It answers on this Unix socket. */
  | { readonly phase: 'ready'; readonly socketPath: string }
  /** Ended because nobody asked for anything; the next request brings it back. */
  | { readonly phase: 'unloaded' }
  /** It will not come back. */
  | { readonly phase: 'ended' };

export interface EngineLink {
  readonly state: () => EngineState;
  /** Calls back at every change until the returned function is called. */
  readonly onChange: (listener: () => void) => () => void;
}
