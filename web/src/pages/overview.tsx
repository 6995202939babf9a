import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { JobActs } from '../parts/jobActs'
import { Bar, Shares, State } from '../parts/marks'
import { Ago, Command, Empty, Loading, Name, Section, Since, To, Trouble, Until } from '../parts/words'
import type { Overview, RunningJob, TroubledJob } from '../service/types'
import { now } from '../state/clock'
import { useHeading, useStream } from '../state/following'
import { queueRows, sentence, totals } from '../state/overview'
import { count, duration, plural } from '../text/format'
import { progressText } from '../text/progress'
import { Workers } from './workers'

/** What is going on, what is in trouble, and who works. */
export function OverviewPage(): JSX.Element {
  const [overview, set] = useState<Overview | null>(null)
  const [refused, refuse] = useState<unknown>(null)
  useStream('/v1/events?topics=overview', (event, data) => event === 'overview' && set(data as Overview), refuse)
  useHeading(overview ? 'there' : 'loading')
  if (refused) return <Trouble error={refused} />
  if (!overview)
    return (
      <>
        <h1 tabIndex={-1}>Overview</h1>
        <Loading what="the overview" rows={6} />
      </>
    )
  const n = totals(overview)
  const troubled = [...overview.jobs.retrying, ...overview.jobs.failures]
  return (
    <>
      <div class="headline">
        <h1 tabIndex={-1}>Overview</h1>
        <p class="lead" data-test="sentence">
          {sentence(overview)}
          {n['failed'] ? <span class="bad"> {plural(n['failed'], 'job')} failed.</span> : null}
        </p>
      </div>
      <div class="columns">
        <div class="wide">
          <Section id="running" title="Running" aside={overview.jobs.running.length > 0 ? count(n['running'] ?? 0) : undefined}>
            {overview.jobs.running.length === 0 ? <Idle overview={overview} /> : <ul class="rows">{overview.jobs.running.map((job) => <Running key={job.id} job={job} />)}</ul>}
          </Section>
          <Section id="trouble" title="Failures" aside={troubled.length > 0 ? count((n['failed'] ?? 0) + overview.jobs.retrying.length) : undefined}>
            {troubled.length === 0 ? (
              <Empty title="Nothing failed." />
            ) : (
              <ul class="rows">
                {troubled.map((job) => (
                  <Troubled key={job.id} job={job} />
                ))}
              </ul>
            )}
          </Section>
        </div>
        <div class="narrow">
          <Section id="queues" title="Queues">
            <Queues overview={overview} />
          </Section>
          <Section id="who" title="Workers" aside={<To href="/workers">All</To>}>
            <Workers workers={overview.workers.filter((worker) => worker.alive || worker.jobs.length > 0)} brief />
          </Section>
          <Section id="newest" title="Newest experiments" aside={<To href="/experiments">All</To>}>
            {overview.experiments.length === 0 ? (
              <Empty title="No experiment yet.">
                <p>
                  Submit one: <Command>./kdr submit experiments/demo.json</Command>
                </p>
              </Empty>
            ) : (
              <ul class="rows tight">
                {overview.experiments.map((experiment) => (
                  <li key={experiment.id} class="brief">
                    <div class="brief-name">
                      <To href={`/experiments/${experiment.id}`}>
                        <Name of={experiment.name} longest={34} />
                      </To>
                      <State of={experiment.state} quiet word={experiment.state} />
                    </div>
                    <Shares counts={experiment.jobCounts} />
                  </li>
                ))}
              </ul>
            )}
          </Section>
        </div>
      </div>
    </>
  )
}

function Idle({ overview }: { overview: Overview }): JSX.Element {
  const n = totals(overview)
  const waiting = (n['queued'] ?? 0) + (n['blocked'] ?? 0)
  if (!overview.workers.some((worker) => worker.alive))
    return (
      <Empty title={waiting > 0 ? `${plural(waiting, 'job')} will wait: no worker has reported in.` : 'No worker has reported in.'}>
        <p>
          Start one on this machine: <Command>./kdr worker serve</Command>
        </p>
      </Empty>
    )
  if (waiting > 0) return <Empty title="No job is running yet; the next worker that is free takes one." />
  return (
    <Empty title="Nothing is running.">
      <p>
        The three-minute way to see something: <Command>./kdr demo</Command>
      </p>
    </Empty>
  )
}

