import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { promptStands, sendPrompt, trustFolder } from '../support/claude-terminal.ts';
import { startOnPty } from '../support/pty.ts';
import { cclocalBin, makeRig, type Rig } from '../support/rig.ts';
import { scriptedEngine } from '../support/scripted-engine.ts';
import { openShell, type Shell } from '../support/shell.ts';
import { untilNone } from '../support/until.ts';

// The main job as a user sees it: the shipped command typed into a shell on a real terminal, real engine, real agent.

vi.setConfig({ testTimeout: 90_000 });

const ctrlC = '\x03';
/** What a first start of the agent alone would show, and a question that it must not ask. */
const unwanted =
  /⚠|isn't recognized|context assumed|auto mode|Security notes|text style|log ?in|API key|Unable to connect|Do you want to|Press Enter/i;

const keeperFolders = (rig: Rig): readonly string[] =>
  readdirSync(join(rig.cclocalHome, 'run')).filter((name) => /^[0-9a-f]{8}$/.test(name));

/** Nothing of the session is left: no process, no folder, and the terminal as the shell had it. */
async function expectNothingLeft(rig: Rig, shell: Shell, settings: string): Promise<void> {
  await untilNone(shell.others);
  expect(keeperFolders(rig)).toEqual([]);
  expect(shell.settings()).toBe(settings);
  expect(shell.plain()).toBe(true);
}

