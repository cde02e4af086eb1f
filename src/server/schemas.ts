import { z } from 'zod'
import type { Caller } from './security.ts'

/** The name of a guard in a path. */
export const guardParams = z.object({ guard: z.string() })

/** The id of a run or a repair in a path. */
export const idParams = z.object({ id: z.string() })

const MOST_ITEMS = 500
const DEFAULT_ITEMS = 50

/** How a list is paged. */
export const pageQuery = z.object({
  cursor: z.string().optional().describe('`next` of the page before.'),
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(DEFAULT_ITEMS),
})

const MOST_WORDS = 500

// PostgreSQL keeps neither NUL nor half of a pair of surrogates.
const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

const words = z
  .string()
  .trim()
  .min(1)
  .max(MOST_WORDS)
  .refine(isStorable, 'is text that cannot be kept')

/** Why something is done; kept with it. */
const reason = words

/** Who does it, where no token says so. */
export const actor = words

/** What every write may say of itself. */
export const said = z.object({ reason: reason.optional(), actor: actor.optional() })

const NAMELESS = 'dashboard'

/** Who does what is asked: the token says so, or else the request, or nobody. */
export const actorOf = (caller: Caller, given: string | undefined): string =>
  caller.actor ?? given ?? NAMELESS

/** A page of a list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() })

/** A page of what was searched: a search stops where it has looked at much and found little. */
export const searchedOf = <T extends z.ZodType>(item: T) =>
  pageOf(item).extend({
    searchedTo: z
      .string()
      .nullable()
      .describe('How far back was looked where the search stopped early: `next` looks further.'),
  })

/** Some of a few words, with commas between. */
export const someOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(words)))
