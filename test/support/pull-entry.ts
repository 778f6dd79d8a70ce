import { pullRig } from './pull-rig.ts';

// One pull as a process of its own, which can be killed: endpoint, home, id, Python, the host's two programs.
const [endpoint = '', home = '', id = '', python = '', look = '', host = ''] = process.argv.slice(2);
const { failure } = await pullRig(endpoint, home).pull({ ids: [id], python, programs: { look, host } });
process.stdout.write(`${JSON.stringify(failure)}\n`);
