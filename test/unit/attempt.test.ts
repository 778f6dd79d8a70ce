import { expect, test } from 'vitest';
import { Attempt } from '../../src/gateway/desk-attempt.ts';
import { noUsage } from '../../src/gateway/dialects/dialect.ts';
import type { ModelEvent } from '../../src/gateway/model.ts';

const call = (id: string): readonly ModelEvent[] => [
  { kind: 'open', block: { type: 'tool_use', id, name: 'Bash' } },
  { kind: 'arguments', json: '{"command":"date >> log"}' },
  { kind: 'close' },
];
const text: readonly ModelEvent[] = [
  { kind: 'open', block: { type: 'text' } },
  { kind: 'text', text: 'I look.' },
  { kind: 'close' },
];
const stop: ModelEvent = { kind: 'stop', reason: 'tool_use', stopSequence: null, usage: noUsage };
const cut = { status: 502, type: 'api_error', message: 'cut' } as const;

const attempt = (): Attempt =>
  new Attempt(
    { feed: (event) => [event] },
    { began: () => undefined, piece: () => undefined, calls: () => undefined, prefill: () => undefined },
  );

test('calls are told with the end of their reply, in their order', () => {
  const one = attempt();
  expect(one.feed(text)).toEqual(text);
  expect(one.feed([...call('a'), ...call('b')])).toEqual([]);
  // What keeps a client waiting goes on meanwhile.
  expect(one.feed([{ kind: 'alive' }])).toEqual([{ kind: 'alive' }]);
  expect(one.feed([stop])).toEqual([...call('a'), ...call('b'), stop]);
});

test('a whole call of a reply that is cut before its end is not told: who asks again would carry it out twice', () => {
  const one = attempt();
  one.feed(text);
  one.feed(call('a'));
  expect(one.fail(cut)).toEqual([{ kind: 'problem', problem: cut }]);
});

test('of a reply that was calls alone nothing is told, so that the gateway can ask again by itself', () => {
  const one = attempt();
  one.feed(call('a'));
  expect(one.told).toBe(false);
});
