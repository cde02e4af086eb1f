const KEPT_AS = 'onceover-token'
const GIVEN = /^#token=([^&]+)$/

let token = kept()

function kept(): string | undefined {
  try {
    return sessionStorage.getItem(KEPT_AS) ?? undefined
  } catch {
    return undefined
  }
}

/** The bearer token of this tab, where one was given. */
export function bearer(): string | undefined {
  return token
}

/** Keeps a token for as long as the tab is open. */
export function keepToken(given: string): void {
  token = given
  try {
    sessionStorage.setItem(KEPT_AS, given)
  } catch {
    // Then it lasts as long as the page.
  }
}

/** Takes a token out of the address (`#token=…`), so that no history and no link holds it. */
export function takeToken(): void {
  const given = GIVEN.exec(location.hash)?.[1]
  if (given === undefined) return
  keepToken(decodeURIComponent(given))
  history.replaceState(null, '', '#/')
}
