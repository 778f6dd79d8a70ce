import { join } from 'node:path';
import { claudeCode } from '../agents/claude-code.ts';
import { refusedFlag } from '../agents/own-flags.ts';
import { dumpAtAbnormalEnd } from '../dump/abnormal-end.ts';
import type { Dumps } from '../dump/on-signal.ts';
import { CclocalError, fail } from '../errors.ts';
import { Lifeline } from '../launch/lifeline.ts';
import { makeRequest } from '../launch/make-request.ts';
import { prepare } from '../launch/prepare.ts';
import type { Plan } from '../launch/plan.ts';
import type { LaunchRequest } from '../launch/request.ts';
import { agentCommand } from '../launch/agent-command.ts';
import type { Launch } from '../launch/launch.ts';
import { openSession } from '../launch/open-session.ts';
import { exitCodeOf, runAgent } from '../launch/run.ts';
import { useHome } from '../launch/use-home.ts';
import { whatToRun } from '../launch/what-to-run.ts';
import type { Catalog, CatalogRow } from '../models/catalog.ts';
import { nearestModel } from '../models/nearest.ts';
import { monotonicMs } from '../os/clock.ts';
import type { Context } from './context.ts';

/** `cclocal [model] [flags] [-- agent's own]`: chooses, plans, and either prints the plan or carries it out. */
export async function launchCommand(context: Context & { readonly dumps: Dumps }): Promise<number> {
  const { system, screen, typed } = context;
  const typedRequest = makeRequest(typed, system.env);
  refuseOwnFlags(typedRequest);
  const cwd = system.cwd();
  const request = await chooseModel(context, typedRequest);
  if (request === null) return 0;
  if (!request.dryRun) useHome(context.paths);

  const lifeline = new Lifeline(process);
  try {
    const prepared = await lifeline.during(prepare({ ...context, request, agent: claudeCode, lifeline }));
    if (prepared === null) return 0;
    if (request.dryRun) {
      return await showPlan(context, prepared.plan, request.json);
    }
    return await carryOut({ ...context, ...prepared, agent: claudeCode, lifeline, cwd });
  } catch (error) {
    // While keeper and engine can still be asked.
    await dumpAtAbnormalEnd(context.dumps, error);
    throw withNearest(error, context.catalog);
  } finally {
    for (const { name, error } of await lifeline.end())
      screen.say(`cclocal: could not clean up ${name}: ${String(error)}`);
  }
}

/** The plan is made: engine, then agent, rehearsal or nothing but the engine. */
async function carryOut(launch: Launch & { readonly row: CatalogRow }): Promise<number> {
  const { system, paths, lifeline, plan, screen, request } = launch;
  const began = monotonicMs();
  if (launch.row.flag === 'rehearsal') {
    const { buildRehearsal } = await import('../launch/rehearsal.ts');
    const build = buildRehearsal({
      paths,
      python: plan.keeper.engine.python,
      folder: plan.keeper.weights.snapshotPath ?? '',
      path: system.env['PATH'] ?? '',
      onBuild: () => screen.live('build', 'Building the rehearsal model.'),
    });
    await lifeline.during(build);
    screen.settle();
  }
  if (request.server) return (await import('./serve.ts')).serve(launch);
  const headless = !(system.tty.stdin && system.tty.stdout);
  if (launch.row.flag === 'rehearsal' && headless && request.agentArgs.length === 0) {
    const before = { build: (monotonicMs() - began) / 1000 };
    return (await import('./rehearse.ts')).rehearse({ ...launch, before });
  }
  const exitCode = exitCodeOf(await runAgent(launch, await openSession(launch)));
  const goOn = launch.agent.continueArgs(request.agentArgs);
  if (exitCode === 0 && !headless && goOn !== null && !request.private) {
    const { continueText } = await import('../report/continue-text.ts');
    screen.say(continueText(plan, request, goOn));
  }
  return exitCode;
}

async function showPlan({ screen, system, paths }: Context, plan: Plan, asJson: boolean): Promise<number> {
  if (asJson) {
    screen.json(plan);
    return 0;
  }
  const { planText } = await import('../report/plan-text.ts');
  const example = {
    url: `http://127.0.0.1:${plan.keeper.port.first}`,
    token: 'minted at the launch',
    sessionDir: join(paths.run, 'KEEPER', 'SESSION'),
  };
  screen.result(
    planText(
      plan,
      plan.session.agent === null ? null : agentCommand({ agent: claudeCode, plan, paths, system }, example),
    ),
  );
  return 0;
}

function refuseOwnFlags(request: LaunchRequest): void {
  const refused = refusedFlag(claudeCode, request.agentArgs);
  if (refused === null) return;
  fail({
    reason: 'usage',
    problem: `${refused.flag} is set by cclocal itself and cannot be handed to the agent.`,
    hint: refused.instead,
  });
}

/** The keeper, which learns that the hub has no such model, does not know the catalog. */
function withNearest(error: unknown, catalog: Catalog): unknown {
  if (!(error instanceof CclocalError) || error.failure.reason !== 'model-unknown') return error;
  return new CclocalError(
    { ...error.failure, nearest: nearestModel(error.failure.id, catalog.rows) },
    { cause: error },
  );
}

/** Settles `ask`: the menu, the rehearsal, or the default model. Null = the user left the menu. */
async function chooseModel(context: Context, request: LaunchRequest): Promise<LaunchRequest | null> {
  if (request.model.kind !== 'ask') return request;
  const { system, screen, catalog } = context;
  const recording = system.env['CCLOCAL_MACHINE'];
  const { platform, arch } = recording ? (await import('../preflight/recorded.ts')).recordedMachine(recording) : system;
  const decision = whatToRun({
    platform,
    arch,
    terminal: system.tty.stdin && system.tty.stdout,
    yes: request.yes,
    dryRun: request.dryRun,
  });
  switch (decision) {
    case 'menu': {
      const { menu } = await import('./menu.ts');
      const model = await menu(context);
      return model === null ? null : { ...request, model };
    }
    case 'rehearsal':
      screen.say(
        'This is not a Mac with Apple silicon, so the models of the catalog cannot run here: rehearsing with a 4 MB one.',
      );
      return { ...request, model: { kind: 'row', flag: 'rehearsal' } };
    case 'default-row':
      return { ...request, model: { kind: 'row', flag: catalog.default.flag } };
    case 'needs-yes':
      return fail({
        reason: 'needs-yes',
        what: `fetch ${catalog.default.label} (${catalog.default.id})`,
        bytes: catalog.default.downloadBytes,
      });
    default:
      return decision satisfies never;
  }
}
