interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Turns a function that answers many at once into one that is asked one by one: what is asked for
 * in the same turn of the event loop is answered by one call. `load` gives a result per item, in
 * order; what it throws goes to all who wait.
 */
export function gathered<Item, Result>(
  load: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = []
  const answer = async () => {
    const asked = waiting
    waiting = []
    try {
      const results = await load(asked.map(({ item }) => item))
      for (const [place, { resolve }] of asked.entries()) resolve(results[place] as Result)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(answer)
      waiting.push({ item, resolve, reject })
    })
}
