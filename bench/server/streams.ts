import { get, type IncomingMessage } from 'node:http'

const connected = (url: URL): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      if (response.statusCode === 200) resolve(response)
      else reject(new Error(`${url.href} answered ${response.statusCode}.`))
    }).on('error', reject)
  })

const until = (stream: IncomingMessage, word: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const take = (part: Buffer) => {
      if (!part.includes(word)) return
      stream.off('data', take)
      resolve()
    }
    stream.on('data', take)
    stream.once('close', () => reject(new Error('A stream ended.')))
  })

/**
 * Lets many clients listen for changes, makes one, and waits until all have heard of it.
 *
 * @param change makes the change that `word` stands in
 * @returns milliseconds from the change to the last that heard of it
 */
export async function timeStreams(
  url: string,
  clients: number,
  change: () => Promise<unknown>,
  word: string,
): Promise<number> {
  const live = new URL('api/live', url)
  const streams = await Promise.all(Array.from({ length: clients }, () => connected(live)))
  try {
    await Promise.all(streams.map((stream) => until(stream, 'hello')))
    const heard = Promise.all(streams.map((stream) => until(stream, word)))
    await change()
    const started = performance.now()
    await heard
    return performance.now() - started
  } finally {
    for (const stream of streams) stream.destroy()
  }
}
