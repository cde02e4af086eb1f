import type { Report, ReportRequest, ReportWriter, WriteOptions } from './writer.ts'

/** A writer that is sometimes overloaded: it fails for some students until it is told otherwise. */
export class Outages implements ReportWriter {
  readonly version: string
  readonly #writer: ReportWriter
  #names: ReadonlySet<string> = new Set()

  /** @param writer who writes where there is no outage */
  constructor(writer: ReportWriter) {
    this.#writer = writer
    this.version = writer.version
  }

  /** From now on fails for the students of these names, and for no others. */
  of(names: readonly string[]): void {
    this.#names = new Set(names)
  }

  async write(request: ReportRequest, options: WriteOptions): Promise<Report> {
    if (this.#names.has(request.metrics.name)) {
      throw new Error('The writer answered 529: overloaded, try again later.')
    }
    return this.#writer.write(request, options)
  }
}
