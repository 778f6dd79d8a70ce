import type { Agent } from '../agents/agent.ts';
import { fail } from '../errors.ts';
import { findKeepers } from '../keeper/find.ts';
import { admit } from './admit.ts';
import { findAirgap } from './airgap.ts';
import { differences } from '../keeper/join.ts';
import { hasJournal } from '../limit/journal-file.ts';
import type { GuardDoors } from '../limit/look.ts';
import type { Catalog, CatalogRow } from '../models/catalog.ts';
import type { ModelFigures } from '../models/memory/model-memory.ts';
import { freeBytes } from '../os/files.ts';
import type { Paths } from '../os/paths.ts';
import type { System } from '../os/system.ts';
import { unaskedMachine, type Machine } from '../preflight/machine.ts';
import type { Screen } from '../report/screen.ts';
import { agentWords, findAgent } from './agent-find.ts';
import { engineChoices, rowOn } from './engine-choice.ts';
import { setUpEngine } from './engine-ready.ts';
import { chooseRow, type Chosen } from './choose-row.ts';
import type { EngineFacts, Facts } from './facts.ts';
import type { Lifeline } from './lifeline.ts';
import { nextEngines, type NextEngine } from './next-engine.ts';
import { planLaunch, type PlanInput } from './plan-launch.ts';
import type { MemoryPlan, Plan } from './plan.ts';
import type { LaunchRequest } from './request.ts';
import { usableEngine, type UsableEngine } from './usable-engine.ts';

export interface Prepare {
  readonly system: System;
  readonly paths: Paths;
  readonly screen: Screen;
  readonly catalog: Catalog;
  readonly request: LaunchRequest;
  readonly agent: Agent;
  readonly lifeline: Lifeline;
  /** Stand-ins of the tests for a Mac's tools. */
  readonly guard?: GuardDoors;
}

export interface Prepared {
  readonly plan: Plan;
  readonly row: CatalogRow;
  /** The request as the memory menu may have tightened it. */
  readonly request: LaunchRequest;
  /** The plan on another engine, after one could not load the model; absent where a running one is joined. */
  readonly nextEngine?: (error: unknown) => Promise<NextEngine | null>;
}

const notAsked: MemoryPlan = {
  verdict: 'not-asked',
  needBytes: null,
  limitBytes: null,
  raiseLimit: null,
  words: 'not asked: this model is running already',
};

/**
 * From a request to a plan that can be carried out: gathers the facts, asks the memory menu where it is tight, installs
 * the engine where it is missing. A dry run only looks. Null = the user left the memory menu.
 */
export async function prepare(order: Prepare): Promise<Prepared | null> {
  const { system, paths, request, agent } = order;
  refuseOwnVariables(request, agent);
  const admitted = await admit(agent, request, system, {
    cwd: system.cwd(),
    configDir: paths.agentConfig(agent.id),
  });
  const first = await chooseRow(order);
  const fresh = startsEngine(order, first);
  if (fresh) await settleLimit(order);
  const early = fresh ? askMachine(order) : null;
  const choices = engineChoices(first.row, request.engine);
  const remembers = !request.dryRun;
  const [agentFacts, use] = await Promise.all([
    findAgent({ system, paths, agent, remembers }),
    usableEngine({ system, paths, remembers }, choices),
  ]);
  const { engine, facts: seen } = use;
  if (agentFacts.path === null && !request.server && !request.dryRun) {
    fail({ reason: 'agent-missing', agent: agent.label, install: agent.install });
  }
  const setUp = (): Promise<EngineFacts> => setUpEngine({ ...order, engine, signal: order.lifeline.ended });
  const unseen = request.dryRun ? null : first.unseen;
  // The hub is asked with the engine's own Python.
  const firstEngine = unseen !== null && !seen.ready ? await setUp() : seen;
  const {
    row: named,
    words,
    weights,
    figures: found,
    rehearsal,
  } = unseen === null ? first : await lookUp(order, unseen, firstEngine);
  const row = rowOn(named, use.choice);
  const figures = { ...found, row };
  const facts: Facts = {
    machine: notLookedAt(system),
    engine: firstEngine,
    agent: agentFacts,
    weights,
    keepers: findKeepers(paths),
  };
  const input: PlanInput = {
    request,
    facts,
    row,
    figures,
    words: [...words, ...use.words, ...said(agentWords(agent, agentFacts.version))],
    engine,
    agent,
    paths,
    memory: notAsked,
    diskFreeBytes: freeBytes(paths.home),
    prefillStep: 2048,
    storedBytes: null,
    measuredOn: null,
    join: null,
    admitted,
    airgap: request.airgap ? await findAirgap(system, firstEngine.python, system.cwd()) : null,
    rehearsal,
  };
  const draft = planLaunch(input);
  const running = facts.keepers.find((record) => differences(record, draft.keeper).length === 0);
  if (running !== undefined) {
    const plan = { ...draft, join: running.id };
    sayNotes(order, plan.words);
    return { plan, row, request };
  }

  const decided = await checkMemory(order, { figures, revision: weights.revision }, early ?? askMachine(order));
  if (decided === null) return null;
  const engineReady = firstEngine.ready || request.dryRun ? firstEngine : await setUp();
  const ready: PlanInput = {
    ...input,
    request: decided.request,
    facts: { ...facts, machine: decided.machine, engine: engineReady },
    memory: decided.memory,
    prefillStep: decided.prefillStep,
    storedBytes: decided.storedBytes,
    measuredOn: decided.measuredOn,
  };
  const plan = planLaunch(ready);
  sayNotes(order, [...plan.model.notes, ...plan.words]);
  const nextEngine = nextEngines({ system, paths, remembers }, use, (other) => planOn(ready, other));
  return { plan, row, request: decided.request, nextEngine };
}

