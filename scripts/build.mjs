// Bundles src/ into dist/, split by command so that a package is loaded only where it is used, and puts the Python
// programs and lock files beside it. About 0.2 s, so it simply runs before `npm start` and `npm test`.
//
//   node scripts/build.mjs [ENTRY.ts FOLDER]      with both: only that entry point, bundled as the shipped one is
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const { version, dependencies } = JSON.parse(readFileSync(at('package.json'), 'utf8'));

const [entry, folder] = process.argv.slice(2);
/**
 * A static import of an external package would be loaded at the start, used or not. zod takes 50 ms, and only files that
 * people write are read with it: this turns its import into a require at the place where a module that uses it begins.
 */
const lazyZod = {
  name: 'lazy-zod',
  setup(build) {
    build.onResolve({ filter: /^zod$/ }, ({ namespace }) =>
      namespace === 'lazy-zod' ? { path: 'zod', external: true } : { path: 'zod', namespace: 'lazy-zod' },
    );
    build.onLoad({ filter: /.*/, namespace: 'lazy-zod' }, () => ({ contents: "module.exports = require('zod')" }));
  },
};

const options = {
  outdir: folder ?? at('dist'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  external: Object.keys(dependencies).filter((name) => name !== 'commander'),
  plugins: [lazyZod],
  define: { __CCLOCAL_VERSION__: JSON.stringify(version) },
  // Bundled CommonJS packages call require for Node's own modules.
  banner: {
    js: "import{createRequire as __nodeRequire}from'node:module';const require=__nodeRequire(import.meta.url);",
  },
  lineLimit: 160,
  logLevel: 'warning',
};
if (entry !== undefined) {
  await build({ ...options, entryPoints: [entry] });
  process.exit();
}

rmSync(at('dist'), { recursive: true, force: true });
// Split where it is imported at need: in one piece, `cclocal list` takes 24 ms longer, most of it to compile what it does not
// use. Apart from the keeper, which needs nearly all of its own.
await build({ ...options, splitting: true, chunkNames: 'part-[hash]', entryPoints: { cli: at('src/cli.ts') } });
// Bundled, zod is half as large in memory: nothing but what the gateway uses of it.
const inKeeper = { external: options.external.filter((name) => name !== 'zod'), plugins: [] };
await build({ ...options, ...inKeeper, entryPoints: { keeper: at('src/keeper/process.ts') } });
cpSync(at('src/engines/host'), at('dist/host'), { recursive: true, filter: (from) => !from.includes('__pycache__') });
cpSync(at('src/launch/confine'), at('dist/confine'), {
  recursive: true,
  filter: (from) => !from.includes('__pycache__'),
});
cpSync(at('src/models/rehearsal'), at('dist/rehearsal'), {
  recursive: true,
  filter: (from) => !/__pycache__|\.ts$/.test(from),
});
cpSync(at('src/engines/setup/locks'), at('dist/locks'), { recursive: true });
for (const name of readdirSync(at('dist/locks')).filter((name) => name.endsWith('.txt'))) {
  const hash = createHash('sha256')
    .update(readFileSync(at(`dist/locks/${name}`)))
    .digest('hex');
  writeFileSync(at(`dist/locks/${name}.sha256`), `${hash}\n`);
}
