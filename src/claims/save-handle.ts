import { OnceoverError } from '../core/error.ts'
import type { Transaction } from '../postgres/handle.ts'

/** The handle that `save` writes through, and what is known of its statements. */
export interface SaveHandle {
  readonly handle: Transaction
  /** Waits for statements that nobody awaited; answers with how many there were. */
  settle(): Promise<number>
}

// What holds text that only looks like a statement: strings, names, $$ bodies, comments.
const QUOTED =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[a-z_]\w*)?\$)[\s\S]*?\1|--[^\n]*|\/\*[\s\S]*?\*\//gi
const CONTROL = /^(?:begin|commit|end|abort|start\s+transaction|prepare\s+transaction)\b/i
const ROLLBACK = /^rollback\b(?!\s+(?:work\s+|transaction\s+)?to\b)/i

// pg takes an object with the text, too.
const textOf = (query: unknown): unknown =>
  typeof query === 'object' && query !== null && 'text' in query ? query.text : query

function refuseControl(query: unknown): void {
  const text = textOf(query)
  if (typeof text !== 'string') return
  for (const statement of text.replace(QUOTED, ' ').split(';')) {
    const bare = statement.trim()
    const words = (CONTROL.exec(bare) ?? ROLLBACK.exec(bare))?.[0]
    if (words === undefined) continue
    throw new OnceoverError('SAVE_ENDED_TRANSACTION', {
      message: `save ran ${words.toUpperCase()}, which was refused: the transaction is Onceover's.`,
    })
  }
}

/**
 * Guards the handle of a save: it refuses to end the transaction, whose claim would then not be
 * done with the rest, and it notices a statement that nobody waits for, whose failure nobody hears.
 */
export function saveHandle(inner: Transaction): SaveHandle {
  const pending = new Set<Promise<unknown>>()
  const query = async <Row>(text: string, values?: unknown[]) => {
    refuseControl(text)
    return inner.query<Row>(text, values)
  }
  const handle: Transaction = {
    query: <Row>(text: string, values?: unknown[]) => {
      const answer = query<Row>(text, values)
      pending.add(answer)
      const forget = () => {
        pending.delete(answer)
      }
      // Heard here too: the failure of what nobody awaits would end the process.
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
