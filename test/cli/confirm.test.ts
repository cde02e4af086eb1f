import { expect, test } from 'vitest'
import { typed } from '../../src/cli/confirm.ts'

test.each([
  [['enforce', 'invoices', '--drop'], 'onceover enforce invoices --drop'],
  [['apply', 'my plan.json'], "onceover apply 'my plan.json'"],
  [['undo', '1', '--db', 'postgres://a:s3@cr@h/d'], 'onceover undo 1 --db postgres://a@h/d'],
  [['undo', '1', '--db=postgresql://a:b@h/d'], "onceover undo 1 '--db=postgresql://a@h/d'"],
  [
    ['undo', '1', '--db', 'postgres:///d?password=b&host=h'],
    "onceover undo 1 --db 'postgres:///d?host=h'",
  ],
])('%j was typed as %s', (words, command) => {
  expect(typed(words)).toBe(command)
})
