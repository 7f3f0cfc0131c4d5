import type { RlPresetName } from '../../../protocol.ts';
import type { Recipe } from '../recipe.ts';
import { d1 } from './d1.ts';
import { dirl } from './dirl.ts';
import { dultra } from './dultra.ts';
import { dultraDistill } from './dultra-distill.ts';
import { grpoTrajectory } from './grpo-trajectory.ts';
import { jazbec } from './jazbec.ts';
import { jazbecDpls } from './jazbec-dpls.ts';
import { jazbecEs } from './jazbec-es.ts';
import { lightningrl } from './lightningrl.ts';
import { lightningrlReleased } from './lightningrl-released.ts';
import { lightningrlVerified } from './lightningrl-verified.ts';
import { ontrack } from './ontrack.ts';
import { ontrackVerified } from './ontrack-verified.ts';
import { tracerl } from './tracerl.ts';

/** Published methods as recipes, by name. */
export const RL_PRESETS: Readonly<Record<RlPresetName, Recipe>> = {
  lightningrl,
  'lightningrl-released': lightningrlReleased,
  'lightningrl-verified': lightningrlVerified,
  dirl,
  tracerl,
  d1,
  'grpo-trajectory': grpoTrajectory,
  ontrack,
  'ontrack-verified': ontrackVerified,
  jazbec,
  'jazbec-dpls': jazbecDpls,
  'jazbec-es': jazbecEs,
  dultra,
  'dultra-distill': dultraDistill,
};
