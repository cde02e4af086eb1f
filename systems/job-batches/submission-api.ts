import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

/**
 * What an external API offers to a caller whose answer was lost: it knows a repeated call by its
 * idempotency key, or it can be asked what it took, or neither.
 */
export type Offer = 'keys' | 'lookup' | 'neither'

/** Checks what the API is told about a job. */
export const submission = z.object({
  /** The job's own name there, such as `job-42`. */
  reference: z.string().min(1),
  type: z.string(),
  item: z.json(),
})

/** A job as the API is told about it. */
export type Submission = z.infer<typeof submission>

/** What the API calls a job that it took. */
export interface Accepted {
  readonly externalId: string
}

/** Who calls, and until when. */
export interface Calling {
  readonly signal: AbortSignal
  /** Sent where the API offers keys: the same call again is answered, not taken again. */
  readonly idempotencyKey?: string
}

/** The external API as this system sees it. */
export interface SubmissionApi {
  readonly offers: Offer
  /**
   * Submits a job: the paid call.
   *
   * @throws NotTakenError where the API certainly did not take it; any other error leaves that open
   */
  submit(job: Submission, calling: Calling): Promise<Accepted>
  /** What the API took under a reference; undefined where it took nothing. Only with `lookup`. */
  find(reference: string, calling: Calling): Promise<Accepted | undefined>
}

/** Where the API is and how it is spoken to. */
export interface ApiAddress {
  readonly url: string
  readonly offers: Offer
  /** How long to wait for an answer; default 10 s. */
  readonly timeoutMs?: number
  /**
   * With `lookup`: how long the API may take to show what it took; default 10 s. Only after that is
   * a submission that it does not show one that it did not take.
   */
  readonly settlesMs?: number
}

/** The API said no, or was never reached: nothing was taken, and nothing has to be paid. */
export class NotTakenError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'NotTakenError'
  }
}

const TIMEOUT_MS = 10_000
const SETTLES_MS = 10_000
const LOOK_AGAIN_MS = 50
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 405, 413, 415, 422, 429])

const taken = z.object({ id: z.string() })
const found = z.object({ jobs: z.array(taken) })

/** The API over HTTP. */
export function submissionApi(address: ApiAddress): SubmissionApi {
  const { offers, settlesMs = SETTLES_MS } = address
  const find = async (reference: string, calling: Calling): Promise<Accepted | undefined> => {
    const path = `/v1/jobs?reference=${encodeURIComponent(reference)}`
    const { jobs } = found.parse(await call(address, path, calling))
    return jobs[0] && { externalId: jobs[0].id }
  }
  return {
    offers,
    submit: async (job, calling) => {
      const body = JSON.stringify(job)
      const { id } = taken.parse(await call(address, '/v1/jobs', calling, body))
      return { externalId: id }
    },
    find: async (reference, calling) => {
      const until = performance.now() + settlesMs
      for (;;) {
        const last = performance.now() >= until
        const accepted = await find(reference, calling)
        if (accepted || last) return accepted
        await sleep(Math.min(LOOK_AGAIN_MS, settlesMs), undefined, { signal: calling.signal })
      }
    },
  }
}

async function call(
  { url, offers, timeoutMs = TIMEOUT_MS }: ApiAddress,
  path: string,
  { signal, idempotencyKey }: Calling,
  body?: string,
): Promise<unknown> {
  const key = offers === 'keys' && idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}
  const response = await fetch(url + path, {
    ...(body !== undefined && { method: 'POST', body }),
    headers: { 'content-type': 'application/json', ...key },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  }).catch(unreached)
  if (response.ok) return response.json()
  const said = `The API answered ${response.status}: ${(await response.text()).slice(0, 500)}`
  throw REFUSALS.has(response.status) ? new NotTakenError(said) : new Error(said)
}

// A refused connection is the one failure that proves that the request was never read.
function unreached(error: unknown): never {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ECONNREFUSED') throw new NotTakenError('The API cannot be reached.', error)
  throw error
}
