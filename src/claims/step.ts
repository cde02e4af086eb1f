import { randomUUID } from 'node:crypto'
import type { Counters } from '../audit/counters.ts'
import { OnceoverError } from '../core/error.ts'
import type { Database } from '../postgres/database.ts'
import type { Sql } from '../postgres/sql.ts'
import { chain } from '../postgres/sqlstates.ts'
import { toJson } from '../rows/json-value.ts'
import { refuseKept } from '../rows/kept-value.ts'
import type { Claim, StepCall, StepOptions } from './claim.ts'
import type { Held } from './queries.ts'
import { send } from './send.ts'
import {
  answerStep,
  intendStep,
  parkStep,
  repeatStep,
  type StepTerms,
  withdrawStep,
} from './step/queries.ts'

/** Under what the steps of one attempt run. */
export interface StepContext {
  readonly database: Database
  readonly counters: Counters
  readonly claim: Held
  readonly run: string
  readonly generation: number
  readonly signal: AbortSignal
  /** Whether `make` has ended. */
  isOver(): boolean
}

interface IntentRow {
  readonly state: 'asked' | 'answered' | 'needs_reconcile'
  readonly key: string
  readonly answer: string | null
  readonly own: string
}

async function sendOwned<Row>({ database, claim }: StepContext, statement: Sql): Promise<Row> {
  const [row] = await send<Row>(database, statement)
  if (row) return row
  throw lost(claim)
}

const lost = ({ guard, fence }: Held): OnceoverError =>
  new OnceoverError('CLAIM_LOST', {
    message: `A unit of the guard ${guard} is no longer this worker's.`,
    details: { guard, fence: String(fence) },
  })

// The connection was refused, or the name was not found: no request left.
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])

// A client that tries again by itself may have sent a request before the one that was refused:
// where somebody can be asked, that is certain.
const wasNotMade = (error: unknown, canAsk: boolean): boolean =>
  [...chain(error)]
    .map((each) => String(Reflect.get(each, 'code')))
    .some((code) => code === 'STEP_NOT_MADE' || (!canAsk && NOT_SENT.has(code)))

function asJson(name: string, answer: unknown): string {
  // A call that answers nothing was made all the same.
  if (answer === undefined) return 'null'
  const why = refuseKept(answer)
  if (why === undefined) return toJson(answer)
  throw new OnceoverError('STEP_INVALID', {
    message: `The answer of the step ${name} cannot be kept as JSON: ${why}.`,
    fix: 'Answer with what a later attempt needs, such as an id: return (await response.json()).',
    details: { step: name },
  })
}

interface AnsweredRow {
  /** Whether the claim is still this worker's. */
  readonly owned: string
}

class Step<Answer> {
  readonly #context: StepContext
  readonly #terms: StepTerms
  readonly #call: (call: StepCall) => Promise<Answer> | Answer
  readonly #options: StepOptions<Answer>
  readonly #withdrawn: () => void

  constructor(
    context: StepContext,
    name: string,
    call: (call: StepCall) => Promise<Answer> | Answer,
    options: StepOptions<Answer>,
    withdrawn: () => void,
  ) {
    const { claim, run, generation } = context
    this.#context = context
    this.#terms = { claim, run, generation, name }
    this.#call = call
    this.#options = options
    this.#withdrawn = withdrawn
  }

