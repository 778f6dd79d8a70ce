import type { RequestWatch } from '../watcher.ts';
import type { Book } from './book.ts';
import { toEngine, type Live } from './live.ts';
import { turnOf, type Turn } from './turn.ts';

/** Characters of a tool's name that are shown; agents' are shorter. */
const longestName = 64;

export interface WatchHooks {
  readonly now: () => number;
  /** It went to the engine. */
  readonly sent: (live: Live) => void;
  /** Something to be seen has changed. */
  readonly changed: () => void;
  readonly ended: (live: Live, turn: Turn) => void;
}

/** The handle of one request. Its functions are handed around on their own, so they need no `this`. */
export function watchOf(live: Live, book: Book, hooks: WatchHooks): RequestWatch {
  const { now, changed } = hooks;
  let over = false;
  return {
    counted: (tokens, exact) => {
      live.prompt = { tokens, exact };
      changed();
    },
    sent: () => {
      toEngine(live, now());
      hooks.sent(live);
      changed();
    },
    prefill: ({ done, total }) => {
      live.read = { done, total, at: now() };
      if (live.prompt?.exact === true) live.cached = Math.max(0, live.prompt.tokens - total);
      changed();
    },
    began: () => {
      live.beganAt = now();
      live.writingAt ??= live.beganAt;
      changed();
    },
    // On the path of every token: nothing but this.
    piece: () => void (live.pieces += 1),
    calls: (tool) => {
      live.tool = tool?.slice(0, longestName) ?? null;
      changed();
    },
    repaired: (repair) => {
      live.repairs.set(repair, (live.repairs.get(repair) ?? 0) + 1);
      book.totals.repair(repair);
    },
    left: () => {
      live.left = true;
      book.totals.left += 1;
      changed();
    },
    cameBack: () => {
      live.left = false;
      book.totals.cameBack += 1;
      changed();
    },
    ended: (outcome, detail) => {
      if (over) return;
      over = true;
      const turn = turnOf(live, outcome, detail, now());
      book.ended(live, turn);
      hooks.ended(live, turn);
      changed();
    },
  };
}
