import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { OnceoverError, type RepairPlan, readPlan } from '../index.ts'

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined

interface Opened {
  readonly handle: FileHandle
  /** Whether there was no such file before. */
  readonly created: boolean
}

async function openPlan(file: string, force: boolean): Promise<Opened> {
  try {
    return { handle: await open(file, 'wx'), created: true }
  } catch (cause) {
    const exists = codeOf(cause) === 'EEXIST'
    if (exists && force) return { handle: await open(file, 'r+'), created: false }
    throw new OnceoverError('USAGE', {
      message: exists ? `There is a file ${file} already.` : `${file} cannot be written.`,
      fix: exists
        ? 'Name another one, or pass --force.'
        : 'Name a file in a directory that exists.',
      details: { file },
      cause,
    })
  }
}

/**
 * Has a plan made and writes it to a file. The file is opened first: a plan that cannot be kept is
 * not made. Where there is nothing to repair, or making the plan fails, the file is as it was.
 *
 * @param force whether a file of that name is written over
 * @throws OnceoverError USAGE where the file exists or cannot be written
 */
export async function writePlan(
  file: string,
  force: boolean,
  make: () => Promise<RepairPlan>,
): Promise<RepairPlan> {
  const { handle, created } = await openPlan(file, force)
  let kept = !created
  try {
    const plan = await make()
    if (plan.rows > 0) {
      await handle.truncate()
      await handle.writeFile(`${JSON.stringify(plan, null, 2)}\n`)
      kept = true
    }
    return plan
  } finally {
    await handle.close()
    if (!kept) await rm(file, { force: true })
  }
}

/**
 * Reads the plan of a file.
 *
 * @throws OnceoverError USAGE where there is no such file or no plan in it, PLAN_EDITED where it
 * was cut short or changed
 */
export async function readPlanFile(file: string): Promise<RepairPlan> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new OnceoverError('USAGE', {
      message: `There is no plan in ${file}: it cannot be read.`,
      fix: 'Name the file that `onceover repair GUARD --plan FILE` wrote.',
      details: { file },
      cause,
    })
  })
  return readPlan(parsed(file, text))
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new OnceoverError('PLAN_EDITED', {
      message: `${file} is no JSON: it was edited, or not written to its end.`,
      details: { file },
      cause,
    })
  }
}