  /** @param called whether this attempt has made the call before */
  async run(called: boolean): Promise<Answer> {
    this.#context.signal.throwIfAborted()
    const intent = await sendOwned<IntentRow>(this.#context, intendStep(this.#terms, randomUUID()))
    const { state, key, answer, own } = intent
    if (state === 'answered') {
      this.#context.counters.addStep('avoided')
      return JSON.parse(answer ?? 'null')
    }
    const call: StepCall = { idempotencyKey: key, signal: this.#context.signal }
    if (state === 'asked' && own === 'true' && !called) return this.#make(call)
    return this.#ask(call)
  }

  async #make(call: StepCall): Promise<Answer> {
    this.#context.counters.addStep('made')
    let answer: Answer
    try {
      answer = await this.#call(call)
    } catch (error) {
      if (wasNotMade(error, this.#options.ask !== undefined)) {
        await sendOwned(this.#context, withdrawStep(this.#terms))
        this.#withdrawn()
      }
      throw error
    }
    return this.#record(answer, false)
  }

  // The answer was lost: the provider is asked, or a person must be. Never called blindly.
  async #ask(call: StepCall): Promise<Answer> {
    const { ask } = this.#options
    if (!ask) return this.#park(call)
    this.#context.counters.addStep('asked')
    const answer = await ask(call)
    if (answer !== undefined) return this.#record(answer, true)
    const { state } = await sendOwned<{ state: string }>(this.#context, repeatStep(this.#terms))
    // Its answer came late, after the provider had been asked.
    return state === 'answered' ? this.run(true) : this.#make(call)
  }

  async #record(answer: Answer, asked: boolean): Promise<Answer> {
    const json = asJson(this.#terms.name, answer)
    const statement = answerStep(this.#terms, json, asked)
    const { owned } = await sendOwned<AnsweredRow>(this.#context, statement)
    if (owned === 'true') return JSON.parse(json)
    throw lost(this.#context.claim)
  }

  async #park({ idempotencyKey }: StepCall): Promise<never> {
    const { guard } = this.#terms.claim
    await send(this.#context.database, parkStep(this.#terms))
    throw new OnceoverError('STEP_NEEDS_RECONCILE', {
      message:
        `The step ${this.#terms.name} of a unit of ${guard} was called before, and its answer ` +
        'was lost. Whether it happened, only its provider knows, under the idempotency key ' +
        `${idempotencyKey}.`,
      details: { guard, step: this.#terms.name, idempotencyKey },
    })
  }
}

/** The steps of one attempt. */
export interface Steps {
  /** See `Claim.step`. */
  readonly step: Claim['step']
  /**
   * Ends the steps with `make`.
   *
   * @throws OnceoverError STEP_INVALID where one still runs: nobody would hear it fail
   */
  end(): void
}

const invalid = (name: string, what: string, fix: string): OnceoverError =>
  new OnceoverError('STEP_INVALID', {
    message: `The step ${name} ${what}.`,
    fix,
    details: { step: name },
  })

/** Opens the steps of one attempt. */
export function stepsOf(context: StepContext): Steps {
  const called = new Set<string>()
  const done = new Set<string>()
  const running = new Set<string>()
  const check = (name: string) => {
    // In save it would wait for the claim, which save's own transaction has locked.
    if (context.isOver() && !context.signal.aborted) {
      throw invalid(
        name,
        'was begun after make had ended',
        'Make external calls in make: save only writes.',
      )
    }
    // The same name is the same call: a second one would get the answer of the first.
    if (running.has(name) || done.has(name)) {
      throw invalid(
        name,
        'was begun twice in one attempt',
        `Name each call of a unit, such as '${name} 2'.`,
      )
    }
  }
  const step: Claim['step'] = (name, call, options = {}) => {
    const begun = async () => {
      if (typeof name !== 'string' || name.trim() === '' || typeof call !== 'function') {
        throw new OnceoverError('STEP_INVALID', {
          message: 'A step needs a name and a function that makes its call.',
        })
      }
      check(name)
      const again = called.has(name)
      called.add(name)
      running.add(name)
      try {
        const own = new Step(context, name, call, options, () => called.delete(name))
        const answer = await own.run(again)
        done.add(name)
        return answer
      } finally {
        running.delete(name)
      }
    }
    const answer = begun()
    // Where make does not wait for it, its failure is told of in another way.
    answer.catch(() => {})
    return answer
  }
  const end = () => {
    const [left] = running
    if (left === undefined) return
    throw invalid(left, 'still ran when make returned', 'Await every step before make returns.')
  }
  return { step, end }
}
