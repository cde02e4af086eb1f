import type { InsertResult, Policy } from '../../../src/index.ts'
import type { Preview } from '../../contract.ts'

/** What was looked at: what is made is asked for with the same words. */
export interface Looked {
  readonly body: object
  readonly policy: Policy
  readonly preview: Preview
}

/** What came of it: rows with their verdicts, or a run that goes on. */
export type Outcome = InsertResult | { readonly run: string }
