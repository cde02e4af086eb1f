import { expect, test } from 'vitest'
import { findChromium } from './chromium.ts'

test('a browser that is required and missing fails, and none is used where it is off', () => {
  const nowhere = { PATH: '/nowhere' }
  expect(findChromium(nowhere)).toBeUndefined()
  expect(() => findChromium({ ...nowhere, ONCEOVER_BROWSER: 'required' })).toThrow('no Chromium')
  const given = { ...nowhere, ONCEOVER_CHROMIUM: process.execPath }
  expect(findChromium(given)).toBe(process.execPath)
  expect(findChromium({ ...given, ONCEOVER_BROWSER: 'off' })).toBeUndefined()
})
