import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Connection, ConnectionSpoken } from './parts/connection'
import { Keys } from './parts/keys'
import { To, Trouble } from './parts/words'
import { ExperimentPage } from './pages/experiment'
import { ExperimentsPage } from './pages/experiments'
import { JobPage } from './pages/job'
import { Login } from './pages/login'
import { OverviewPage } from './pages/overview'
import { WorkersPage } from './pages/workers'
import { key, signOut } from './service/session'
import { me, whoAmI } from './state/me'
import { place } from './state/place'

/** The whole page: who reads it, where, and what stands there. */
export function App(): JSX.Element {
  const [error, fail] = useState<unknown>(null)
  const given = key.value
  const ask = () => {
    fail(null)
    whoAmI().catch(fail)
  }
  useEffect(() => {
    me.value = null
    if (given !== null) ask()
  }, [given])
  useEffect(() => {
    // Another page begins at its heading, for who reads by ear or by keys.
    const first = document.getElementById(place.value.focus) ?? document.querySelector<HTMLElement>('h1')
    first?.focus({ preventScroll: true })
  }, [place.value.path])

  if (given === null) return <Login />
  return (
    <>
      <a class="skip" href="#main" onClick={(click) => { click.preventDefault(); document.querySelector<HTMLElement>('h1')?.focus() }}>
        To the content
      </a>
      <header class="top">
        <To href="/" class="brand" aria-label="KdRobust, overview">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="7" />
            <path d="M9 7v18M10 17 21 7M13.500 14.500 23 25" />
          </svg>
          <span>KdRobust</span>
        </To>
        <nav aria-label="Pages">
          <Tab to="/" label="Overview" />
          <Tab to="/experiments" label="Experiments" />
          <Tab to="/workers" label="Workers" />
          <a class="tab" href="/docs">
            API
          </a>
        </nav>
        <span class="spacer" />
        <Connection />
        {me.value && (
          <span class="who" title={`Signed in with a key of ${me.value.owner} (${me.value.role})`}>
            {me.value.owner}
            {me.value.role === 'reader' && <span class="muted"> (reads only)</span>}
          </span>
        )}
        <button type="button" class="button small quiet" onClick={() => signOut()}>
          Sign out
        </button>
      </header>
      <ConnectionSpoken />
      <main id="main">{error && !me.value ? <><h1 tabIndex={-1}>KdRobust</h1><Trouble error={error} again={ask} /></> : me.value ? <Place /> : null}</main>
      <Keys />
    </>
  )
}

function Tab({ to, label }: { to: string; label: string }): JSX.Element {
  const { path } = place.value
  const here = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`) || (to === '/experiments' && path.startsWith('/jobs/'))
  return (
    <To href={to} class={`tab${here ? ' here' : ''}`} {...(here ? { 'aria-current': 'page' as const } : {})}>
      {label}
    </To>
  )
}

function Place(): JSX.Element {
  const { path } = place.value
  const [, kind, id] = path.split('/')
  const title = { '': 'Overview', experiments: 'Experiments', workers: 'Workers', jobs: 'Job' }[kind ?? ''] ?? 'Nothing here'
  useEffect(() => {
    document.title = `${title} · KdRobust`
  }, [title])
  if (path === '/') return <OverviewPage />
  if (kind === 'experiments' && id) return <ExperimentPage key={id} id={id} />
  if (kind === 'experiments') return <ExperimentsPage />
  if (kind === 'jobs' && id) return <JobPage key={id} id={id} />
  if (kind === 'workers') return <WorkersPage />
  return (
    <>
      <h1 tabIndex={-1}>There is nothing at {path}</h1>
      <p>
        <To href="/">Go to the overview</To>
      </p>
    </>
  )
}
