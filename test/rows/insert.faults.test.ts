import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expression, guard, text } from '../../src/index.ts'
import { type Opened, open } from './lessons.ts'

// Beyond compression, or the index would take it.
function randomText(length: number): string {
  let state = 1
  const next = () => {
    state = (state * 48271) % 2147483647
    return String.fromCharCode(0x4e00 + (state % 20000))
  }
  return Array.from({ length }, next).join('')
}

let opened: Opened
beforeAll(async () => {
  opened = await open(`
    CREATE TABLE room (id int PRIMARY KEY);
    INSERT INTO room VALUES (1), (2);
    CREATE TABLE booking (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text CONSTRAINT booking_name UNIQUE,
      code varchar(5) CONSTRAINT booking_code UNIQUE, seats int CONSTRAINT seats CHECK (seats > 0),
      room int CONSTRAINT booking_room REFERENCES room,
      later int CONSTRAINT booking_later REFERENCES room DEFERRABLE INITIALLY DEFERRED,
      late_code int CONSTRAINT booking_late UNIQUE DEFERRABLE INITIALLY DEFERRED,
      follows int CONSTRAINT booking_follows REFERENCES booking DEFERRABLE INITIALLY DEFERRED,
      slot int4range, note text NOT NULL DEFAULT '',
      CONSTRAINT booking_slot EXCLUDE USING gist (slot WITH &&));
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.note = 'raise' THEN RAISE EXCEPTION 'no % here', NEW.name; END IF;
      IF NEW.note = 'own state' THEN RAISE 'own' USING ERRCODE = '45000'; END IF;
      IF NEW.note = 'strict' THEN SELECT id INTO STRICT NEW.room FROM room WHERE id = -1; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON booking FOR EACH ROW EXECUTE FUNCTION refuse()`)
})
afterAll(() => opened.close())
beforeEach(() => opened.query('TRUNCATE booking, onceover.run RESTART IDENTITY'))

const bookings = guard('bookings', { table: 'booking', key: { name: text() } })

type Bad = Readonly<Record<string, unknown>>

/** Rows with names n0, n1, …; those of `bad` with other values. */
const rows = (count: number, bad: (place: number) => Bad | undefined) =>
  Array.from({ length: count }, (_, place) => ({ name: `n${place}`, ...bad(place) }))

const stored = async () =>
  (await opened.query('SELECT name FROM booking ORDER BY name')).map(({ name }) => name)

/** What each kind of bad row comes to. */
const KINDS: [string, Bad, Bad][] = [
  ['a CHECK', { seats: 0 }, { verdict: 'failed', sqlstate: '23514', constraint: 'seats' }],
  [
    'a foreign key',
    { room: 9 },
    { verdict: 'failed', sqlstate: '23503', constraint: 'booking_room' },
  ],
  ['NOT NULL', { note: null }, { verdict: 'failed', sqlstate: '23502' }],
  [
    'another unique key',
    { code: 'met' },
    { verdict: 'failed', sqlstate: '23505', constraint: 'booking_code' },
  ],
  [
    'an exclusion',
    { slot: '[1,9)' },
    { verdict: 'failed', sqlstate: '23P01', constraint: 'booking_slot' },
  ],
  ['the length of varchar(5)', { code: '123456' }, { verdict: 'invalid', sqlstate: '22001' }],
  ['the range of int', { seats: 2 ** 40 }, { verdict: 'invalid', sqlstate: '22003' }],
  ['the limit of an index', { name: randomText(9000) }, { verdict: 'invalid', sqlstate: '54000' }],
  ['a trigger that raises', { note: 'raise' }, { verdict: 'failed', sqlstate: 'P0001' }],
  [
    'a trigger with its own SQLSTATE',
    { note: 'own state' },
    { verdict: 'failed', sqlstate: '45000' },
  ],
  ['a trigger that finds no row', { note: 'strict' }, { verdict: 'failed', sqlstate: 'P0002' }],
  [
    'a deferred foreign key',
    { later: 9 },
    { verdict: 'failed', sqlstate: '23503', constraint: 'booking_later' },
  ],
  [
    'a deferred unique key',
    { late_code: 1 },
    { verdict: 'failed', sqlstate: '23505', constraint: 'booking_late' },
  ],
]

const meet = () =>
  opened.query(
    `INSERT INTO booking (name, code, slot, late_code) VALUES ('met', 'met', '[1,9)', 1)`,
  )

describe('a row that breaks', () => {
  test.each(KINDS)('%s gets its verdict, and the others stand', async (_, bad, expected) => {
    await meet()
    const { verdicts, run } = await opened.once.insert(
      bookings,
      rows(7, (place) => (place === 3 ? bad : undefined)),
    )
    expect(verdicts[3]).toMatchObject({ index: 3, ...expected, reason: expect.any(String) })
    if (bad.name === undefined) expect(verdicts[3]?.key).toEqual({ name: 'n3' })
    const rest = verdicts.filter(({ index }) => index !== 3)
    expect(rest.map(({ verdict }) => verdict)).toEqual(Array(6).fill('created'))
    expect(await stored()).toEqual(['met', 'n0', 'n1', 'n2', 'n4', 'n5', 'n6'])
    const events = await opened.once.events({ run: String(run) })
    expect(events.map(({ verdict, keys }) => [verdict, keys.length]).sort()).toEqual(
      [
        ['created', 6],
        [expected.verdict, 1],
      ].sort(),
    )
  })
})

