import type { JSX } from 'preact'
import { link, tryAgain } from '../service/stream'
import { now } from '../state/clock'
import { ago, clock, until } from '../text/format'

/** Whether what stands here is live, said honestly: when the service was last heard of, and what is done about silence. */
export function Connection(): JSX.Element | null {
  const at = link.value
  // Its own clock tells ages; the tick says when to tell them again.
  const read = now.value === 0 ? 0 : Date.now()
  switch (at.phase) {
    case 'none':
      return null
    case 'connecting':
      return <p class="link">Connecting…</p>
    case 'live':
      return (
        <p class="link live">
          <i class="dot" aria-hidden="true" />
          <span>
            Live<span class="link-more">, last contact {ago(read - at.heard)}</span>
          </span>
        </p>
      )
    case 'resting':
      return <p class="link">Not followed since {clock(new Date(at.since))}</p>
    case 'lost':
      return (
        <p class="link lost">
          <i class="dot" aria-hidden="true" />
          <span>
            Disconnected since {clock(new Date(at.since))}
            <span class="link-more">: {at.why}</span>; retrying {at.again - read <= 0 ? 'now' : until(at.again - read)}
          </span>
          <button type="button" class="button small" onClick={tryAgain}>
            Try now
          </button>
        </p>
      )
  }
}

/** The same for who listens, told only when it changes and not every second. */
export function ConnectionSpoken(): JSX.Element {
  const { phase } = link.value
  return (
    <p class="unseen" role="status">
      {phase === 'lost' ? 'Disconnected from the service; retrying. What is shown may be old.' : phase === 'live' ? 'Live.' : ''}
    </p>
  )
}
