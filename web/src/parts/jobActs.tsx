import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { post, type Refusal } from '../service/client'
import { may } from '../state/me'
import { Asking } from './asking'

interface Acted {
  id: string
  name: string
  state: string
  attempt: number
  cancelRequested?: boolean
  pauseRequested?: boolean
  /** True when starting from a checkpoint can mean anything. */
  trains: boolean
  done: () => void
}

/** What may be done with a job in its state. Cancelling and retrying never stand side by side: no state allows both. */
export function JobActs({ id, name, state, attempt, cancelRequested, pauseRequested, trains, done }: Acted): JSX.Element | null {
  const act = async (verb: string, query = '') => {
    await post(`/v1/jobs/${id}/${verb}${query}`)
    done()
  }
  const forAll = (verb: string, yes: string) => (refusal: Refusal) => (isShared(refusal) ? { yes, act: () => act(verb, '?evenIfShared=true') } : null)
  if (state === 'failed' || state === 'cancelled') return may('jobs/retry') ? <Retry id={id} name={name} trains={trains} done={done} /> : null
  if (state === 'succeeded') return null
  if (cancelRequested) return <span class="muted">stopping…</span>
  return (
    <span class="acts">
      {pauseRequested && <span class="muted">pausing…</span>}
      {state === 'paused' && may('jobs/resume') && (
        <Asking label="Resume" spoken={`Resume ${name}`} title={`Resume ${name}?`} yes="Resume" no="Not now" act={() => act('resume')} after={forAll('resume', 'Resume it for all')}>
          <p>It is queued again and goes on from its newest checkpoint.</p>
        </Asking>
      )}
      {(state === 'queued' || state === 'running') && !pauseRequested && may('jobs/pause') && (
        <Asking label="Pause" spoken={`Pause ${name}`} title={`Pause ${name}?`} yes="Pause" no="Go on" act={() => act('pause')} after={forAll('pause', 'Pause it for all')}>
          <p>{state === 'running' ? 'It takes a checkpoint and gives its worker free.' : 'It stays where it is in the queue.'} It goes on when it is resumed, with the same numbers.</p>
        </Asking>
      )}
      {may('jobs/cancel') && (
        <Asking
          label="Cancel"
          spoken={`Cancel ${name}`}
          title={`Cancel ${name}?`}
          yes="Cancel the job"
          no="Keep it"
          danger
          act={() => act('cancel')}
          after={forAll('cancel', 'Cancel it for all')}
        >
          <p>
            {state === 'running' ? `Its attempt ${attempt} stops at its worker's next heartbeat.` : 'It will not start.'} Jobs that wait for it are cancelled too.
          </p>
        </Asking>
      )}
    </span>
  )
}

function Retry({ id, name, trains, done }: Pick<Acted, 'id' | 'name' | 'trains' | 'done'>): JSX.Element {
  const [from, setFrom] = useState<'checkpoint' | 'scratch'>('checkpoint')
  const act = async (evenIfShared: boolean) => {
    await post(`/v1/jobs/${id}/retry?from=${trains ? from : 'scratch'}${evenIfShared ? '&evenIfShared=true' : ''}`)
    done()
  }
  return (
    <Asking
      label="Retry"
      spoken={`Retry ${name}`}
      title={`Retry ${name}?`}
      yes="Retry"
      no="Not now"
      act={() => act(false)}
      after={(refusal) => (isShared(refusal) ? { yes: 'Retry it for all', act: () => act(true) } : null)}
    >
      <p>It is queued again with fresh attempts, and so is what was cancelled because of it.</p>
      {trains && (
        <fieldset class="choice">
          <legend>Where from</legend>
          <label>
            <input type="radio" name="from" checked={from === 'checkpoint'} onChange={() => setFrom('checkpoint')} />
            <span>
              Newest checkpoint <small>keeps what it has computed; the numbers are the same</small>
            </span>
          </label>
          <label>
            <input type="radio" name="from" checked={from === 'scratch'} onChange={() => setFrom('scratch')} />
            <span>
              From scratch <small>computes everything again</small>
            </span>
          </label>
        </fieldset>
      )}
    </Asking>
  )
}

/** Others use the job too, and nobody said that it is meant for them as well. */
function isShared(refusal: Refusal): boolean {
  return refusal.body['type'] === '/problems/job-shared'
}
