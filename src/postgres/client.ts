import pg from 'pg'

type Answered = (error: Error | null, client?: pg.Client) => void

/**
 * A pg Client that hangs up where connecting fails. pg itself leaves the socket open where it is
 * the client that gives up, for want of a password for instance: the server then keeps the
 * connection until its authentication_timeout, and a database that it leads to cannot be dropped.
 */
export class HangingUpClient extends pg.Client {
  // The types of pg do not name it.
  declare readonly unref: () => void

  override connect(): Promise<pg.Client>
  override connect(answer: Answered): void
  override connect(answer?: Answered): Promise<pg.Client> | undefined {
    if (!answer) {
      return new Promise((resolve, reject) => {
        this.connect((error) => (error ? reject(error) : resolve(this)))
      })
    }
    super.connect((error: Error | null) => {
      if (error) this.connection.stream.destroy()
      answer(error, this)
    })
    return undefined
  }
}
