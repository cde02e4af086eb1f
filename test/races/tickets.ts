import { guard, int, text } from '../../src/index.ts'

/** The table that the processes of the races write to. */
export const TICKETS = `
  CREATE TABLE ticket (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number int NOT NULL, holder text,
    seats int NOT NULL DEFAULT 0, void boolean NOT NULL DEFAULT false);
  CREATE UNIQUE INDEX ticket_once ON ticket (number) WHERE NOT void;
  CREATE TABLE wanted (number int)`

/** One row for each number that is not void. */
export const tickets = guard('tickets', {
  table: 'ticket',
  key: { number: int() },
  where: 'NOT void',
})

/** One row for each holder: a second key of the same table. */
export const holders = guard('holders', { table: 'ticket', key: { holder: text() } })

/** How many keys every process inserts. */
export const RACE_KEYS = Number(process.env.ONCEOVER_RACE_KEYS ?? 2000)

/** The numbers from 0 up to `count` in an order that depends on `seed` only. */
export function shuffled(count: number, seed: number): number[] {
  const numbers = Array.from({ length: count }, (_, place) => place)
  let state = (seed + 1) * 7919
  const below = (limit: number): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return Math.floor((state / 2 ** 32) * limit)
  }
  for (let place = count - 1; place > 0; place--) {
    const other = below(place + 1)
    const [one, two] = [numbers[place] ?? 0, numbers[other] ?? 0]
    numbers[place] = two
    numbers[other] = one
  }
  return numbers
}