function Whose({ job }: { job: { experiment: string | null; experimentName: string | null } }): JSX.Element | null {
  return job.experiment === null ? null : (
    <To href={`/experiments/${job.experiment}`} class="whose">
      <Name of={job.experimentName ?? job.experiment} longest={32} />
    </To>
  )
}

const nothing = (): void => undefined

function Running({ job }: { job: RunningJob }): JSX.Element {
  const silent = job.heardAt === null ? 0 : (now.value - Date.parse(job.heardAt)) / 1000
  const left = job.leaseUntil === null ? null : (Date.parse(job.leaseUntil) - now.value) / 1000
  const done = job.progress && job.progress.total > 0 ? job.progress.done / job.progress.total : 0
  // Half of a lease without a word is worth saying; before that, heartbeats are simply between two beats.
  const worrying = left !== null && silent > Math.max(5, left)
  return (
    <li class="row" data-job={job.name}>
      <div class="row-head">
        <To href={`/jobs/${job.id}`} class="row-name">
          <Name of={job.name} />
        </To>
        <Whose job={job} />
        <span class="spacer" />
        <JobActs id={job.id} name={job.name} state="running" attempt={job.attempt} cancelRequested={job.cancelRequested} trains={job.kind === 'train'} done={nothing} />
      </div>
      <Bar done={done} label={`Progress of ${job.name}`} />
      <div class="row-facts">
        <span>{job.progress ? progressText(job.progress) : 'starting'}</span>
        {job.progress?.secondsLeft != null && <span>about {duration(job.progress.secondsLeft)} left</span>}
        {job.attempt > 1 && (
          <span>
            attempt {job.attempt} of {job.maxAttempts}
          </span>
        )}
        {job.startedAt && (
          <span>
            for <Since at={job.startedAt} />
          </span>
        )}
        <span class={worrying ? 'bad' : ''}>
          {job.worker}
          {worrying && `: no contact for ${duration(silent)}${left > 0 ? `; its lease ends in ${duration(left)}` : '; its lease has ended'}`}
        </span>
      </div>
    </li>
  )
}

function Troubled({ job }: { job: TroubledJob }): JSX.Element {
  const final = job.nextAttemptAt === null
  return (
    <li class="row" data-job={job.name}>
      <div class="row-head">
        <To href={`/jobs/${job.id}`} class="row-name">
          <Name of={job.name} />
        </To>
        <Whose job={job} />
        <span class="spacer" />
        <JobActs id={job.id} name={job.name} state={final ? 'failed' : 'queued'} attempt={job.attempt} trains={job.kind === 'train'} done={nothing} />
      </div>
      <p class="reason">{job.failure.message}</p>
      <div class="row-facts">
        <State of={final ? 'failed' : 'queued'} word={final ? 'failed for good' : 'tried again'} />
        <span>
          attempt {job.attempt} of {job.maxAttempts}
        </span>
        {job.failedAt && final && (
          <span>
            <Ago at={job.failedAt} />
          </span>
        )}
        {job.nextAttemptAt && (
          <span>
            next <Until at={job.nextAttemptAt} />
          </span>
        )}
      </div>
    </li>
  )
}

const columns = ['running', 'queued', 'blocked', 'paused', 'failed', 'succeeded'] as const
const heads: Record<string, string> = { running: 'Running', queued: 'Ready', blocked: 'Waiting', paused: 'Paused', failed: 'Failed', succeeded: 'Done' }

function Queues({ overview }: { overview: Overview }): JSX.Element {
  const rows = queueRows(overview)
  if (rows.length === 0) return <Empty title="No job has been submitted yet." />
  const shown = columns.filter((state) => state !== 'paused' || rows.some((row) => row.counts['paused']))
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Jobs by kind and state">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Kind</th>
            {shown.map((state) => (
              <th key={state} scope="col">
                {heads[state]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.kind}>
              <th scope="row">{row.kind}</th>
              {shown.map((state) => (
                <td key={state} class={row.counts[state] ? `is-${state}` : 'none'}>
                  {count(row.counts[state] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
