/**
 * Nothing overrides a session: every known way to send the agent elsewhere, in each place where it can stand, in print
 * mode and in a terminal, on both releases. A trap waits where they point to; the real agent must not come there, no
 * real token may be seen by anyone, and no hook or helper may run but the user's own or a trusted project's.
 *
 *   npm run check:overrides [-- PART OF A PLACE'S NAME]
 */
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { realClaude } from '../test/support/agent-rig.ts';
import { oldestAgent } from '../test/support/old-agent.ts';
import { diversions, everything } from './overrides/diversions.ts';
import { allOfIt, measureHalf, restrictionsOnly } from './overrides/halves.ts';
import { allAtOnce, places } from './overrides/places.ts';
import { isSafe, runCase, type Case, type Outcome } from './overrides/run.ts';
import { table, verdict } from './stats.ts';

export interface Result {
  readonly one: Case;
  readonly outcome: Outcome;
}

/** The small form: all at once everywhere, and where settings are let in on purpose; the newest release alone. */
export async function measureOverridesBriefly(): Promise<readonly Result[]> {
  const admitting = places.filter(({ name }) => name.startsWith('--'));
  return each([
    ...[false, true].map((terminal) => ({ claude: realClaude, what: everything, place: allAtOnce, terminal })),
    ...admitting.map((place) => ({ claude: realClaude, what: everything, place, terminal: false })),
  ]);
}

/** Without cclocal's care the trap sees the session: what the check would notice. */
export function measureUnprotected(claude = realClaude): Promise<Outcome> {
  const place = places.find(({ name }) => name === '~/.claude/settings.json');
  const what = diversions[0];
  if (place === undefined || what === undefined) throw new Error('no such place');
  return runCase({ claude, what, place, terminal: false, unprotected: true });
}

async function each(
  cases: readonly Case[],
  say: (result: Result) => void = () => undefined,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const one of cases) {
    const result = { one, outcome: await runCase(one) };
    say(result);
    results.push(result);
  }
  return results;
}

/** What of a project's settings holds without and with --trust-project, on both releases. */
async function bothHalves(): Promise<{ readonly rows: readonly string[][]; readonly wrong: number }> {
  const rows = [['release', 'project', ...Object.keys(allOfIt)]];
  let wrong = 0;
  for (const [release, claude] of [['oldest', oldestAgent()] as const, ['newest', realClaude] as const]) {
    for (const trusted of [false, true]) {
      const half = await measureHalf(claude, trusted);
      if (!isDeepStrictEqual(half, trusted ? allOfIt : restrictionsOnly)) wrong += 1;
      rows.push([release, trusted ? '--trust-project' : 'as it is', ...Object.values(half).map(String)]);
    }
  }
  return { rows, wrong };
}

async function main(): Promise<number> {
  const wanted = process.argv[2] ?? '';
  const chosen = places.filter(({ name }) => name.includes(wanted));
  const rows: string[][] = [['release', 'place', 'mode', 'cases', 'trap', 'leaks', 'ran', 'bad']];
  let all: readonly Result[] = [];
  let blind = 0;
  for (const [release, claude] of [['oldest', oldestAgent()] as const, ['newest', realClaude] as const]) {
    if ((await measureUnprotected(claude)).trapped === 0) blind += 1;
    for (const place of chosen) {
      for (const terminal of [false, true]) {
        const results = await each(
          [...diversions, everything].map((what) => ({ claude, what, place, terminal })),
          ({ one, outcome }) => {
            if (isSafe(one, outcome)) return;
            process.stderr.write(`${release}, ${place.name}, ${one.what.name}: ${JSON.stringify(outcome)}\n`);
          },
        );
        const sum = (of: (outcome: Outcome) => number): string =>
          String(results.reduce((total, { outcome }) => total + of(outcome), 0));
        rows.push([
          ...[release, place.name, terminal ? 'terminal' : 'print', String(results.length)],
          ...[sum(({ trapped }) => trapped), sum(({ leaked }) => leaked), sum(({ ran }) => Number(ran))],
          String(results.filter(({ one, outcome }) => !isSafe(one, outcome)).length),
        ]);
        all = [...all, ...results];
      }
    }
  }
  const halves = await bothHalves();
  process.stdout.write(`${table(rows)}\n\n${table(halves.rows)}\n`);
  const trapped = all.reduce((total, { outcome }) => total + outcome.trapped, 0);
  const leaked = all.reduce((total, { outcome }) => total + outcome.leaked, 0);
  const bad = all.filter(({ one, outcome }) => !isSafe(one, outcome)).length;
  return verdict(
    `requests to the trap, real tokens seen, cases that went wrong of ${all.length}, releases whose trap is blind, halves wrong`,
    `${trapped}, ${leaked}, ${bad}, ${blind}, ${halves.wrong}`,
    '0, 0, 0, 0, 0',
    bad === 0 && blind === 0 && halves.wrong === 0 && all.length > 0,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
