import { EXIT } from '../../index.ts'
import type { DatabaseOptions } from '../connect.ts'
import { given, readRange } from '../option-values.ts'
import type { Output } from '../output.ts'
import { renderReconciliation } from '../reconcile-report.ts'
import { withGenerator } from '../work.ts'

/** Options of `onceover reconcile`. */
export interface ReconcileCommandOptions extends DatabaseOptions {
  readonly range: string
  /** The part of the key whose values are the periods. */
  readonly by?: string
}

/** `onceover reconcile`: holds what is expected in a range against rows and claims. */
export async function run(
  [name = '']: readonly string[],
  options: ReconcileCommandOptions,
  out: Output,
): Promise<number> {
  const range = readRange(options.range)
  return withGenerator(name, options, out, async (once, generator) => {
    out.progress(`reconciling ${name} on ${once.target}`)
    const found = await once.reconcile(generator, range, given({ by: options.by }))
    if (out.json) out.record({ generator: name, target: once.target, ...found })
    else for (const line of renderReconciliation(found, out)) out.line(line)
    const { missing, extra, duplicate } = found.totals
    return missing + extra + duplicate + found.invalid > 0 ? EXIT.findings : EXIT.ok
  })
}
