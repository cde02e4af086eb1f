import { OnceoverError } from '../core/error.ts'
import type { Transaction } from '../postgres/handle.ts'

/** The handle that `save` writes through, and what is known of its statements. */
export interface SaveHandle {
  readonly handle: Transaction
  /** Waits for statements that nobody awaited; answers with how many there were. */
  settle(): Promise<number>
}

const SKIPPED = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)+/
const CONTROL = /^(?:begin|commit|end|abort|start\s+transaction|prepare\s+transaction)\b/i
const ROLLBACK = /^rollback\b(?!\s+(?:work\s+|transaction\s+)?to\b)/i

function refuseControl(text: unknown): void {
  if (typeof text !== 'string') return
  const bare = text.replace(SKIPPED, '')
  const words = (CONTROL.exec(bare) ?? ROLLBACK.exec(bare))?.[0]
  if (words === undefined) return
  throw new OnceoverError('SAVE_ENDED_TRANSACTION', {
    message: `save ran ${words.toUpperCase()}, which was refused: the transaction is Onceover's.`,
  })
}

/**
 * Guards the handle of a save: it refuses to end the transaction, whose claim would then not be
 * done with the rest, and it notices a statement that nobody waits for, whose failure nobody hears.
 */
export function saveHandle(inner: Transaction): SaveHandle {
  const pending = new Set<Promise<unknown>>()
  const handle: Transaction = {
    query: async <Row>(text: string, values?: unknown[]) => {
      refuseControl(text)
      const answer = inner.query<Row>(text, values)
      pending.add(answer)
      const forget = () => {
        pending.delete(answer)
      }
      answer.then(forget, forget)
      return answer
    },
  }
  const settle = async () => {
    const left = pending.size
    await Promise.allSettled(pending)
    return left
  }
  return { handle, settle }
}
