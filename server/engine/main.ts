import { loadModel } from './load.ts';
import { runEngine } from './run-engine.ts';

runEngine(loadModel);
