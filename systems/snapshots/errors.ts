/** No portfolio has this id. */
export class PortfolioNotFoundError extends Error {
  constructor(portfolioId: string) {
    super(`There is no portfolio ${portfolioId}.`)
    this.name = 'PortfolioNotFoundError'
  }
}

/** Prices are missing: without them there is no P&L, and a guess would be kept for ever. */
export class PricesMissingError extends Error {
  /** Each as 'SYMBOL on YYYY-MM-DD'. */
  readonly missing: readonly string[]

  constructor(missing: readonly string[]) {
    super(`Prices are missing: ${missing.join(', ')}.`)
    this.name = 'PricesMissingError'
    this.missing = missing
  }
}

/** A day cannot be closed as things stand; nothing was written. */
export class NotCloseableError extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'NotCloseableError'
  }
}

/** What a replay would do is no longer what its preview said. Nothing was written. */
export class ReplayDriftedError extends Error {
  constructor(portfolioId: string) {
    super(`Portfolio ${portfolioId} changed since the preview of its replay: preview it again.`)
    this.name = 'ReplayDriftedError'
  }
}
