import { useEffect, useState } from 'preact/hooks'
import type { Refusal } from '../service/client'
import { Stream } from '../service/stream'

/** Follows a stream for as long as the page that asks for it is shown; null follows nothing. */
export function useStream(path: string | null, hear: (event: string, data: unknown) => void, refused: (refusal: Refusal) => void): void {
  useEffect(() => {
    if (path === null) return
    const stream = new Stream(path, { hear, refused })
    return () => stream.close()
  }, [path])
}

/** Something fetched, or why it was not. */
export type Fetched<T> = { state: 'loading' } | { state: 'there'; value: T } | { state: 'refused'; error: unknown }

/** Fetches when it is first needed, and again when asked; what is there stays until the new is. */
export function useFetched<T>(fetchIt: (signal: AbortSignal) => Promise<T>, key: string): [Fetched<T>, () => void] {
  const [fetched, set] = useState<Fetched<T>>({ state: 'loading' })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const control = new AbortController()
    fetchIt(control.signal).then(
      (value) => !control.signal.aborted && set({ state: 'there', value }),
      (error: unknown) => !control.signal.aborted && set((was) => (was.state === 'there' && turn > 0 ? was : { state: 'refused', error })),
    )
    return () => control.abort()
  }, [key, turn])
  return [fetched, () => setTurn((n) => n + 1)]
}

/** Gives the heading the focus again when what had it went away with the page's waiting form. */
export function useHeading(state: string): void {
  useEffect(() => {
    if (document.activeElement === document.body) document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
  }, [state])
}