/** The same plan on another engine; null where what that one keeps in memory was not weighed and may not fit. Pure. */
function planOn(input: PlanInput, { choice, engine, facts }: UsableEngine): Plan | null {
  if (choice.mode === 'batched' && input.row.engine.mode === 'simple' && input.memory.verdict !== 'fits') return null;
  const row = rowOn(input.row, choice);
  const figures = { ...input.figures, row };
  return planLaunch({ ...input, row, figures, engine, facts: { ...input.facts, engine: facts } });
}

/** Learns from the hub what has to be known of a model before it can be planned for. */
async function lookUp(order: Prepare, repo: string, { python }: EngineFacts): Promise<Chosen> {
  const { fetchConfig } = await import('./fetch-config.ts');
  order.screen.live('config', `Asking the hub about ${repo}.`);
  const hubBytes = await fetchConfig({ ...order, python, repo, signal: order.lifeline.ended });
  order.screen.settle();
  return chooseRow(order, hubBytes);
}

/** What steers the agent itself is for cclocal to say. */
function refuseOwnVariables({ keepEnv }: LaunchRequest, agent: Agent): void {
  const name = keepEnv.find((one) => agent.ownVariable(one) || !/^\w+$/.test(one));
  if (name === undefined) return;
  fail({
    reason: 'usage',
    problem: `--keep-env ${name}: that variable could send the session somewhere else, or is no name of one.`,
    hint: 'Leave it out.',
  });
}

/** A dry run prints them as part of the plan. */
function sayNotes({ screen, request }: Prepare, notes: readonly string[]): void {
  if (!request.dryRun) for (const note of notes) screen.say(`Note: ${note}`);
}

interface Decided {
  readonly request: LaunchRequest;
  readonly machine: Machine;
  readonly memory: MemoryPlan;
  readonly prefillStep: number;
  readonly storedBytes: number | null;
  readonly measuredOn: string | null;
}

/**
 * Whether a new engine must start in any case: then the machine is asked while the rest is looked up. Not so where
 * perhaps one is joined, which asks the machine nothing, or where a fetch of minutes comes first.
 */
function startsEngine(order: Prepare, { row, weights, unseen }: Chosen): boolean {
  if (unseen !== null) return false;
  return !findKeepers(order.paths).some(({ weights: { repo, snapshotPath } }) =>
    repo === null ? snapshotPath === weights.snapshotPath : repo === row.id,
  );
}

/** Before Metal is asked for its budget: an earlier session may have left the GPU limit raised. */
async function settleLimit(order: Prepare): Promise<void> {
  if (order.request.dryRun || !hasJournal(order.paths.limit)) return;
  const { settleEarlierRaise } = await import('./settle-limit.ts');
  await settleEarlierRaise(order);
}

function askMachine(order: Prepare): Promise<Machine> {
  const asked = import('./this-machine.ts').then(({ thisMachine }) => thisMachine(order));
  // What it fails with is told where it is used, if the launch comes that far.
  asked.catch(() => undefined);
  return asked;
}

/** Loaded only when a new engine must start. */
async function checkMemory(
  order: Prepare,
  model: { readonly figures: ModelFigures; readonly revision: string | null },
  machine: Promise<Machine>,
): Promise<Decided | null> {
  const { decideLaunchMemory } = await import('./memory.ts');
  return decideLaunchMemory({ ...order, ...model, machine });
}

const notLookedAt = (system: System): Machine =>
  unaskedMachine(system, 'this model is running already, so nobody asked');

const said = (words: string | null): readonly string[] => (words === null ? [] : [words]);
