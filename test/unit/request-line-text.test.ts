import { expect, test } from 'vitest';
import { requestLineText } from '../../src/report/request-line-text.ts';

const entry = {
  time: '2026-11-21T10:20:30.456Z',
  ...{ id: 3, caller: 'ab-1', model: 'm', inputTokens: 4512, cachedTokens: 4000, outputTokens: 120 },
  ...{ ttftMs: 812, ms: 93_000, status: 200, outcome: 'done', stop: 'end_turn' },
};

test('a request in words', () => {
  expect(requestLineText(JSON.stringify(entry))).toBe(
    '2026-11-21 10:20:30  ab-1, prompt 4,512 tokens (4,000 kept from before), first word after 0.8 s, reply 120 tokens, in all 1 min 33 s, done end_turn',
  );
});

test('what is not known is left out, and what is no such line stays as it is', () => {
  const refused = { ...entry, cachedTokens: null, outputTokens: null, ttftMs: null, ms: null, stop: null };
  expect(requestLineText(JSON.stringify({ ...refused, outcome: 'refused', status: 400 }))).toBe(
    '2026-11-21 10:20:30  ab-1, prompt 4,512 tokens, refused 400',
  );
  for (const line of ['', 'no json', '[1]', '{"a":1}', '{"time":5}']) expect(requestLineText(line)).toBe(line);
});