describe('cclocal in a terminal', () => {
  test('the whole job: a tool call on the disk, /exit, and on with the same conversation', async () => {
    await using rig = makeRig();
    await using shell = await openShell(rig);
    const homeBefore = readdirSync(rig.home).sort();
    const settings = shell.settings();
    shell.type('cclocal --rehearsal; echo "left with $?"\r');
    await shell.waitFor(/rehearse the whole chain/);
    await shell.waitFor(/⠋ Loading the model into memory/);
    await shell.waitFor(/^Ready after \d+ s\.$/m);
    await trustFolder(shell);
    expect(shell.settings()).not.toBe(settings);

    await sendPrompt(shell, 'please begin');
    await shell.waitFor('● Done: I wrote cclocal-rehearsal.txt');
    expect(readFileSync(join(rig.project, 'cclocal-rehearsal.txt'), 'utf8')).toHaveLength(69);
    expect(readdirSync(rig.project)).toEqual(['cclocal-rehearsal.txt']);
    expect(shell.screens().filter((screen) => unwanted.test(screen))).toEqual([]);

    await sendPrompt(shell, '/exit');
    const said = /To go on with this conversation: (cclocal --rehearsal -- --continue)$/m;
    const goOn = said.exec(await shell.waitFor(said))?.[1] ?? '';
    await shell.waitFor('left with 0');
    await expectNothingLeft(rig, shell, settings);

    shell.type(`clear; ${goOn}; echo "then $?"\r`);
    await shell.waitFor(/❯\splease begin[\s\S]*Done: I wrote cclocal-rehearsal\.txt/);
    await shell.waitFor(promptStands);
    await sendPrompt(shell, '/exit');
    await shell.waitFor('then 0');
    // The agent would register itself for its own kind of addresses there.
    expect(readdirSync(rig.home).sort()).toEqual(homeBefore);
  });

  test("Ctrl-C is the agent's: cclocal and the engine stay, until it leaves by the second one", async () => {
    await using rig = makeRig();
    const engine = scriptedEngine(rig.home);
    await using shell = await openShell(rig, { env: engine.env });
    const settings = shell.settings();
    shell.type(`cclocal --model ${engine.model}; echo "left with $?"\r`);
    await trustFolder(shell);
    const before = shell.pids();
    shell.type(ctrlC);
    await shell.waitFor(/Press Ctrl-C again to exit/);
    await shell.waitFor(promptStands);
    expect(shell.pids()).toEqual(before);
    shell.type(ctrlC);
    await shell.waitFor(/Press Ctrl-C again to exit/);
    shell.type(ctrlC);
    await shell.waitFor('left with 0');
    await expectNothingLeft(rig, shell, settings);
  });

  test('the window is closed: agent, engine and cclocal are gone', async () => {
    await using rig = makeRig();
    await using shell = await openShell(rig);
    shell.type('cclocal --rehearsal; echo "left with $?"\r');
    await trustFolder(shell);
    expect(Object.values(shell.pids())).not.toContain(0);
    shell.hangUp();
    await untilNone(rig.processes);
    expect(keeperFolders(rig)).toEqual([]);
  });

  test('the agent is killed: its code passes through, and the terminal is put back', async () => {
    await using rig = makeRig();
    const engine = scriptedEngine(rig.home);
    await using shell = await openShell(rig, { env: engine.env });
    const settings = shell.settings();
    shell.type(`cclocal --model ${engine.model}; echo "left with $?"\r`);
    await trustFolder(shell);
    process.kill(shell.pids().agent, 'SIGKILL');
    await shell.waitFor('left with 137');
    await expectNothingLeft(rig, shell, settings);
  });

  test('session and agent are killed: the keeper puts the terminal back', async () => {
    await using rig = makeRig();
    const engine = scriptedEngine(rig.home);
    // It waits before it says something: what it says before the keeper has left the agent's screen goes with that.
    const script = `echo begin; read -r go; cclocal --model ${engine.model}; code=$?; read -r go; echo "left with $code"; read -r go`;
    await using shell = await openShell(rig, { script, env: engine.env });
    const settings = shell.settings();
    shell.type('\r');
    await trustFolder(shell);
    const { session, agent } = shell.pids();
    for (const pid of [session, agent]) process.kill(pid, 'SIGKILL');
    await untilNone(shell.others);
    shell.type('\r');
    await shell.waitFor('left with 137');
    await expectNothingLeft(rig, shell, settings);
  });

  test('Ctrl-C while the engine loads, in a native call that does not come back', async () => {
    await using rig = makeRig();
    const engine = scriptedEngine(rig.home, { load: 'hang' });
    await using shell = await openShell(rig, { env: engine.env });
    const settings = shell.settings();
    shell.type(`cclocal --model ${engine.model}; echo "left with $?"\r`);
    await shell.waitFor('Loading the model into memory: 1 s');
    // Also while a line is redrawn: who is killed there cannot bring the cursor back.
    expect(shell.plain()).toBe(true);
    shell.type(ctrlC);
    await shell.waitFor('left with 130');
    await expectNothingLeft(rig, shell, settings);
  });

  test('Ctrl-C on a server whose engine takes its time: the screen says what is waited for', async () => {
    await using rig = makeRig();
    const engine = scriptedEngine(rig.home, { deaf: true });
    await using shell = await openShell(rig, { env: engine.env });
    const settings = shell.settings();
    shell.type(`cclocal --model ${engine.model} --server; echo "left with $?"\r`);
    await shell.waitFor('clients add NAME');
    shell.type(ctrlC);
    await shell.waitFor(/^.{1,4} Stopping\.$/m);
    await shell.waitFor('left with 130');
    await expectNothingLeft(rig, shell, settings);
  });

  test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('nothing but text with %o', async (quiet) => {
    await using rig = makeRig();
    const engine = scriptedEngine(rig.home);
    const args = [cclocalBin, '--model', engine.model, '--server'];
    const env = { ...rig.env, ...engine.env, ...quiet };
    const session = startOnPty({ file: process.execPath, args, cwd: rig.project, env });
    await session.waitFor(/answers at http[\s\S]*"cclocal clients add NAME"/);
    session.type(ctrlC);
    expect(await session.exited).toEqual({ code: 130, signal: 0 });
    expect(session.raw()).toContain('Loading the model into memory');
    expect(session.raw()).not.toContain('\x1b');
  });
});

test('--help fits into 80 columns', async () => {
  await using rig = makeRig();
  const { stdout } = await rig.run(['--help']);
  expect(stdout).toContain('--gemma-light');
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
