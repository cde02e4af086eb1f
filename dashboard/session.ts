import { signal } from '@preact/signals'
import { type ApiError, apiPath, asApiError, get } from './api.ts'
import type { GuardSummary, Page, Session } from './contract.ts'

/** What the server is and what this visitor may do; undefined until it answered. */
export const session = signal<Session | undefined>(undefined)
/** Why it is not known. */
export const sessionError = signal<ApiError | undefined>(undefined)
/** The guards of the server, for the navigation and the palette. */
export const guards = signal<readonly GuardSummary[]>([])

/** Whether this visitor may change anything. */
export const mayWrite = (): boolean => session.value?.write === true

/** The actor that a change of this visitor is kept under. */
export const actorName = (): string => session.value?.actor ?? 'dashboard'

/** What is known of a guard; undefined until the list came. */
export const knownGuard = (guard: string): GuardSummary | undefined =>
  guards.value.find(({ name }) => name === guard)

/** Asks the server who it is; the page stands on the answer. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await get<Session>(apiPath([]))
    sessionError.value = undefined
    const { items } = await get<Page<GuardSummary>>(apiPath(['guards']))
    guards.value = items
  } catch (error) {
    sessionError.value = asApiError(error)
  }
}
