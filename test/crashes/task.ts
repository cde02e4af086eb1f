import type { Flow } from './payouts.ts'

/** When a process kills itself: around the nth statement that it sends, from 1. */
export const MOMENTS = ['before it is sent', 'after it is sent', 'after its answer'] as const

/** A moment around a statement. */
export type Moment = (typeof MOMENTS)[number]

/** What a process does: units of one flow, or the same without a ledger. */
export interface CrashTask {
  readonly url: string
  readonly flow: Flow | 'naive'
  readonly numbers: readonly number[]
  readonly kill?: { readonly at: number; readonly moment: Moment }
  /** Tells its parent, and waits to be told, at this point of its unit. */
  readonly pauseIn?: 'make' | 'save'
}

/** What a process tells its parent. */
export type CrashTold =
  /** It is at the point where it waits. */
  | { readonly kind: 'paused' }
  /** The signal of its claim was aborted. */
  | { readonly kind: 'aborted'; readonly code: string }
  | {
      readonly kind: 'done'
      /** How many statements it sent. */
      readonly statements: number
      readonly verdicts: readonly string[]
    }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
