import { expect, test } from 'vitest'
import { givenTokens } from '../../src/cli/tokens.ts'

const TOKEN = 'x'.repeat(40)

test('tokens come from variables, and an empty one is no wish to ask nobody', () => {
  const { tokens } = givenTokens(undefined, { ONCEOVER_TOKEN: TOKEN, ONCEOVER_READ_TOKEN: TOKEN })
  expect(tokens.map(({ actor, write }) => [actor, write])).toEqual([
    ['operator', true],
    ['reader', false],
  ])
  expect(givenTokens(undefined, {}).tokens).toEqual([])
  expect(() => givenTokens(undefined, { ONCEOVER_TOKEN: '' })).toThrow('set and empty')
})
