import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { borrowedVenv } from './borrowed-venv.ts';

export const phases = ['loading', 'prefill', 'text', 'tool-call', 'idle'] as const;
export type SurvivalPhase = (typeof phases)[number];

const event = z.object({ at: z.enum(['start', 'held']), pid: z.int() });
export type HoldEvent = z.infer<typeof event>;

/**
 * The real vllm-mlx of the tests, in an installation that says when it starts and stands still in one phase of its n-th
 * request, until it is killed; once. `env` goes to cclocal.
 */
export function survivalEngine(folder: string, phase: SurvivalPhase, request: number) {
  const program = borrowedVenv(
    join(folder, 'engine'),
    fileURLToPath(new URL('../fixtures/survival-engine', import.meta.url)),
  );
  const order = join(folder, 'hold.json');
  const events = join(folder, 'events.jsonl');
  writeFileSync(order, JSON.stringify({ phase, request, events }));
  return {
    env: { CCLOCAL_ENGINE: program, VLLM_MLX_HOLD: order },
    events: (): readonly HoldEvent[] =>
      existsSync(events)
        ? readFileSync(events, 'utf8')
            .split('\n')
            .slice(0, -1)
            .map((line) => event.parse(JSON.parse(line)))
        : [],
  };
}