describe('of a thousand rows', () => {
  test.each([0, 500, 999])('one bad one, at place %i, fails alone', async (bad) => {
    const { totals, verdicts, run } = await opened.once.insert(
      bookings,
      rows(1000, (place) => (place === bad ? { seats: 0 } : undefined)),
    )
    expect(totals).toMatchObject({ rows: 1000, created: 999, failed: 1 })
    expect(verdicts[bad]).toMatchObject({ index: bad, verdict: 'failed', constraint: 'seats' })
    const events = await opened.once.events({ run: String(run) })
    expect(events.map(({ keys }) => keys.length).sort()).toEqual([1, 999])
  })

  test('all may be bad, each for its own reason', async () => {
    const kinds: Bad[] = [{ seats: 0 }, { room: 9 }, { code: '123456' }, { note: 'raise' }]
    const input = rows(1000, (place) => kinds[place % 4])
    const { totals, verdicts } = await opened.once.insert(bookings, input)
    expect(totals).toMatchObject({ rows: 1000, created: 0, failed: 750, invalid: 250 })
    expect(verdicts.map(({ sqlstate }) => sqlstate)).toEqual(
      rows(1000, () => undefined).map(
        (_, place) => ['23514', '23503', '22001', 'P0001'][place % 4],
      ),
    )
    expect(await stored()).toEqual([])
  })
})

describe('with a bad row among them', () => {
  test('equal keys still collide with the first, whatever half they stand in', async () => {
    const input = rows(9, (place) =>
      place === 4 ? { seats: 2 ** 40 } : { name: `N${place % 2}`, note: String(place) },
    )
    const { verdicts } = await opened.once.insert(bookings, input)
    expect(verdicts.map(({ verdict, firstIndex }) => firstIndex ?? verdict)).toEqual([
      ...['created', 'created', 0, 1, 'invalid', 1, 0, 1, 0],
    ])
    const notes = await opened.query('SELECT name, note FROM booking ORDER BY name')
    expect(notes).toEqual([
      { name: 'N0', note: '0' },
      { name: 'N1', note: '1' },
    ])
  })

  test('rows without a key are each invalid: they are not equal', async () => {
    const input = [{ note: 'a' }, { name: null }, { name: 'n' }, { name: 'x', seats: 0 }]
    const { verdicts } = await opened.once.insert(bookings, input as never)
    expect(verdicts.map(({ verdict }) => verdict)).toEqual([
      ...['invalid', 'invalid', 'created', 'failed'],
    ])
  })

  test('a key is canonical in every verdict', async () => {
    await opened.query(
      'CREATE UNIQUE INDEX booking_folded ON booking (lower(normalize(name, NFC)))',
    )
    const folded = guard('folded', { table: 'booking', key: { name: text({ fold: true }) } })
    const { verdicts, run } = await opened.once.insert(folded, [
      { name: 'ANNA' },
      { name: 'Anna' },
      { name: 'BERT', seats: 0 },
    ])
    expect(verdicts.map(({ verdict, key }) => [verdict, key.name])).toEqual([
      ['created', 'anna'],
      ['collided', 'anna'],
      ['failed', 'bert'],
    ])
    const events = await opened.once.events({ run: String(run) })
    expect(events.flatMap(({ keys }) => keys.map(({ name }) => name)).sort()).toEqual([
      ...['anna', 'anna', 'bert'],
    ])
    await opened.query('DROP INDEX booking_folded')
  })

  test('an expression in the key has its value in every verdict', async () => {
    await opened.query('CREATE UNIQUE INDEX booking_half ON booking ((seats / 2))')
    const halves = guard('halves', { table: 'booking', key: { half: expression('seats / 2') } })
    const { verdicts } = await opened.once.insert(halves, [
      { name: 'a', seats: 4 },
      { name: 'b', seats: 5 },
      { name: 'c', seats: 8, room: 9 },
    ])
    expect(verdicts.map(({ verdict, key }) => [verdict, key.half])).toEqual([
      ['created', 2],
      ['collided', 2],
      ['failed', 4],
    ])
    await opened.query('DROP INDEX booking_half')
  })
})

describe('two rows of one input that break another constraint together', () => {
  test('leave one of them standing', async () => {
    const input = rows(6, (place) => (place === 1 || place === 4 ? { code: 'same' } : undefined))
    const { totals, verdicts } = await opened.once.insert(bookings, input)
    expect(totals).toMatchObject({ created: 5, failed: 1 })
    const failed = verdicts.find(({ verdict }) => verdict === 'failed')
    expect(failed).toMatchObject({ sqlstate: '23505', constraint: 'booking_code' })
  })

  test('do so too where the constraint is deferred', async () => {
    const input = rows(6, (place) => (place % 3 === 1 ? { late_code: 5 } : undefined))
    const { totals } = await opened.once.insert(bookings, input)
    expect(totals).toMatchObject({ created: 5, failed: 1 })
  })
})

describe('a deferred constraint', () => {
  test('may be broken until the rows are complete', async () => {
    const linked = guard('linked', { table: 'booking', key: { name: text() }, show: ['follows'] })
    const { verdicts } = await opened.once.insert(linked, [
      { name: 'a', follows: 2 },
      { name: 'b', follows: 1 },
    ])
    expect(verdicts.map(({ verdict, row }) => [verdict, row?.follows])).toEqual([
      ['created', 2],
      ['created', 1],
    ])
  })

  test('is left to the COMMIT of the caller', async () => {
    const call = opened.once.transaction(async (handle) => {
      const { totals } = await opened.once.insert(bookings, [{ name: 'a', later: 3 }], { handle })
      expect(totals.created).toBe(1)
      await handle.query('INSERT INTO room VALUES (3)')
    })
    await call
    expect(await stored()).toEqual(['a'])
  })
})
