import type { JSX } from 'preact'

const shapes: Record<string, JSX.Element> = {
  blocked: <circle cx="8" cy="8" r="5.500" stroke-dasharray="2.400 2.200" />,
  queued: <path d="M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11M8 5v3.300l2.200 1.300" />,
  running: <path class="solid" d="M5 3.200v9.600L13 8z" />,
  paused: <path d="M5.500 3.500v9M10.500 3.500v9" stroke-width="2.400" />,
  succeeded: <path d="m3 8.500 3.300 3.500L13 4.500" stroke-width="2" />,
  failed: <path d="m4 4 8 8M12 4l-8 8" stroke-width="2" />,
  cancelled: <path d="M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11M4.200 11.800l7.600-7.600" />,
  alive: <circle class="solid" cx="8" cy="8" r="4" />,
  silent: <circle cx="8" cy="8" r="4.500" />,
}

const words: Record<string, string> = { queued: 'ready', blocked: 'waiting' }

/** The word for a state, as people say it. */
export function stateWord(state: string): string {
  return words[state] ?? state
}

export function Icon({ of }: { of: string }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      {shapes[of]}
    </svg>
  )
}

/** A state: shape, word and colour, never colour alone. */
export function State({ of, quiet, word }: { of: string; quiet?: boolean; word?: string }): JSX.Element {
  return (
    <span class={`state is-${of}${quiet ? ' quiet' : ''}`}>
      <Icon of={of} />
      {word ?? stateWord(of)}
    </span>
  )
}

/** How far something is. */
export function Bar({ done, label, tone }: { done: number; label: string; tone?: string }): JSX.Element {
  const share = Math.max(0, Math.min(1, done))
  return (
    <div class={`bar ${tone ?? ''}`} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
      <div style={{ width: `${share * 100}%` }} />
    </div>
  )
}

const order = ['succeeded', 'running', 'queued', 'blocked', 'paused', 'failed', 'cancelled']

/** Jobs of an experiment in one bar, by state. */
export function Shares({ counts }: { counts: Partial<Record<string, number>> }): JSX.Element {
  const parts = order.map((state) => ({ state, count: counts[state] ?? 0 })).filter(({ count }) => count > 0)
  const text = parts.map(({ state, count }) => `${count} ${stateWord(state)}`).join(', ')
  return (
    <div class="shares" role="img" aria-label={text} title={text}>
      {parts.map(({ state, count }) => (
        <i key={state} class={`is-${state}`} style={{ flexGrow: count }} />
      ))}
    </div>
  )
}
