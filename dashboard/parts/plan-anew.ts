import type { RepairPlan } from '../../src/index.ts'
import { apiPath, post } from '../api.ts'
import { tell } from '../live.ts'
import { go } from '../route.ts'
import { say } from './toast.tsx'

/** Plans a repair and goes to its plan. @throws ApiError */
export async function planAnew(guard: string, reason: string): Promise<void> {
  const words = reason.trim() ? { reason: reason.trim() } : {}
  const plan = await post<RepairPlan>(apiPath(['guards', guard, 'repairs']), words)
  if (plan.repair === '') {
    say('No key stands twice any more: there is nothing to repair.')
    return
  }
  tell({ kind: 'repair', guard, id: plan.repair, state: 'planned' })
  go(['repairs', plan.repair])
}
