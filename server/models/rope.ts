import type { Rope } from '../../kernels/shape.ts';
import type { ConfigReader } from './config-reader.ts';

/** What transformers takes when a config names no base frequency. */
const DEFAULT_THETA = 10_000;

type RopeReader = (section: ConfigReader, theta: number) => Rope;

const ROPE_TYPES: Record<Rope['type'], RopeReader> = {
  default: (_section, theta) => ({ type: 'default', theta }),
  linear: (section, theta) => ({ type: 'linear', theta, factor: section.positive('factor') }),
  llama3: (section, theta) => ({
    type: 'llama3',
    theta,
    factor: section.positive('factor'),
    lowFreqFactor: section.positive('low_freq_factor'),
    highFreqFactor: section.positive('high_freq_factor'),
    originalMaxPositions: section.count('original_max_position_embeddings'),
  }),
};

/**
 * Reads the rotary embedding from `rope_parameters` (transformers 5) or from `rope_theta` and `rope_scaling`
 * (before). Throws UserError for an unknown type and when both forms are there with different base frequencies.
 */
export function readRope(config: ConfigReader): Rope {
  const parameters = config.section('rope_parameters');
  const section = parameters ?? config.section('rope_scaling');
  const outer = config.positive('rope_theta', DEFAULT_THETA);
  const theta = parameters ? parameters.positive('rope_theta', outer) : outer;
  if (config.has('rope_theta') && theta !== outer) {
    throw config.refuse('rope_theta', `is ${outer}, but rope_parameters.rope_theta is ${theta}`);
  }
  if (!section) return { type: 'default', theta };
  const key = section.has('rope_type') || !section.has('type') ? 'rope_type' : 'type';
  const type = section.text(key, 'default');
  if (Object.hasOwn(ROPE_TYPES, type)) return ROPE_TYPES[type as Rope['type']](section, theta);
  const known = Object.keys(ROPE_TYPES).join(', ');
  throw section.refuse(key, `is ${JSON.stringify(type)}, which is not supported (known: ${known})`);
}
