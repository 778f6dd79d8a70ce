import { fileURLToPath } from 'node:url';

// Bundled code lies in dist/ or dist/chunks/, unbundled code (tests, benches) in src/os/.
const here = import.meta.url;
const root = here.includes('/dist/')
  ? here.slice(0, here.lastIndexOf('/dist/'))
  : here.slice(0, here.lastIndexOf('/src/'));

const at = (path: string): string => fileURLToPath(`${root}/${path}`);

/** Files that ship with cclocal and are read or run from its own folder, wherever npm put it. */
export const assets = {
  catalog: at('catalog.json'),
  mcpConfig: at('mcp-local.json'),
  keeperProgram: at('dist/keeper.js'),
  hostProgram: at('dist/host/main.py'),
  hubConfigProgram: at('dist/host/hub_config.py'),
  hubLookProgram: at('dist/host/hub_look.py'),
  rehearsalProgram: at('dist/rehearsal/build.py'),
  rehearsalScript: at('dist/rehearsal/script.json'),
  /** All that the rehearsal model is made of. */
  rehearsalSources: ['build.py', 'script.json', 'template.jinja'].map((name) => at(`dist/rehearsal/${name}`)),
  confineProgram: at('dist/confine/main.py'),
  locks: at('dist/locks'),
} as const;
