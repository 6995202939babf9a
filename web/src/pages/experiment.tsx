import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Asking } from '../parts/asking'
import { CurvesOf } from '../parts/curves'
import { Graph } from '../parts/graph'
import { Bar, State } from '../parts/marks'
import { Results } from '../parts/results'
import { Timeline } from '../parts/timeline'
import { Empty, Loading, Moment, Section, To, Trouble } from '../parts/words'
import { get, post, save } from '../service/client'
import type { Experiment, ExperimentDetail, ExperimentJob, JobEvent, MetricsMessage, ProgressMessage, Report, StateMessage } from '../service/types'
import { useFetched, useHeading, useStream } from '../state/following'
import { afterProgress, afterState, doneOf, hasEnded } from '../state/jobs'
import { may } from '../state/me'
import { withMetrics, type Curves } from '../state/metrics'
import { plural } from '../text/format'
import { JobList } from '../parts/jobList'

/** A stream takes fifty topics: the experiment and so many of its jobs with their numbers. */
const mostFollowed = 49

interface Live {
  experiment: Experiment
  jobs: ExperimentJob[]
  events: ReadonlyMap<string, readonly Told[]>
  curves: ReadonlyMap<string, Curves>
}

type Told = Pick<JobEvent, 'from' | 'to' | 'at' | 'worker' | 'reason'>

/** One experiment while it happens: its jobs, their history and curves, and what they found. */
export function ExperimentPage({ id }: { id: string }): JSX.Element {
  const [detail, again] = useFetched((signal) => get<ExperimentDetail>(`/v1/experiments/${id}`, signal), id)
  useHeading(detail.state)
  if (detail.state === 'loading')
    return (
      <>
        <h1 tabIndex={-1}>Experiment</h1>
        <Loading what="the experiment" rows={6} />
      </>
    )
  if (detail.state === 'refused')
    return (
      <>
        <h1 tabIndex={-1}>Experiment</h1>
        <Trouble error={detail.error} again={again} />
        <p>
          <To href="/experiments">Look through all experiments</To>
        </p>
      </>
    )
  return <Found id={id} detail={detail.value} />
}

