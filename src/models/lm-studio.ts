import { join } from 'node:path';
import { readSmallFile } from '../os/files.ts';
import { entriesIn, lookThrough, namesIn } from '../os/look.ts';
import { weightsKind } from './repo-state.ts';
import { inspectSnapshot } from './snapshot.ts';

/** A model that LM Studio keeps, in a form that an engine here can read where it stands. */
export interface LmStudioModel {
  /** `publisher/model`, as its folders say it. */
  readonly name: string;
  readonly path: string;
  /** Of its weights. */
  readonly bytes: number;
  readonly complete: boolean;
}

/** A pointer and a settings file are short; more than this is something else. */
const mostBytes = 1 << 20;

/**
 * The MLX models of LM Studio: `<its models>/<publisher>/<model>/` with safetensors (GGUF, which it keeps there too, is
 * left out). Its home is what ~/.lmstudio-home-pointer names, else the old ~/.cache/lm-studio, else ~/.lmstudio; its
 * models are in `models` there or where its settings put them. Read-only; none where it was never installed.
 */
export function lmStudioModels(userHome: string): readonly LmStudioModel[] {
  const folder = modelsFolder(userHome);
  return folders(folder)
    .flatMap((publisher) => folders(join(folder, publisher)).map((model) => `${publisher}/${model}`))
    .flatMap((name) => {
      const path = join(folder, name);
      if (weightsKind(namesIn(path)) !== 'safetensors') return [];
      const { bytes, complete } = inspectSnapshot(path);
      return [{ name, path, bytes, complete }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function modelsFolder(userHome: string): string {
  const pointer = readSmallFile(join(userHome, '.lmstudio-home-pointer'), mostBytes)?.trim();
  const old = join(userHome, '.cache', 'lm-studio');
  const home = pointer ? pointer : isFolder(old) ? old : join(userHome, '.lmstudio');
  return settingIn(join(home, 'settings.json')) ?? join(home, 'models');
}

/** `downloadsFolder` of its settings. */
function settingIn(file: string): string | null {
  try {
    const value: unknown = JSON.parse(readSmallFile(file, mostBytes) ?? '');
    if (typeof value !== 'object' || value === null) return null;
    const folder: unknown = Reflect.get(value, 'downloadsFolder');
    return typeof folder === 'string' && folder !== '' ? folder : null;
  } catch {
    return null;
  }
}

const folders = (path: string): readonly string[] =>
  entriesIn(path)
    .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(path, entry.name))))
    .map(({ name }) => name);

const isFolder = (path: string): boolean => lookThrough(path)?.isDirectory() === true;
