import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Shares, State } from '../parts/marks'
import { Ago, Command, Empty, Loading, Name, To, Trouble } from '../parts/words'
import { get } from '../service/client'
import type { Experiment, Overview, Page } from '../service/types'
import { useStream } from '../state/following'
import { longestWord, matches } from '../state/overview'
import { place, refine } from '../state/place'
import { count, plural } from '../text/format'

const states = ['queued', 'running', 'succeeded', 'failed', 'cancelled']
const pageSize = 50
/** So many pages are looked through for one screen of matches; then the reader is asked. */
const mostPages = 10

interface Listing {
  found: Experiment[]
  looked: number
  next: string | null
}

async function read(search: string, state: string, from: string | null, signal: AbortSignal): Promise<Listing> {
  const found: Experiment[] = []
  let looked = 0
  let next = from
  for (let page = 0; page < mostPages; page++) {
    const query = new URLSearchParams({ limit: String(pageSize), ...(search ? { contains: longestWord(search) } : {}), ...(state ? { state } : {}), ...(next ? { cursor: next } : {}) })
    const answer = await get<Page<Experiment>>(`/v1/experiments?${query.toString()}`, signal)
    looked += answer.items.length
    found.push(...answer.items.filter((experiment) => matches(experiment, search, state)))
    next = answer.next
    if (next === null || found.length >= pageSize) break
  }
  return { found, looked, next }
}

/** Every experiment, newest first, by search and state; both stand in the address. */
export function ExperimentsPage(): JSX.Element {
  const query = new URLSearchParams(place.value.query)
  const search = query.get('q') ?? ''
  const state = query.get('state') ?? ''
  const [listing, set] = useState<Listing | null>(null)
  const [error, fail] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const newest = useRef('')
  const [turn, setTurn] = useState(0)

  useEffect(() => {
    const control = new AbortController()
    // A pause between keystrokes is one search, not five.
    const timer = setTimeout(
      () => {
        read(search, state, null, control.signal).then(
          (found) => {
            fail(null)
            set(found)
          },
          (problem: unknown) => !control.signal.aborted && fail(problem),
        )
      },
      turn === 0 ? 120 : 0,
    )
    return () => {
      clearTimeout(timer)
      control.abort()
    }
  }, [search, state, turn])

  useStream(
    '/v1/events?topics=overview',
    (event, data) => {
      if (event !== 'overview') return
      const { experiments } = data as Overview
      const text = JSON.stringify(experiments)
      if (newest.current !== '' && text !== newest.current) {
        const known = new Map(experiments.map((experiment) => [experiment.id, experiment]))
        // What changed is shown where it stands; a new one asks for the list again.
        set((was) => was && { ...was, found: was.found.map((experiment) => known.get(experiment.id) ?? experiment) })
        if (!newest.current.includes(experiments[0]?.id ?? '')) setTurn((n) => n + 1)
      }
      newest.current = text
    },
    fail,
  )

  const look = (changes: Record<string, string>) => {
    const next = new URLSearchParams(Object.entries({ q: search, state, ...changes }).filter(([, value]) => value !== ''))
    refine(next.size > 0 ? `?${next.toString()}` : '')
  }
  const more = async () => {
    if (!listing?.next) return
    setBusy(true)
    try {
      const rest = await read(search, state, listing.next, new AbortController().signal)
      set({ found: [...listing.found, ...rest.found], looked: listing.looked + rest.looked, next: rest.next })
    } catch (problem) {
      fail(problem)
    } finally {
      setBusy(false)
    }
  }
  const filtered = search !== '' || state !== ''
  return (
    <>
      <div class="headline">
        <h1 tabIndex={-1}>Experiments</h1>
      </div>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label class="field grow">
          <span class="unseen">Search by name or title</span>
          <input id="search" type="search" placeholder="Search by name or title   ( / )" value={search} onInput={(event) => look({ q: event.currentTarget.value })} />
        </label>
        <label class="field">
          <span class="unseen">State</span>
          <select value={state} onChange={(event) => look({ state: event.currentTarget.value })}>
            <option value="">Any state</option>
            {states.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </form>
      <p class="unseen" role="status">
        {listing && `${plural(listing.found.length, 'experiment')} found`}
      </p>
      {error ? (
        <Trouble error={error} again={() => setTurn((n) => n + 1)} />
      ) : !listing ? (
        <Loading what="experiments" rows={5} />
      ) : listing.found.length === 0 ? (
        filtered ? (
          <div class="card">
            <Empty title={listing.next ? `None of the newest ${count(listing.looked)} that were looked through matches.` : 'No experiment matches.'}>
              <button type="button" class="button" onClick={() => look({ q: '', state: '' })}>
                Show all
              </button>
            </Empty>
          </div>
        ) : (
          <div class="card">
            <Empty title="No experiment yet.">
              <p>
                An experiment is one JSON file. Submit the sample: <Command>./kdr submit experiments/demo.json</Command>
              </p>
            </Empty>
          </div>
        )
      ) : (
        <div class="card">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">Experiment</th>
                <th scope="col">State</th>
                <th scope="col">Jobs</th>
                <th scope="col">Owner</th>
                <th scope="col" class="right">
                  Submitted
                </th>
              </tr>
            </thead>
            <tbody>
              {listing.found.map((experiment) => (
                <Row key={experiment.id} experiment={experiment} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {listing?.next && (
        <p class="more">
          <button type="button" class="button" disabled={busy} onClick={() => void more()}>
            {busy ? 'Loading…' : 'Load more'}
          </button>
          <span class="muted">{count(listing.found.length)} shown</span>
        </p>
      )}
    </>
  )
}

function Row({ experiment }: { experiment: Experiment }): JSX.Element {
  const jobs = Object.values(experiment.jobCounts).reduce<number>((sum, n) => sum + (n ?? 0), 0)
  return (
    <tr>
      <th scope="row">
        <To href={`/experiments/${experiment.id}`} class="row-name">
          <Name of={experiment.name} longest={48} />
        </To>
        {experiment.runNumber > 0 && <span class="muted"> run {experiment.runNumber + 1}</span>}
        <span class="sub">{experiment.title}</span>
      </th>
      <td>
        <State of={experiment.state} word={experiment.state} />
      </td>
      <td class="cell-jobs">
        <Shares counts={experiment.jobCounts} />
        <span class="muted">
          {count(experiment.jobCounts['succeeded'] ?? 0)} of {count(jobs)} done
        </span>
      </td>
      <td>{experiment.owner}</td>
      <td class="right">
        <Ago at={experiment.createdAt} />
      </td>
    </tr>
  )
}
