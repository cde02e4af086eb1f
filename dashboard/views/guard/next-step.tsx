import type { ApiError } from '../../api.ts'
import { href } from '../../route.ts'

/** What can be done in the dashboard about a failed enforcement; nothing where its fix says all. */
export function afterEnforce(guard: string, { code }: ApiError) {
  if (code !== 'DUPLICATES_EXIST') return null
  return (
    <p class="next-step">
      <a class="button" href={href(['guards', guard, 'duplicates'])}>
        See the duplicates
      </a>{' '}
      or enforce with “Repair the duplicates on the way”.
    </p>
  )
}
