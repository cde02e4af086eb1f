import { EXIT } from '../../index.ts'
import { connected, type DatabaseOptions } from '../connect.ts'
import { renderDiscovery } from '../discovery-report.ts'
import { given, wholeNumber } from '../option-values.ts'
import type { Output } from '../output.ts'

/** Options of `onceover discover`. */
export interface DiscoverCommandOptions extends DatabaseOptions {
  /** Only the tables of this schema. */
  readonly schema?: string
  readonly limit: string
}

/** `onceover discover`: proposes guards for a whole database. */
export async function run(
  _names: readonly string[],
  { schema, limit: text, ...options }: DiscoverCommandOptions,
  out: Output,
): Promise<number> {
  const limit = wholeNumber('--limit', text, { from: 1 })
  return connected(options, out, async (once) => {
    out.progress(`looking at every table of ${once.target}`)
    const discovery = await once.discover({ ...given({ schema }), limit })
    if (out.json) {
      for (const proposal of discovery.proposals) out.record(proposal)
      for (const skipped of discovery.skipped) out.record({ skipped })
    } else {
      for (const line of renderDiscovery(discovery, out)) out.line(line)
    }
    return EXIT.ok
  })
}
