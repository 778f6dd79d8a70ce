import type { ModelFigures } from '../models/memory/model-memory.ts';
import { GiB } from './budget.ts';
import type { Machine } from './machine.ts';
import { memoryNeed } from './need.ts';
import { freeBytes, type Assessment } from './verdict.ts';

/**
 * Tokens of a prompt that may be read at a time, largest first. 2,048 is the engines' own (mlx-lm, mlx-vlm, vllm-mlx).
 * Above it next to nothing is won: an M1 Pro read 5,000 tokens in 23.4 s at 512, 19.6 s at 2,048, 19.2 s at 4,096 and
 * 8,192 (lmstudio-js#507). Below it costs speed: 512 is 18 to 20 % slower (there; vllm-mlx#174; mlx-swift-examples#439).
 */
const steps = [2048, 1024, 512, 256] as const;

/** At 2,048, so much context is read before the GPU's watchdog ends a step; tokens. */
const watchdogContext = 65_536;

/** The chips with the smallest GPUs have no Pro, Max or Ultra behind their number. */
const plainChip = /^Apple M\d+$/;
const smallRamBytes = 16 * GiB;

/**
 * The largest step that suits a chip and a context, whatever memory there is: a step takes the longer the more of the
 * context there is already, and macOS ends what keeps the GPU longer than some seconds. mlx-lm#1087 measured that on an
 * M2 Ultra and lets the step fall in inverse proportion beyond 65,536 tokens, so here too. On the plain chips with up to
 * 16 GiB it is half: peak memory grows much faster with the step than speed does (mlx-lm#943, an M2 Pro). Pure.
 */
export function stepCap({ chip, ramBytes }: Pick<Machine, 'chip' | 'ramBytes'>, context: number): number {
  const small = chip.known && plainChip.test(chip.value) && ramBytes.known && ramBytes.value <= smallRamBytes;
  const most = small ? 1024 : 2048;
  return steps.find((step) => step <= most && step * context <= steps[0] * watchdogContext) ?? steps[3];
}

/**
 * The step to run with: at most what suits chip and context, and within the memory plan. Where the plan had to take its
 * small step so that all fits, a middle one is taken if that fits too. Pure.
 */
export function prefillStepFor(input: {
  readonly machine: Machine;
  readonly figures: ModelFigures;
  readonly found: Assessment;
}): number {
  const { machine, figures, found } = input;
  const context = found.wantedContext;
  const cap = stepCap(machine, context);
  const planned = Math.min(found.prefillStep, cap);
  if (found.verdict !== 'fits' || found.budget === null) return planned;
  const { budget, holders, availableBytes } = found;
  const free = freeBytes({ limitBytes: budget.limitBytes, heldBytes: holders.bytes, availableBytes });
  const fits = (step: number): boolean =>
    (memoryNeed({ figures, context, prefillStep: step })?.totalBytes ?? Infinity) <= free;
  return steps.find((step) => step > planned && step <= cap && fits(step)) ?? planned;
}
