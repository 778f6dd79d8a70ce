import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Counter } from '../src/gateway/counter/counter.ts';
import { begins, ends, says } from '../test/support/anthropic-events.ts';
import { tools } from '../test/support/counted-requests.ts';
import { buildCheckpoint, counterFor, vllm } from '../test/support/counting.ts';
import { scriptedUpstream } from '../test/support/scripted-upstream.ts';
import { wholeGateway, type WholeGateway } from '../test/support/whole-gateway.ts';
import { ask, hangUp, type Target } from './gateway/client.ts';
import { median, table, verdict } from './stats.ts';

/** What counting may add to a turn, ms. */
export const bar = 2;
/**
 * How long an engine reads a turn of 1,200 tokens before it answers, ms: 24,000 tokens a second, several times what the
 * fastest Mac reads with the smallest model of the catalog. The counting happens meanwhile.
 */
const readingMs = 50;
/** Turns of a conversation of about 20,000 tokens. */
const longTurns = 10;

export interface CountFigures {
  /** From the start of the counting process to its first answer, and the first answer of a long conversation, ms. */
  readonly start: number;
  readonly first: readonly number[];
  /** `count()` of a turn appended to a counted conversation, ms: turn after turn, and after a rest of 100 ms. */
  readonly turns: readonly number[];
  readonly rested: readonly number[];
  /** What counting added to the first byte of a reply, ms: at an engine that reads for a moment, and at one that does not. */
  readonly reading: readonly number[];
  readonly atOnce: readonly number[];
  /** Tokens of the conversation before each of these turns, and of the turn. */
  readonly before: readonly number[];
  readonly added: readonly number[];
  /** All of them exact. */
  readonly exact: boolean;
}

/** Text that an agent's tools return: this machine's TypeScript declarations, numbered as its Read does. */
function source(): (characters: number) => string {
  const path = fileURLToPath(new URL('../node_modules/typescript/lib/lib.dom.d.ts', import.meta.url));
  const lines = readFileSync(path, 'utf8').split('\n');
  let at = 0;
  return (characters) => {
    let text = '';
    while (text.length < characters)
      text += `${String((at % 2_000) + 1).padStart(6)}→${lines[at++ % lines.length] ?? ''}\n`;
    return text;
  };
}

/**
 * Conversations with the rehearsal model's tokenizer and template: each is counted once at about 20,000 tokens, then
 * grows by turns of about 1,200 tokens. They go through two gateways in front of one engine; one counts, the other
 * estimates, and a turn is sent to both, in turns first to the one and to the other. The engine reads for a moment before
 * it answers, or answers at once, turn by turn. In every other conversation the processes rest before each turn, as they
 * do while an engine answers: by then the processor's caches hold other things, all the more where other programs run.
 */
export async function measureCount(conversations: number, turnsEach: number): Promise<CountFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-count-'));
  try {
    await buildCheckpoint('rehearsal', join(folder, 'model'));
    const began = performance.now();
    const counter = watched(counterFor(folder, join(folder, 'model'), vllm('batched', 'hermes')));
    let wait = 0;
    await using engine = await scriptedUpstream(() => [
      ...(wait === 0 ? [] : [{ wait }]),
      { write: begins + says('ok') + ends },
    ]);
    await using counts = await wholeGateway({ socketPath: engine.socketPath, counter: counter.counter });
    await using estimates = await wholeGateway({ socketPath: engine.socketPath });
    const [counting, estimating] = [target('counting', counts), target('estimating', estimates)];
    const read = source();
    const rest = { model: 'owner/name', max_tokens: 8_192, stream: true, system: read(9_000), tools };
    const body = (messages: readonly object[]): Buffer => Buffer.from(JSON.stringify({ ...rest, messages }));
    const figures: Record<'first' | 'turns' | 'rested' | 'reading' | 'atOnce' | 'before' | 'added', number[]> = {
      ...{ first: [], turns: [], rested: [], reading: [], atOnce: [], before: [], added: [] },
    };
    await ask(counting, body([{ role: 'user', content: 'hello' }]));
    const start = performance.now() - began;
    for (let conversation = 0; conversation < conversations; conversation += 1) {
      let messages: readonly object[] = [{ role: 'user', content: `Read part ${conversation}.` }];
      for (let number = 0; number < longTurns; number += 1) messages = [...messages, ...turn(number, read(2_500))];
      await ask(counting, body(messages));
      await ask(estimating, body(messages));
      figures.first.push(counter.last.ms);
      for (let number = longTurns; number < longTurns + turnsEach; number += 1) {
        if (conversation % 2 === 1) await pause(100);
        messages = [...messages, ...turn(number, read(2_500))];
        const { tokens } = counter.last;
        wait = number % 2 === 0 ? readingMs : 0;
        let more = 0;
        for (const one of number % 4 < 2 ? [counting, estimating] : [estimating, counting]) {
          more += (one === counting ? 1 : -1) * (await ask(one, body(messages))).first;
        }
        figures[wait === 0 ? 'atOnce' : 'reading'].push(more);
        figures.before.push(tokens);
        figures.added.push(counter.last.tokens - tokens);
        figures[conversation % 2 === 1 ? 'rested' : 'turns'].push(counter.last.ms);
      }
    }
    counter.counter.close();
    return { start, ...figures, exact: counter.exact() };
  } finally {
    hangUp();
    rmSync(folder, { recursive: true, force: true });
  }
}

