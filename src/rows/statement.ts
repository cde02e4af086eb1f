import type { Audit } from '../audit/queries.ts'
import type { Inspection } from '../guards/inspect.ts'
import type { Column } from '../guards/table.ts'
import type { Input } from './input/queries.ts'

/** One statement over one input. */
export interface Statement {
  readonly inspection: Inspection
  readonly input: Input
  readonly policy: 'skip' | 'replace' | 'allow'
  /** The columns of a created or existing row to answer with. */
  readonly shown: readonly Column[]
  readonly audit: Audit | undefined
}
