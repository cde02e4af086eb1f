import { randomBytes } from 'node:crypto'
import { expression, guard, text } from 'onceover'
import { describe, expect, test } from 'vitest'
import { cases, db, inKeyDatabase, invalid, once } from './key-cases.ts'
import { insertKeys, keyedTable } from './keyed-table.ts'

inKeyDatabase()

describe('a text', () => {
  cases(
    {
      title: 'with NUL is invalid',
      type: 'text',
      part: text(),
      values: ['a\0', 'a', '\0'],
      verdicts: [invalid('NUL'), 'new', invalid('NUL')],
    },
    {
      title: 'with a lone surrogate is invalid, and never U+FFFD',
      type: 'text',
      part: text(),
      values: ['a\ud800', '\udc00a', 'a\uFFFD', 'a\u{1F600}'],
      verdicts: [invalid('surrogate'), invalid('surrogate'), 'new', 'new'],
    },
    {
      title: 'in composed and decomposed form is two keys',
      type: 'text',
      part: text(),
      values: ['é', 'e\u0301', 'É'],
      verdicts: ['new', 'new', 'new'],
    },
    {
      title: 'in composed and decomposed form is one key where it is folded',
      type: 'text',
      part: text({ fold: true }),
      values: ['é', 'e\u0301', 'É', 'E\u0301', 'e'],
      verdicts: ['new', 'as 0', 'as 0', 'as 0', 'new'],
    },
    {
      title: 'keeps its white space where it is not trimmed',
      type: 'text',
      part: text(),
      values: ['a', 'a ', ' a', 'a\t', 'a\u00A0'],
      verdicts: ['new', 'new', 'new', 'new', 'new'],
    },
    {
      title: 'loses white space at its ends only where it is trimmed, that of Unicode too',
      type: 'text',
      part: text({ trim: true }),
      values: [
        'a b',
        ' a b',
        'a b\n',
        '\ta b\r\n',
        'a b\u00A0',
        '\u3000a b',
        '\uFEFFa b',
        'ab',
        'va b',
      ],
      verdicts: ['new', ...new Array(6).fill('as 0'), 'new', 'new'],
    },
    {
      title: 'is trimmed as JavaScript trims',
      type: 'text',
      part: text({ trim: true }),
      values: [
        'x',
        ...Array.from({ length: 0x3100 }, (_, c) => String.fromCharCode(c))
          .filter((c) => c.trim() === '')
          .map((c) => `${c}x${c}`),
      ],
      verdicts: ['new', ...new Array(24).fill('as 0')],
    },
    {
      title: 'in other capitals is one key where it is folded, Greek and Turkish by PostgreSQL',
      type: 'text',
      part: text({ fold: true }),
      values: ['ΑΣ', 'ας', 'ασ', 'İ', 'ı', 'ß', 'SS', 'ss', 'ǅ', 'Ǆ', '\u212A', 'k'],
      // The server says which sigma is the lower case; either way two of the three are one.
      verdicts: [
        ...['new', expect.stringMatching(/^(new|as 0)$/), expect.stringMatching(/^(new|as 0)$/)],
        ...['new', 'new', 'new', 'new', 'as 6', 'new', 'as 8', 'new', 'as 10'],
      ],
    },
    {
      title: 'of char(n) is padded: white space at its end does not count',
      type: 'char(3)',
      part: text(),
      values: ['a', 'a ', 'a  ', ' a', 'abcd'],
      verdicts: ['new', 'as 0', 'as 0', 'new', invalid('too long')],
    },
    {
      title: 'of varchar(n) that is too long is invalid, and never cut',
      type: 'varchar(3)',
      part: text(),
      values: ['abc', 'abcd', 'äöü', 'äöüa'],
      verdicts: ['new', invalid('too long'), 'new', invalid('too long')],
    },
    {
      title: 'of the type name is refused where PostgreSQL would cut it at 63 bytes',
      type: 'name',
      part: text(),
      values: ['é'.repeat(31), `${'é'.repeat(31)}a`, 'é'.repeat(32), `${'a'.repeat(63)}b`],
      verdicts: ['new', 'new', invalid('63 bytes'), invalid('63 bytes')],
    },
    {
      title: 'of citext differs not by case, and its first spelling stands',
      type: 'citext',
      part: text(),
      values: ['Ana', 'ANA', 'ana', 'anä'],
      verdicts: ['new', 'as 0', 'as 0', 'new'],
    },
    {
      title: 'that stands for a missing one is invalid in each of its spellings',
      type: 'text',
      part: text({ trim: true, fold: true, forbid: ['Unknown'] }),
      values: ['unknown', ' UNKNOWN ', 'Unknown', 'known'],
      verdicts: [...new Array(3).fill(invalid('forbidden')), 'new'],
    },
    {
      title: 'is no number, and a number is no text',
      type: 'text',
      part: text(),
      values: ['1', 1, 1n, true, ['1'], null, undefined],
      verdicts: [
        'new',
        ...new Array(4).fill(invalid('not a text')),
        ...new Array(2).fill(invalid('NULL')),
      ],
    },
  )

  test('of 3 kB that does not compress is invalid, and the others stand', async () => {
    const long = () => randomBytes(2250).toString('base64')
    const verdicts = await insertKeys(once, 'text', text(), ['a', long(), 'b', 'x'.repeat(3000)])
    expect(verdicts).toEqual(['new', invalid('exceeds btree'), 'new', 'new'])
  })

  test('of 3 kB can be a key by its hash', async () => {
    const made = await keyedTable(once, 'text', text())
    const key = { hash: expression('md5(v)') }
    const hashed = guard('hashed', { table: made.table, key, index: 'ux_hashed' })
    await db.pool.query(`DROP INDEX ${made.index}`)
    await once.enforce(hashed)
    const long = randomBytes(2250).toString('base64')
    const { verdicts } = await once.insert(hashed, [{ v: long }, { v: `${long}a` }, { v: long }])
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['created', 'created', 'collided'])
  })
})