function Found({ id, detail }: { id: string; detail: ExperimentDetail }): JSX.Element {
  const [live, set] = useState<Live>({ ...detail, events: new Map(), curves: new Map() })
  const [refused, refuse] = useState<unknown>(null)
  const followed = detail.jobs.filter(({ job }) => job.kind === 'train').slice(0, mostFollowed)
  const topics = [`experiment:${id}`, ...followed.map(({ job }) => `job:${job.id}`)].join()
  const [report, readReport] = useFetched((signal) => get<Report>(`/v1/experiments/${id}/report.json`, signal), id)

  useStream(`/v1/events?topics=${topics}`, (event, data) => set((was) => heard(was, event, data)), refuse)

  // Results and figures change when a job ends: then, and only then, they are read again.
  const ended = live.jobs.filter(({ job }) => hasEnded(job.state)).length
  const before = useRef(ended)
  useEffect(() => {
    if (before.current === ended) return
    before.current = ended
    const timer = setTimeout(readReport, 300)
    return () => clearTimeout(timer)
  }, [ended])

  const { experiment, jobs } = live
  const over = hasEnded(experiment.state)
  const trained = followed.filter(({ job }) => (live.curves.get(job.id)?.size ?? 0) > 0)
  const failed = jobs.filter(({ job }) => job.state === 'failed')
  const file = (form: string) => () => void save(`/v1/experiments/${id}/report.${form}`, `${experiment.name}.${form}`)
  return (
    <>
      <div class="headline">
        <p class="crumbs">
          <To href="/experiments">Experiments</To>
        </p>
        <div class="title-line">
          <h1 tabIndex={-1}>{experiment.name}</h1>
          <State of={experiment.state} word={experiment.state} />
          <span class="spacer" />
          {!over && may('experiments/cancel') && (
            <Asking
              label="Cancel"
              spoken={`Cancel ${experiment.name}`}
              title={`Cancel ${experiment.name}?`}
              yes="Cancel the experiment"
              no="Keep it"
              danger
              act={() => post(`/v1/experiments/${id}/cancel`)}
            >
              <p>{plural(jobs.filter(({ job }) => !hasEnded(job.state)).length, 'job')} will not go on. Jobs that other experiments use do.</p>
            </Asking>
          )}
        </div>
        <p class="lead">{experiment.title}</p>
        <p class="facts">
          <span>{experiment.owner}</span>
          <span>
            submitted <Moment at={experiment.createdAt} />
          </span>
          {experiment.runNumber > 0 && <span>run {experiment.runNumber + 1}</span>}
          <span>{plural(jobs.length, 'job')}</span>
          {experiment.cancelledBy && <span>cancelled by {experiment.cancelledBy}</span>}
        </p>
        {!over && <Bar done={doneOf(jobs)} label={`Progress of ${experiment.name}`} />}
      </div>
      {refused ? <Trouble error={refused} /> : null}
      {failed.length > 0 && (
        <div class="notice bad-notice" role="alert">
          {failed.map(({ job }) => (
            <p key={job.id}>
              <State of="failed" word="" />
              <To href={`/jobs/${job.id}`}>{job.name}</To> failed{job.failure ? `: ${job.failure.message}` : ''}
            </p>
          ))}
        </div>
      )}
      <Section id="jobs" title="Jobs">
        <Graph jobs={jobs} />
        <JobList jobs={jobs} />
      </Section>
      <Section id="curves" title="Curves">
        {trained.length > 0 ? (
          <CurvesOf jobs={trained.map(({ key, job }) => ({ id: job.id, label: key.replace(/^train\//, ''), curves: live.curves.get(job.id) ?? new Map() }))} />
        ) : followed.length === 0 ? (
          <Empty title="Nothing is trained here, so there are no curves over epochs." />
        ) : (
          <Empty title={over ? 'No epoch was measured.' : 'The first points come when the first epoch is over.'} />
        )}
      </Section>
      <Section
        id="results"
        title="Results"
        aside={
          <span class="acts">
            {['html', 'md', 'csv', 'json'].map((form) => (
              <button key={form} type="button" class="button small" onClick={file(form)} aria-label={`Save the report as ${form}`}>
                {form}
              </button>
            ))}
          </span>
        }
      >
        {report.state === 'loading' ? <Loading what="the results" /> : report.state === 'refused' ? <Trouble error={report.error} again={readReport} /> : <Results id={id} report={report.value} />}
      </Section>
      <Section id="timeline" title="Timeline">
        <Timeline jobs={jobs.map(({ job }) => ({ id: job.id, name: job.name, events: live.events.get(job.id) ?? [] }))} />
      </Section>
    </>
  )
}

function heard(was: Live, event: string, data: unknown): Live {
  switch (event) {
    case 'experiment':
      return { ...was, experiment: data as Experiment }
    case 'metrics': {
      const told = data as MetricsMessage
      return { ...was, curves: new Map(was.curves).set(told.jobId, withMetrics(was.curves.get(told.jobId) ?? new Map(), told.metrics)) }
    }
    case 'state': {
      const told = data as StateMessage
      const known = was.events.get(told.jobId) ?? []
      return {
        ...was,
        events: new Map(was.events).set(told.jobId, [...known, told]),
        jobs: was.jobs.map((entry) => (entry.job.id === told.jobId ? { ...entry, job: settled(entry.job, told, known) } : entry)),
      }
    }
    case 'progress': {
      const told = data as ProgressMessage
      return { ...was, jobs: was.jobs.map((entry) => (entry.job.id === told.jobId ? { ...entry, job: afterProgress(entry.job, told) } : entry)) }
    }
    default:
      return was
  }
}

/** The history is told from its beginning: what is older than the job as it was fetched changes nothing. */
function settled(job: ExperimentJob['job'], told: StateMessage, known: readonly Told[]): ExperimentJob['job'] {
  const end = job.finishedAt
  return end !== null && Date.parse(told.at) < Date.parse(end) ? job : afterState(job, told, known)
}
