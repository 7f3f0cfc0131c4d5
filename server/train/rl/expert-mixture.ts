/**
 * log-probability of a step of an expert that steers a group (Jazbec et al., arXiv 2512.09106): the step might have been
 * drawn by the policy, one of `policies` members of the group, or by this expert, one of `experts`, which is sure of what it does:
 *   log(w_θ · π + w_δ), w_θ = policies / (policies + experts), w_δ = 1 / (policies + experts).
 * With several experts the weights do not add up to 1, since a sample comes from one of them only. Its slope is that of
 * log π times w_θ π / (w_θ π + w_δ).
 */
export function expertMixture(logProb: number, policies: number, experts: number): number {
  const all = policies + experts;
  return Math.log((policies / all) * Math.exp(logProb) + 1 / all);
}
