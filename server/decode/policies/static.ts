import { byConfidence, type Policy } from './policy.ts';

/** SDAR's low_confidence_static, LLaDA's low-confidence remasking: the `least` most probable, and no more. */
export const staticPolicy: Policy = (choices, least) => byConfidence(choices).slice(0, least);
