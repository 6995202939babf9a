import { signal } from '@preact/signals'

const place = 'kdr-key'

/** The API key of this tab; null when there is none. It lives as long as the tab. */
export const key = signal<string | null>(null)

/** Why there is no key, when there was one. */
export const refusal = signal<string | null>(null)

/** Takes a key out of an address's fragment. */
export function keyOf(fragment: string): string | null {
  const given = new URLSearchParams(fragment.replace(/^#/, '')).get('key')
  return given !== null && given.trim() !== '' ? given.trim() : null
}

/** Finds the key: in the address, from which it is removed at once, else where this tab keeps it. */
export function open(): void {
  take()
  key.value ??= sessionStorage.getItem(place)
  addEventListener('hashchange', take)
}

function take(): void {
  const given = keyOf(location.hash)
  if (given === null) return
  history.replaceState(history.state, '', location.pathname + location.search)
  signIn(given)
}

export function signIn(given: string): void {
  sessionStorage.setItem(place, given)
  refusal.value = null
  key.value = given
}

export function signOut(why: string | null = null): void {
  sessionStorage.removeItem(place)
  refusal.value = why
  key.value = null
}
