// An extension of its own beside the one that is measured. It watches how late the host's timers are, and what the host
// computes, from its own start on, which is before that of the other; then from whenever somebody connects to its socket.
// When the other side has ended it answers with one JSON object.
const { once } = require('node:events');
const { Session } = require('node:inspector');
const { createServer } = require('node:net');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { promisify } = require('node:util');

const RESOLUTION_MS = 1;
const SAMPLING_US = 200;
const OURS = /\/unmask\.unmask-[^/]*\/dist\/extension\.js$/;

exports.activate = async () => {
  const session = new Session();
  session.connect();
  const post = promisify(session.post.bind(session));
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  /** When turns of the event loop began, in the profile's microseconds. */
  let turns = [];
  session.on('NodeTracing.dataCollected', ({ params }) => {
    for (const { name, ts } of params.value) if (name === 'CheckImmediate') turns.push(ts);
  });
  const start = async () => {
    turns = [];
    await post('NodeTracing.start', { traceConfig: { includedCategories: ['node.environment'] } });
    await post('Profiler.enable');
    await post('Profiler.setSamplingInterval', { interval: SAMPLING_US });
    await post('Profiler.start');
    delays.reset();
    delays.enable();
  };
  const stop = async () => {
    delays.disable();
    const { profile } = await post('Profiler.stop');
    const traced = once(session, 'NodeTracing.tracingComplete');
    await post('NodeTracing.stop');
    await traced;
    // A timer of one millisecond that is on time has waited for one millisecond.
    const late = (share) => Math.max(0, delays.percentile(share) / 1e6 - RESOLUTION_MS);
    return { late50: late(50), late99: late(99), lateMost: late(100), ...stretches(profile, turns) };
  };
  let watching = start();
  await watching;
  createServer({ allowHalfOpen: true }, (socket) => {
    watching ??= start();
    socket.resume();
    socket.on('end', async () => {
      await watching;
      watching = undefined;
      socket.end(JSON.stringify(await stop()));
    });
  }).listen(process.env.UNMASK_PROBE_SOCKET);
};

/**
 * The uninterrupted stretches of time, within one turn of the event loop each, in which our code, or what it called, was
 * on the stack. Milliseconds. Samples come at a fixed rate; where the next one is late the host's process was not
 * running, so that time is not counted as computed (`oursLongestComputed`), though the host was late by it
 * (`oursLongest`).
 */
function stretches({ nodes, samples, timeDeltas, startTime }, turns) {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  /** The outermost frame of ours on a sample's stack. */
  const entries = new Map();
  for (const { id } of nodes) {
    for (let at = id; at !== undefined; at = parents.get(at)) {
      if (OURS.test(frames.get(at).url)) entries.set(id, frames.get(at));
    }
  }
  let [present, computed, total] = [0, 0, 0];
  let [oursLongest, oursLongestComputed, oursLongestIn] = [0, 0, ''];
  const boundaries = turns.toSorted((a, b) => a - b);
  let now = startTime;
  for (const [i, sample] of samples.entries()) {
    now += timeDeltas[i];
    while (boundaries[0] <= now) {
      boundaries.shift();
      [present, computed] = [0, 0];
    }
    const entry = entries.get(sample);
    present = entry ? present + timeDeltas[i] / 1000 : 0;
    computed = entry ? computed + Math.min(timeDeltas[i], 2 * SAMPLING_US) / 1000 : 0;
    if (entry) total += timeDeltas[i] / 1000;
    oursLongestComputed = Math.max(oursLongestComputed, computed);
    if (present > oursLongest) {
      oursLongest = present;
      oursLongestIn = `${entry.functionName || 'a function'} at ${entry.lineNumber + 1}:${entry.columnNumber + 1}`;
    }
  }
  return { ours: total, oursLongest, oursLongestComputed, oursLongestIn };
}
