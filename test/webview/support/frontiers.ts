import type { Estimate, Frontier, FrontierPoint } from '../../../server/protocol.ts';

const estimate = (value: number, low = value, high = value): Estimate => ({ value, interval: [low, high] });

function point(
  label: string,
  accuracy: Estimate,
  denoise: number,
  total: number,
  speed: number,
): FrontierPoint {
  return {
    label,
    accuracy,
    tpf: { denoise: estimate(denoise), total: estimate(total) },
    tokensPerSecond: estimate(speed, speed - 5, speed + 5),
  };
}

/** A frontier of two curves. */
export function savedFrontier(): Frontier {
  const accuracy = estimate(20, 5, 40);
  return {
    format: 'unmask-frontier',
    version: 1,
    suite: 'infill.jsonl',
    model: 'unmask-135m',
    weights: '0123456789abcdef',
    device: 'cpu',
    tasks: 20,
    samples: 1,
    accuracy: 'exactMatch',
    bestAccuracy: 20,
    curves: [
      {
        name: 'ar',
        aup: { denoise: estimate(20), total: estimate(20) },
        points: [point('', accuracy, 1, 1, 70)],
      },
      {
        name: 'verified',
        aup: { denoise: estimate(30), total: estimate(28) },
        points: [
          point('threshold 0.9', accuracy, 1.4, 1.3, 80),
          point('threshold 0.3', estimate(15, 5, 35), 1.6, 1.5, 90),
        ],
      },
    ],
  };
}
