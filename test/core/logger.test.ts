import { expect, test } from 'vitest'
import { type Logger, silentLogger } from '../../src/core/logger.ts'

// The shape of pino's levels: overloaded, facts first, and methods that need their object.
interface LevelOfPino {
  <Facts, Message extends string = string>(
    facts: Facts,
    message?: Facts extends string ? never : Message,
    ...values: unknown[]
  ): void
  (facts: unknown, message?: string, ...values: unknown[]): void
  (message: string, ...values: unknown[]): void
}

test('a logger shaped as pino fits as it is', () => {
  const lines: unknown[] = []
  const level: LevelOfPino = (...line: unknown[]) => void lines.push(line)
  const pino = { level: 'info', fatal: level, debug: level, info: level, warn: level, error: level }
  const logger: Logger = pino
  logger.info({ guard: 'visits' }, 'created')
  expect(lines).toEqual([[{ guard: 'visits' }, 'created']])
})

test('the silent logger says nothing and cannot be taught to', () => {
  silentLogger.error({}, 'x')
  expect(() => Object.assign(silentLogger, { error: console.error })).toThrow(TypeError)
})
