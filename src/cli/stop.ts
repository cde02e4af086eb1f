let controller: AbortController | undefined

/** What became of a request to stop: it was the first, there was one before, nobody works. */
export type StopAnswer = 'stopping' | 'again' | 'idle'

/** Asks the work that is under way to stop when it can; a signal or a closed pipe does. */
export function requestStop(): StopAnswer {
  if (controller === undefined) return 'idle'
  if (controller.signal.aborted) return 'again'
  controller.abort()
  return 'stopping'
}

/**
 * Lets work run that can be stopped: its signal is aborted by the first SIGINT or SIGTERM, which
 * would otherwise end the process.
 */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController()
  controller = own
  try {
    return await work(own.signal)
  } finally {
    controller = undefined
  }
}
