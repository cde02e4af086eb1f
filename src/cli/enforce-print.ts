import { EXIT, type Guard, type Migrations, type Onceover, OnceoverError } from '../index.ts'
import { eachGuard } from './guards.ts'
import type { Output } from './output.ts'

const TARGETS: readonly (keyof Migrations)[] = ['conflict', 'sql', 'prisma', 'drizzle', 'knex']

/**
 * The target of `--print`.
 *
 * @throws OnceoverError USAGE for one that there is not
 */
export function printTarget(text: string): keyof Migrations {
  const target = TARGETS.find((each) => each === text)
  if (target) return target
  throw new OnceoverError('USAGE', {
    message: `--print ${text} is no target.`,
    fix: `Give one of ${TARGETS.join(', ')}.`,
  })
}

/** Prints the unique index of each guard as a migration of another tool; runs nothing. */
export const printEach = (
  guards: readonly Guard[],
  target: keyof Migrations,
  once: Onceover,
  out: Output,
): Promise<number> =>
  eachGuard(guards, out, async (guard) => {
    const { [target]: text } = await once.migrations(guard)
    if (out.json) out.record({ guard: guard.name, [target]: text })
    else {
      if (guards.length > 1) out.progress(guard.name)
      out.line(text)
    }
    return EXIT.ok
  })
