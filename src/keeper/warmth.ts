import type { ModelRequest } from '../gateway/model.ts';
import type { Seen } from '../gateway/seen/index.ts';
import { environmentLast } from '../gateway/repairs/environment-last.ts';
import { prefixText } from '../gateway/warm/prefix.ts';
import type { WarmUpFigures } from '../gateway/warm/warm-up.ts';
import type { KeeperPlan } from '../launch/plan.ts';
import type { Paths } from '../os/paths.ts';
import { AgentPrompts } from './agent-prompts.ts';
import { keepSpeed, speedFile } from './speed-file.ts';

export interface WarmthOptions {
  readonly plan: KeeperPlan;
  readonly paths: Pick<Paths, 'cache'>;
  readonly seen: Pick<Seen, 'warming' | 'warmed' | 'speed'>;
}

/** Has the engine read such a prefix; null = it was not done. */
export type Warm = (prefix: string) => Promise<WarmUpFigures | null>;

/**
 * Sees to it that the engine has read the agent's system prompt and tools when the first request comes: learns them from
 * the first request of each session, and has them read as soon as the engine of a later keeper is ready. Once a life of
 * the engine: what it keeps of the sessions that run is not to be driven out for one that comes.
 */
export class Warmth {
  readonly #options: WarmthOptions;
  readonly #prompts: AgentPrompts;
  /** By session, until its first request has come. */
  readonly #learning = new Map<string, string>();
  #first: string | null = null;

  constructor(options: WarmthOptions) {
    this.#options = options;
    this.#prompts = new AgentPrompts(options.paths, options.plan.engine.serves);
  }

  /** `key` = what its agent's prompt depends on; null = it is not to be learnt. */
  add(session: string, key: string | null): void {
    if (key === null || this.#options.plan.privacy === 'private') return;
    this.#first ??= key;
    this.#learning.set(session, key);
  }

  /** On the path of every request, so all but the first of a session cost a look into an empty table. */
  asked(session: string, request: ModelRequest): void {
    const key = this.#learning.get(session);
    if (key === undefined) return;
    this.#learning.delete(session);
    setImmediate(() => {
      const prefix = prefixText(environmentLast(request));
      if (prefix !== null) this.#prompts.keep(key, prefix);
    });
  }

  /** The engine is ready. */
  async ready(warm: () => Promise<Warm>): Promise<void> {
    const { plan, seen } = this.#options;
    const prefix = this.#first === null || !givesUp(plan) ? null : this.#prompts.read(this.#first);
    if (prefix === null) return;
    seen.warming();
    const figures = await warm()
      .then((run) => run(prefix))
      .catch(() => null);
    seen.warmed(figures);
  }

  /** A session has left; what was learnt of the engine's speed is kept for the next, but for a private one. */
  left(session: string): void {
    this.#learning.delete(session);
    const { plan, paths, seen } = this.#options;
    if (plan.privacy === 'private') return;
    const figures = seen.speed();
    const { serves, id, prompts } = plan.engine;
    if (figures !== null) keepSpeed(speedFile(paths), { model: serves, engine: id, mode: prompts.mode }, figures);
  }
}

/** In its simple mode vllm-mlx reads a prompt to its end, wanted or not: another request would have to wait for that. */
const givesUp = ({ engine }: KeeperPlan): boolean => !(engine.id === 'vllm-mlx' && engine.prompts.mode === 'simple');
