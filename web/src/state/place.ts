import { signal } from '@preact/signals'

/** Where the reader is: path and query of the address, and the id of what has the focus first, if not the heading. */
export const place = signal({ path: location.pathname, query: location.search, focus: '' })

function read(focus = ''): void {
  place.value = { path: location.pathname, query: location.search, focus }
}

addEventListener('popstate', () => read())

/** Goes to another place of this page. */
export function go(to: string, focus = ''): void {
  if (to === location.pathname + location.search) return
  history.pushState(null, '', to)
  read(focus)
  scrollTo(0, 0)
}

/** Changes the query where the reader is, without a step in the history. */
export function refine(query: string): void {
  history.replaceState(null, '', location.pathname + query)
  read()
}
