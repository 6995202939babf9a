import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { go } from '../state/place'

const places: Record<string, string> = { o: '/', e: '/experiments', w: '/workers' }
const longestBetween = 1500

/** What single keys do, outside of fields; `?` tells. */
export function Keys(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    let led = 0
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || document.querySelector('dialog[open]')) return
      const to = places[event.key]
      if (led > 0 && event.timeStamp - led < longestBetween && to) {
        event.preventDefault()
        go(to)
      } else if (event.key === '/') {
        event.preventDefault()
        if (location.pathname === '/experiments') document.getElementById('search')?.focus()
        else go('/experiments', 'search')
      } else if (event.key === '?') dialog.current?.showModal()
      led = event.key === 'g' ? event.timeStamp : 0
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
  return (
    <dialog ref={dialog} class="dialog" aria-label="Keys">
      <h2>Keys</h2>
      <dl class="keys">
        <dt>
          <kbd>g</kbd> <kbd>o</kbd>
        </dt>
        <dd>Overview</dd>
        <dt>
          <kbd>g</kbd> <kbd>e</kbd>
        </dt>
        <dd>Experiments</dd>
        <dt>
          <kbd>g</kbd> <kbd>w</kbd>
        </dt>
        <dd>Workers</dd>
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>Search experiments</dd>
        <dt>
          <kbd>Tab</kbd> <kbd>Enter</kbd>
        </dt>
        <dd>Move, and do what has the focus</dd>
      </dl>
      <form method="dialog" class="dialog-acts">
        <button class="button" autofocus>
          Close
        </button>
      </form>
    </dialog>
  )
}
