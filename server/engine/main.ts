import type { RunningDevice } from '../protocol.ts';
import { loadModel } from './load.ts';
import { runEngine } from './run-engine.ts';
import { runProbe } from './run-probe.ts';

const [task, device] = process.argv.slice(2);

if (task === '--probe') void runProbe(device as RunningDevice);
else runEngine(loadModel);
