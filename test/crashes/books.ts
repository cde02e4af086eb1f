import { guard, text } from '../../src/index.ts'

/**
 * Books with duplicates that point to each other, pages that collide on their way to the book that
 * is kept, and notes that a cascade would take.
 */
export const BOOKS = `
  DROP TABLE IF EXISTS note, page, book;
  CREATE TABLE book (id int PRIMARY KEY, isbn text, part_of int REFERENCES book);
  CREATE TABLE page (id int PRIMARY KEY, book int REFERENCES book, number int,
    UNIQUE (book, number));
  CREATE TABLE note (id int PRIMARY KEY, page int REFERENCES page ON DELETE CASCADE);
  CREATE INDEX ON book (part_of);
  CREATE INDEX ON note (page);
  INSERT INTO book SELECT i, 'isbn ' || i / 4, CASE WHEN i > 3 THEN i - 3 END
    FROM generate_series(0, 11) i;
  INSERT INTO page SELECT i, i % 12, i % 3 FROM generate_series(0, 47) i ON CONFLICT DO NOTHING;
  INSERT INTO note SELECT id, id FROM page`

/** Every row of these tables, as text. */
export const ALL_BOOKS = `
  SELECT 'book ' || t::text AS row FROM book t UNION ALL
  SELECT 'page ' || t::text FROM page t UNION ALL
  SELECT 'note ' || t::text FROM note t ORDER BY 1`

/** One row for each number, the earliest. */
export const books = guard('books', {
  table: 'book',
  key: { isbn: text() },
  children: [{ table: 'page', columns: ['book'], collision: 'merge' }],
})

/** As short as a batch can be aimed at: two losers or so. */
export const BATCH_MS = 1

/** Repaired on the way, in such batches. */
export const ENFORCING = { repair: true, online: true, batchMs: BATCH_MS } as const
