import { effect, signal } from '@preact/signals'

/** What a theme can be; `system` follows the device. */
export const THEMES = ['system', 'light', 'dark'] as const
/** One of the themes. */
export type Theme = (typeof THEMES)[number]

const KEPT_AS = 'onceover-theme'

function kept(): Theme {
  try {
    const found = localStorage.getItem(KEPT_AS)
    return THEMES.find((each) => each === found) ?? 'system'
  } catch {
    return 'system'
  }
}

/** The chosen theme; setting it changes the page and is kept for the next visit. */
export const theme = signal<Theme>(kept())

effect(() => {
  const chosen = theme.value
  const { dataset } = document.documentElement
  if (chosen === 'system') delete dataset.theme
  else dataset.theme = chosen
  try {
    if (chosen === 'system') localStorage.removeItem(KEPT_AS)
    else localStorage.setItem(KEPT_AS, chosen)
  } catch {
    // Where nothing may be kept, the choice lasts as long as the page.
  }
})

/** The next theme, in turn. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
}
