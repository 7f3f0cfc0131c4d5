import type { RevealRule } from '../../protocol.ts';
import { dynamic } from './dynamic.ts';
import { entropy } from './entropy.ts';
import { factor } from './factor.ts';
import type { Policy } from './policy.ts';
import { sequential } from './sequential.ts';
import { staticPolicy } from './static.ts';

/** Every rule by the name that the settings give it. */
export const POLICIES: Readonly<Record<RevealRule, Policy>> = {
  dynamic,
  static: staticPolicy,
  sequential,
  entropy,
  factor,
};
