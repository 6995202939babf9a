import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { State } from '../parts/marks'
import { Ago, Command, Empty, Loading, Moment, Name, Section, Trouble } from '../parts/words'
import type { Overview, Worker } from '../service/types'
import { useStream } from '../state/following'
import { count, plural } from '../text/format'

/** Who computes: on what, for whom, and when each was last heard of. */
export function Workers({ workers, brief }: { workers: Worker[]; brief?: boolean }): JSX.Element {
  if (workers.length === 0)
    return (
      <Empty title="No worker has reported in.">
        <p>
          Start one on this machine: <Command>./kdr worker serve</Command>
        </p>
      </Empty>
    )
  return (
    <ul class={`rows ${brief ? 'tight' : ''}`}>
      {workers.map((worker) => (
        <li key={worker.info.name} class="row" data-worker={worker.info.name}>
          <div class="row-head">
            <span class="row-name plain">
              <Name of={worker.info.name} longest={30} />
            </span>
            <span class="spacer" />
            <State of={worker.alive ? 'alive' : 'silent'} word={worker.alive ? (worker.drainRequestedAt ? 'draining' : worker.jobs.length > 0 ? 'busy' : 'idle') : 'gone'} quiet />
          </div>
          <div class="row-facts">
            <span>
              {worker.info.device === 'cuda' ? 'GPU' : plural(worker.info.cores, 'core')} on {worker.info.host}
            </span>
            <span>
              last contact <Ago at={worker.lastSeen} />
            </span>
            {worker.imagesPerSecond ? <span>{count(worker.imagesPerSecond)} images/s</span> : null}
            {!brief && (
              <>
                <span>
                  since <Moment at={worker.startedAt} />
                </span>
                <span>build {worker.info.build}</span>
                {worker.info.libtorch && <span>libtorch {worker.info.libtorch}</span>}
              </>
            )}
          </div>
          {(worker.devices ?? []).map((device) => (
            <div key={device.device} class="row-facts">
              <span>{device.name ?? device.device}</span>
              {device.memoryTotalMiB !== null && device.memoryUsedMiB !== null && (
                <span>
                  {(device.memoryUsedMiB / 1024).toFixed(1)} of {(device.memoryTotalMiB / 1024).toFixed(1)} GiB used
                </span>
              )}
              {device.utilisation !== null && <span>{Math.round(100 * device.utilisation)} % busy</span>}
              {worker.quarantined?.[device.device] && <span class="bad">in quarantine: {worker.quarantined[device.device]}</span>}
            </div>
          ))}
          {worker.jobs.length > 0 && <p class="row-jobs">{worker.jobs.join(', ')}</p>}
        </li>
      ))}
    </ul>
  )
}

export function WorkersPage(): JSX.Element {
  const [overview, set] = useState<Overview | null>(null)
  const [refused, refuse] = useState<unknown>(null)
  useStream('/v1/events?topics=overview', (event, data) => event === 'overview' && set(data as Overview), refuse)
  const alive = overview?.workers.filter((worker) => worker.alive) ?? []
  const gone = overview?.workers.filter((worker) => !worker.alive) ?? []
  return (
    <>
      <div class="headline">
        <h1 tabIndex={-1}>Workers</h1>
        {overview && <p class="lead">{plural(alive.length, 'worker')} here, {alive.filter((worker) => worker.jobs.length > 0).length} busy.</p>}
      </div>
      {refused ? (
        <Trouble error={refused} />
      ) : !overview ? (
        <Loading what="the workers" />
      ) : (
        <>
          <Section id="alive" title="Here">
            <Workers workers={alive} />
          </Section>
          {gone.length > 0 && (
            <Section id="gone" title="Stopped or silent">
              <Workers workers={gone} />
            </Section>
          )}
        </>
      )}
    </>
  )
}
