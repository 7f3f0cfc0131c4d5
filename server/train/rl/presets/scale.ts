/**
 * What two cores carry in about a minute a step, with adapters on a small model. Published runs have 100 times as many
 * responses of 20 times the length, on models for which a learning rate of 1e-6 on all weights is right.
 */
export const SMALL = {
  promptsPerStep: 4,
  groupSize: 8,
  maxTokens: 96,
  learningRate: 5e-5,
} as const;
