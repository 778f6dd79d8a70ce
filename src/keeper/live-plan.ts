import type { GatewayPlan } from '../gateway/plan.ts';

/** The plan with the context of the moment: a restart may lower it. All who have the plan see it change. */
export const livePlan = (plan: GatewayPlan, context: () => number): GatewayPlan => ({
  ...plan,
  get context() {
    return context();
  },
});
