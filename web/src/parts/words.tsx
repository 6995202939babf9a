import type { ComponentChildren, JSX } from 'preact'
import { go } from '../state/place'
import { now } from '../state/clock'
import { ago, clock, duration, middle, moment, until } from '../text/format'
import { Refusal } from '../service/client'

/** A link inside the page; opens elsewhere as every link does when a key is held. */
export function To({ href, children, ...rest }: { href: string; children: ComponentChildren; class?: string; 'aria-label'?: string; 'aria-current'?: 'page' }): JSX.Element {
  return (
    <a
      {...rest}
      href={href}
      onClick={(click) => {
        if (click.defaultPrevented || click.button !== 0 || click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return
        click.preventDefault()
        go(href)
      }}
    >
      {children}
    </a>
  )
}

/** How long ago something was; the moment itself when pointed at. */
export function Ago({ at }: { at: string }): JSX.Element {
  const then = new Date(at)
  return (
    <time dateTime={at} title={moment(then, new Date(now.value))}>
      {ago(now.value - then.getTime())}
    </time>
  )
}

export function Until({ at }: { at: string }): JSX.Element {
  const then = new Date(at)
  return (
    <time dateTime={at}>
      {until(then.getTime() - now.value)} <span class="muted">({clock(then)})</span>
    </time>
  )
}

export function Moment({ at }: { at: string }): JSX.Element {
  return <time dateTime={at}>{moment(new Date(at), new Date(now.value))}</time>
}

/** A duration that grows while something lasts. */
export function Since({ at, to }: { at: string; to?: string | null }): JSX.Element {
  return <>{duration(((to ? Date.parse(to) : now.value) - Date.parse(at)) / 1000)}</>
}

/** A long name, cut in its middle; whole for who points at it and for who listens. */
export function Name({ of, longest = 44 }: { of: string; longest?: number }): JSX.Element {
  const cut = middle(of, longest)
  return cut === of ? (
    <>{of}</>
  ) : (
    <span title={of}>
      <span aria-hidden="true">{cut}</span>
      <span class="unseen">{of}</span>
    </span>
  )
}

/** What stands where there is nothing: why, and the next thing to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}

/** Something is being fetched; its shape stands there already. */
export function Loading({ what, rows = 3 }: { what: string; rows?: number }): JSX.Element {
  return (
    <div class="loading" role="status">
      <span class="unseen">Loading {what}</span>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} class="bone" />
      ))}
    </div>
  )
}

/** Something was refused or could not be fetched: what, why, and a way on. */
export function Trouble({ error, again }: { error: unknown; again?: () => void }): JSX.Element {
  const refusal = error instanceof Refusal ? error : new Refusal(0, 'This page failed', error instanceof Error ? error.message : String(error))
  return (
    <div class="trouble" role="alert">
      <p class="empty-title">{refusal.title}</p>
      <p>{refusal.detail}</p>
      {again && (
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}

export function Command({ children }: { children: string }): JSX.Element {
  return <code class="command">{children}</code>
}

/** A part of a page with its heading. */
export function Section({ title, aside, children, id }: { title: string; aside?: ComponentChildren; children: ComponentChildren; id: string }): JSX.Element {
  return (
    <section class="card" aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  )
}
