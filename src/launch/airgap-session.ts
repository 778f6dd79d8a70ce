import { copyFileSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { AgentCommand } from '../agents/agent.ts';
import type { Link } from '../keeper/link.ts';
import { assets } from '../os/assets.ts';
import { ensureDir0700, errorCode, writePrivate } from '../os/files.ts';
import { listenOnSocket } from '../os/network.ts';
import type { Paths } from '../os/paths.ts';
import { airgapConfigDir, airgapEnv } from './airgap-env.ts';
import { sandboxProfile } from './airgap-profile.ts';
import type { AirgapPlan } from './plan.ts';
import { readReport, writeReceipt, type Receipt } from './receipt.ts';

/** Files in the project that programs outside of the confinement obey later. */
const obeyed = ['.git/hooks', '.git/config', '.claude', '.mcp.json', '.vscode', '.envrc'];

export interface Confine {
  readonly airgap: AirgapPlan;
  readonly link: Pick<Link, 'port' | 'sessionDir' | 'session'>;
  readonly paths: Pick<Paths, 'home' | 'agentConfig'>;
  readonly agentId: string;
  /** The agent's program and its folder. */
  readonly program: string;
  readonly command: AgentCommand;
  readonly cwd: string;
  /** Files and folders that were let in. */
  readonly reads: readonly string[];
}

/** An agent's command that starts it confined, and what is to be done when it has ended. */
export interface Confined {
  readonly program: string;
  readonly command: AgentCommand;
  /** Closes the relay, writes the receipt, and gives it with its path. */
  readonly end: () => { readonly receipt: Receipt; readonly path: string };
}

/**
 * Prepares an agent's start behind --airgap: its own profile with what lasts of cclocal's, the relay to the gateway, and
 * the program that confines it.
 */
export async function confine(order: Confine): Promise<Confined> {
  const { airgap, link, command } = order;
  const profile = ownProfile(order);
  const cwd = realpathSync(order.cwd);
  const readonly = obeyed
    .map((name) => join(cwd, name))
    .filter((path) => existsSync(path) && realpathSync(path) === path);
  const began = new Date().toISOString();
  const report = join(link.sessionDir, 'airgap.json');
  const id = link.session;
  const finish = (relay: Server | null) => (): ReturnType<Confined['end']> => {
    relay?.close();
    return writeReceipt(order.paths.home, { id, airgap, began, report: readReport(report) });
  };
  if (airgap.by === 'sandbox-exec') {
    const temporary = join(link.sessionDir, 'tmp');
    mkdirSync(temporary, { mode: 0o700 });
    const file = join(link.sessionDir, 'airgap.sb');
    writePrivate(
      file,
      sandboxProfile({ port: link.port, writable: [cwd, profile, realpathSync(temporary)], readonly }),
    );
    return {
      program: '/usr/bin/sandbox-exec',
      command: {
        ...command,
        args: ['-f', file, order.program, ...command.args],
        env: airgapEnv(command.env, temporary),
      },
      end: finish(null),
    };
  }
  const socket = join(link.sessionDir, 'r.sock');
  // They may lie below /tmp, of which nothing else is to be seen.
  const read = [link.sessionDir, assets.mcpConfig, order.program, ...order.reads].map((path) => realpathSync(path));
  const relay = await relayTo(link.port, socket);
  const spec = join(link.sessionDir, 'airgap.spec.json');
  writePrivate(
    spec,
    JSON.stringify({
      // Only what it is itself is to be seen within, not the link that leads to it.
      argv: [realpathSync(order.program), ...command.args],
      ...{ port: link.port, relay: socket, report, cwd: order.cwd, files: airgap.confinesFiles },
      ...{ writable: [cwd, profile], readonly: [...readonly, ...read] },
    }),
  );
  return {
    program: airgap.python ?? '',
    command: { ...command, args: ['-I', '-B', assets.confineProgram, spec], env: airgapEnv(command.env, '/tmp') },
    end: finish(relay),
  };
}

/** What lasts of the agent's settings (trusted folders, the user's settings file), as a copy. */
function ownProfile({ link, paths, agentId }: Confine): string {
  const profile = airgapConfigDir(link.sessionDir);
  ensureDir0700(profile);
  for (const name of ['.claude.json', 'settings.json']) {
    try {
      copyFileSync(join(paths.agentConfig(agentId), name), join(profile, name));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  return realpathSync(profile);
}

/** Passes connections to a Unix socket in the session's 0700 folder on to a loopback port. */
export async function relayTo(port: number, path: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    const outer = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    inner.pipe(outer).pipe(inner);
    for (const [one, other] of [[inner, outer] as const, [outer, inner] as const]) {
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await listenOnSocket(server, path);
  server.unref();
  return server;
}
