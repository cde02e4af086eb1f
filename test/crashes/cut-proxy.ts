import net from 'node:net'

/** What happens to the nth message of a worker, and to the connection that it was sent on. */
export const CUTS = ['dropped', 'torn', 'delivered', 'half-open', 'delivered half-open'] as const

/** A way in which a connection is cut. */
export type Cut = (typeof CUTS)[number]

/** A server in between that cuts one connection at one message. */
export interface CutProxy {
  readonly url: string
  /** Messages that a worker sent so far which the server answers. */
  readonly messages: number
  /** The message at which the connection was cut: SQL, or the parameters of a statement. */
  readonly cutAt: string | undefined
  /**
   * Counts from now on, and cuts at the nth message from here. The connection of a lease is left
   * alone: its beats come when they come.
   */
  cut(at: number, how: Cut, heard?: (message: string) => void): void
  /** Lets nothing through any more on the leases' connections that are open; says nothing. */
  silenceLeases(): void
  close(): Promise<void>
}

// A message has a type, except the first of a connection, and its length.
const HEADER = 5
// Query, Sync, a password and Terminate: what comes before them is sent along with them.
const ANSWERED = new Set(['Q', 'S', 'p', 'X'])

// In the first message of the connection on which a lease beats.
const LEASE = 'application_name\0onceover\0'

/** Splits what a client sends into messages, each up to one that the server answers. */
class Reader {
  #bytes = Buffer.alloc(0)
  #read = 0
  #started = false

  feed(bytes: Buffer): Buffer[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    const whole: Buffer[] = []
    for (;;) {
      const header = this.#started ? HEADER : HEADER - 1
      if (this.#bytes.length < this.#read + header) return whole
      const length = this.#bytes.readInt32BE(this.#read + header - 4) + header - 4
      if (this.#bytes.length < this.#read + length) return whole
      const type = this.#started ? String.fromCharCode(this.#bytes[this.#read] ?? 0) : 'Q'
      this.#started = true
      this.#read += length
      if (!ANSWERED.has(type)) continue
      whole.push(this.#bytes.subarray(0, this.#read))
      this.#bytes = this.#bytes.subarray(this.#read)
      this.#read = 0
    }
  }
}

interface Plan {
  readonly at: number
  readonly how: Cut
  readonly heard: ((message: string) => void) | undefined
}

class CuttingProxy implements CutProxy {
  readonly #upstream: URL
  readonly #server = net.createServer((client) => this.#serve(client))
  readonly #open = new Set<net.Socket>()
  readonly #silences: (() => void)[] = []
  #plan: Plan | undefined
  url = ''
  messages = 0
  cutAt: string | undefined

  constructor(databaseUrl: string) {
    this.#upstream = new URL(databaseUrl)
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    const url = new URL(this.#upstream.href)
    url.hostname = '127.0.0.1'
    url.port = String(typeof address === 'object' ? address?.port : '')
    this.url = url.href
    return this
  }

  cut(at: number, how: Cut, heard?: (message: string) => void): void {
    this.messages = 0
    this.cutAt = undefined
    this.#plan = { at, how, heard }
  }

  silenceLeases(): void {
    for (const silence of this.#silences) silence()
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(client: net.Socket): void {
    const upstream = net.connect(Number(this.#upstream.port), this.#upstream.hostname)
    const reader = new Reader()
    let silent = false
    let counted: boolean | undefined
    this.#silences.push(() => {
      silent ||= counted === false
    })
    for (const socket of [client, upstream]) this.#watch(socket)
    client.on('data', (bytes) => {
      for (const message of reader.feed(bytes)) {
        if (silent) return
        counted ??= !message.includes(LEASE)
        silent = counted && this.#counts(message, client, upstream)
        if (!silent) upstream.write(message)
      }
    })
    upstream.on('data', (bytes) => {
      if (!silent) client.write(bytes)
    })
    client.on('close', () => {
      if (!silent) upstream.end()
    })
    upstream.on('close', () => client.destroy())
  }

  #watch(socket: net.Socket): void {
    this.#open.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.#open.delete(socket))
  }

  /** Whether it was this message at which the connection was cut. */
  #counts(message: Buffer, client: net.Socket, upstream: net.Socket): boolean {
    this.messages++
    if (this.messages !== this.#plan?.at) return false
    const { how, heard } = this.#plan
    this.cutAt = message.toString('latin1')
    heard?.(this.cutAt)
    if (how.startsWith('delivered')) upstream.write(message)
    if (how === 'torn') upstream.write(message.subarray(0, message.length - 3))
    client.resetAndDestroy()
    // The server is not told: its transaction stays open, with all its locks.
    if (!how.endsWith('half-open')) upstream.end()
    return true
  }
}

/** Opens a proxy before the server of a database. */
export const cutProxy = (databaseUrl: string): Promise<CutProxy> =>
  new CuttingProxy(databaseUrl).listen()
