import { Agent, get } from 'node:http'

/** Requests that are made of one kind of query: paths below the server's URL, made in turn. */
export interface Load {
  readonly what: string
  /** The path of request n. */
  readonly path: (n: number) => string
}

const MS = 1000n

const once = (agent: Agent, url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${url} answered ${response.statusCode}: ${text}`))
      })
    }).on('error', reject)
  })

/**
 * Makes requests, so many of them in flight at any time, over connections that stay open as those
 * of a browser do. The first `warmUp` open them, and are not timed.
 *
 * @returns how long each took, in milliseconds
 * @throws Error with the answer where one is not a 200
 */
export async function timeRequests(
  url: string,
  path: (n: number) => string,
  load: { readonly count: number; readonly inFlight: number; readonly warmUp?: number },
): Promise<number[]> {
  const { inFlight, warmUp = 0 } = load
  const count = load.count + warmUp
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const times: number[] = []
  let next = 0
  const lane = async () => {
    while (next < count) {
      const started = process.hrtime.bigint()
      const place = next++
      await once(agent, new URL(path(place), url).href)
      if (place < warmUp) continue
      times.push(Number((process.hrtime.bigint() - started) / MS) / 1000)
    }
  }
  try {
    await Promise.all(Array.from({ length: inFlight }, lane))
    return times
  } finally {
    agent.destroy()
  }
}
