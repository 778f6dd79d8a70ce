import { expect, test } from 'vitest';
import { isTight, measureAirgap } from '../../bench/egress.ts';

test('behind --airgap a session tries nothing by itself, and a command that tries is refused and on the receipt', async () => {
  const figures = await measureAirgap();
  expect(isTight(figures), JSON.stringify(figures)).toBe(true);
}, 60_000);
