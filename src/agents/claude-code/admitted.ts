import type { AgentCommand, AgentFile, AgentInput } from '../agent.ts';

/** Folder with nothing in it but the user's CLAUDE.md: the agent may read all of a folder that is added. */
export const memoryFolder = ({ sessionDir }: Pick<AgentInput, 'sessionDir'>): string => `${sessionDir}/memory`;

/** A plugin of ours around the admitted skills: both releases tested find skills in one, and nowhere else that is ours. */
export const skillsFolder = ({ sessionDir }: Pick<AgentInput, 'sessionDir'>): string => `${sessionDir}/skills`;

/** The plugin's name stands before each skill's: `mine:NAME`. */
const plugin = { name: 'mine', version: '1.0.0', description: 'Skills named with --skills' };

/** Files by which the user's own memory and skills reach the agent. */
export function admittedFiles(input: AgentInput): readonly AgentFile[] {
  const { memory, skills } = input.admitted;
  const file = (path: string, content: string): AgentFile => ({ path, content, mode: 0o600, once: false });
  return [
    ...(memory === null ? [] : [file(`${memoryFolder(input)}/CLAUDE.md`, memory)]),
    ...(skills.length === 0 ? [] : [file(`${skillsFolder(input)}/.claude-plugin/plugin.json`, JSON.stringify(plugin))]),
  ];
}

export function skillLinks(input: AgentInput): AgentCommand['links'] {
  return input.admitted.skills.map(({ name, folder }) => ({
    path: `${skillsFolder(input)}/skills/${name}`,
    target: folder,
  }));
}