const target = (name: string, { port, token }: WholeGateway): Target => ({
  ...{ name, port, key: token, path: '/v1/messages', model: 'owner/name', pid: null },
});

/** A call of a tool and what came of it. */
const turn = (number: number, result: string): readonly object[] => [
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'Now the next part.' },
      { type: 'tool_use', id: `toolu_${number}`, name: 'Read', input: { path: `/src/part-${number}.ts`, limit: 40 } },
    ],
  },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_${number}`, content: result }] },
];

/** A counter, and what its last count was and took. */
function watched(counter: Counter) {
  const last = { tokens: 0, ms: 0 };
  let exact = true;
  return {
    last,
    exact: () => exact,
    counter: {
      ...{ guess: counter.guess.bind(counter), learn: counter.learn.bind(counter), close: counter.close.bind(counter) },
      count: async (outgoing: Parameters<Counter['count']>[0]) => {
        const from = performance.now();
        const count = await counter.count(outgoing);
        Object.assign(last, { tokens: count.tokens, ms: performance.now() - from });
        exact &&= count.exact;
        return count;
      },
    },
  };
}

const p95 = (sample: readonly number[]): number =>
  [...sample].sort((a, b) => a - b)[Math.min(sample.length - 1, Math.floor(sample.length * 0.95))] ?? NaN;

/** `npm run bench:count`: the exact counter, its start, a session's first count, and what the turns after it pay for it. */
async function main(): Promise<void> {
  const figures = await measureCount(40, 4);
  const whole = (sample: readonly number[]): string => Math.round(median(sample)).toLocaleString('en');
  console.log(
    table([
      ['', 'ms'],
      ['start of the counter to its first answer', figures.start.toFixed(0)],
      [`first count of a conversation of ${whole(figures.before)} tokens, median`, median(figures.first).toFixed(1)],
      [
        `count of a turn of ${whole(figures.added)} tokens appended to it, median of ${figures.turns.length}`,
        median(figures.turns).toFixed(2),
      ],
      ['the same, 95th percentile', p95(figures.turns).toFixed(2)],
      ['the same after a rest of 100 ms, median', median(figures.rested).toFixed(2)],
      [
        `added to its first event by counting, at an engine that answers at once, median of ${figures.atOnce.length}`,
        median(figures.atOnce).toFixed(2),
      ],
      [
        `the same at an engine that reads for ${readingMs} ms, median of ${figures.reading.length}`,
        median(figures.reading).toFixed(2),
      ],
    ]),
  );
  const figure = median(figures.reading);
  process.exitCode = verdict(
    `added to a turn by counting it, at an engine that reads for ${readingMs} ms`,
    `${figure.toFixed(2)} ms`,
    `${bar} ms`,
    figures.exact && figure <= bar,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
