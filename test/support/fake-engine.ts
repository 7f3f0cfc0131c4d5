/** The engine process with the fake model. It holds a connection that tells a test when the process starts and ends. */
import net from 'node:net';
import { runEngine } from '../../server/engine/run-engine.ts';
import { loadFakeModel } from './fake-model.ts';

const lifeline = process.env.UNMASK_TEST_LIFELINE;
if (lifeline) {
  net.connect(lifeline).once('connect', () => runEngine(loadFakeModel));
} else {
  runEngine(loadFakeModel);
}
