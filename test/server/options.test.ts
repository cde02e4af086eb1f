import { expect, test } from 'vitest'
import type { Onceover } from '../../src/index.ts'
import { checkServerOptions } from '../../src/server/options.ts'

const once = {} as Onceover

test('an empty list of tokens is no wish to ask nobody', () => {
  expect(() => checkServerOptions({ once, guards: [], tokens: [] })).toThrow('tokens is empty')
  expect(() => checkServerOptions({ once, guards: [] })).not.toThrow()
})
