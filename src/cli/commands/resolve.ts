import { EXIT, OnceoverError, type StepResolution } from '../../index.ts'
import { type Confirmation, confirm } from '../confirm.ts'
import { type DatabaseOptions, showTarget } from '../connect.ts'
import { readJson, readKey } from '../option-values.ts'
import type { Output } from '../output.ts'
import { keyInWords } from '../run-report.ts'
import { oneLine, shellWord } from '../text.ts'
import { withGenerator } from '../work.ts'

/** Options of `onceover resolve`. */
export interface ResolveOptions extends DatabaseOptions, Confirmation {
  /** JSON object: the key of the unit. */
  readonly key: string
  readonly step: string
  /** JSON: what the call answered. */
  readonly answer?: string
  /** The call was never made. */
  readonly again?: boolean
}

function resolutionOf({ answer, again = false }: ResolveOptions): StepResolution {
  if (again === (answer === undefined)) {
    return again ? { again } : { answer: readJson('--answer', answer ?? '') }
  }
  throw new OnceoverError('USAGE', {
    message: 'resolve needs either --answer or --again.',
    fix: 'Pass --answer JSON with what the call answered, or --again if it was never made.',
  })
}

/** `onceover resolve`: answers for the provider of a step whose answer was lost. */
export async function run(
  [name = '']: readonly string[],
  { key: json, step, ...options }: ResolveOptions,
  out: Output,
): Promise<number> {
  const key = readKey(json)
  const resolution = resolutionOf({ key: json, step, ...options })
  return withGenerator(name, options, out, async (once, generator) => {
    showTarget(once, out)
    const unit = `the step ${oneLine(step)} of ${oneLine(keyInWords(key))}`
    const question =
      'answer' in resolution ? `Record an answer for ${unit}?` : `Have ${unit} called again?`
    if (!(await confirm(question, options))) {
      out.progress('Nothing was changed.')
      return EXIT.refused
    }
    await once.resolveStep(generator, key, step, resolution)
    if (out.json) out.record({ target: once.target, generator: name, key, step, ...resolution })
    else out.line(`Recorded. The next run makes the unit, or: onceover retry ${shellWord(name)}`)
    return EXIT.ok
  })
}
