import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { CurvesOf } from '../parts/curves'
import { JobActs } from '../parts/jobActs'
import { Bar, State, stateWord } from '../parts/marks'
import { Empty, Loading, Moment, Section, Since, To, Trouble } from '../parts/words'
import { get, save } from '../service/client'
import type { Checkpoint, JobDetail, MetricsMessage, Progress, ProgressMessage } from '../service/types'
import { useFetched, useHeading, useStream } from '../state/following'
import { hasEnded, spansOf } from '../state/jobs'
import { withMetrics, type Curves } from '../state/metrics'
import { bytes, duration, plural } from '../text/format'
import { progressText } from '../text/progress'

/** One job: what it does or why it failed, what it measured, what it stored, and everything that happened to it. */
export function JobPage({ id }: { id: string }): JSX.Element {
  const [detail, again] = useFetched((signal) => get<JobDetail>(`/v1/jobs/${id}`, signal), id)
  const [curves, setCurves] = useState<Curves>(new Map())
  const [progress, setProgress] = useState<Progress | null>(null)
  const [refused, refuse] = useState<unknown>(null)
  useHeading(detail.state)
  const there = detail.state === 'there' ? detail.value : null

  useStream(
    detail.state === 'refused' ? null : `/v1/events?topics=job:${id}`,
    (event, data) => {
      if (event === 'metrics') setCurves((was) => withMetrics(was, (data as MetricsMessage).metrics))
      else if (event === 'progress') setProgress((data as ProgressMessage).progress)
      else if (event === 'state') again()
    },
    refuse,
  )

  if (detail.state === 'loading' || detail.state === 'refused' || !there)
    return (
      <>
        <h1 tabIndex={-1}>Job</h1>
        {detail.state === 'refused' ? <Trouble error={detail.error} again={again} /> : <Loading what="the job" rows={6} />}
      </>
    )
  const { job, events, checkpoints, experiments } = there
  const where = job.state === 'running' ? (progress ?? job.progress) : null
  return (
    <>
      <div class="headline">
        <p class="crumbs">
          {experiments[0] ? (
            <>
              <To href={`/experiments/${experiments[0]}`}>Experiment</To>
              {experiments.length > 1 && <span class="muted"> and {plural(experiments.length - 1, 'more')} use this job</span>}
            </>
          ) : (
            <span class="muted">No experiment uses this job any more</span>
          )}
        </p>
        <div class="title-line">
          <h1 tabIndex={-1}>{job.name}</h1>
          <State of={job.state} />
          <span class="spacer" />
          <JobActs id={job.id} name={job.name} state={job.state} attempt={job.attempt} cancelRequested={job.cancelRequested} pauseRequested={job.pauseRequested ?? false} trains={job.kind === 'train'} done={again} />
        </div>
        <p class="facts">
          <span>{job.kind}</span>
          <span>
            attempt {job.attempt} of {job.maxAttempts}
          </span>
          {job.worker && <span>{job.worker}</span>}
          {job.startedAt && (
            <span>
              {job.finishedAt ? 'took' : 'for'} <Since at={job.startedAt} to={job.finishedAt} />
            </span>
          )}
          {job.result?.provenance && (
            <span>
              {job.result.provenance.device}, {plural(job.result.provenance.threads, 'thread')}, libtorch {job.result.provenance.libtorch}
            </span>
          )}
        </p>
        {where && (
          <>
            <Bar done={where.total > 0 ? where.done / where.total : 0} label={`Progress of ${job.name}`} />
            <p class="facts">
              <span>{progressText(where)}</span>
              {where.secondsLeft !== null && <span>about {duration(where.secondsLeft)} left</span>}
            </p>
          </>
        )}
      </div>
      {refused ? <Trouble error={refused} /> : null}
      {job.failure && (
        <Section id="failure" title={job.state === 'failed' ? 'Why it failed' : job.state === 'cancelled' ? 'Why it was cancelled' : 'Why the last attempt failed'}>
          <p class={`failure ${job.state === 'cancelled' ? '' : 'bad'}`}>{job.failure.message}</p>
          {job.state === 'failed' && (
            <p class="muted">
              {job.failure.kind === 'permanent' ? 'The same input would fail again, so it was not tried again.' : `It was tried ${plural(job.attempt, 'time')}.`} {kept(checkpoints)}
            </p>
          )}
          {job.failure.detail !== '' && (
            <details class="twin">
              <summary>Details</summary>
              <pre tabIndex={0} aria-label="Details of the failure">
                {job.failure.detail}
              </pre>
            </details>
          )}
        </Section>
      )}
      {(curves.size > 0 || job.kind === 'train') && (
        <Section id="curves" title="Curves">
          {curves.size > 0 ? (
            <CurvesOf jobs={[{ id: job.id, label: job.name, curves }]} />
          ) : (
            <Empty title={hasEnded(job.state) ? 'No epoch was measured.' : 'The first points come when the first epoch is over.'} />
          )}
        </Section>
      )}
      <Section id="files" title="Stored files" aside={checkpoints.length > 0 ? plural(checkpoints.length, 'file') : undefined}>
        {checkpoints.length === 0 ? <Empty title={hasEnded(job.state) ? 'It stored nothing.' : 'Nothing is stored yet.'} /> : <Files name={job.name} checkpoints={checkpoints} />}
      </Section>
      <Section id="history" title="History">
        <History detail={there} />
      </Section>
      <p class="footnote">
        Fingerprint <code>{job.fingerprint}</code>: jobs with the same one are the same computation.
        {events.length === 0 ? ' Nothing has happened to it yet.' : ''}
      </p>
    </>
  )
}

function kept(checkpoints: readonly Checkpoint[]): string {
  const newest = checkpoints.filter((checkpoint) => checkpoint.role === 'resume').reduce<Checkpoint | null>((last, next) => (last && last.epoch >= next.epoch ? last : next), null)
  return newest ? `Kept: the checkpoint of epoch ${newest.epoch}.` : 'No checkpoint was kept.'
}

function Files({ name, checkpoints }: { name: string; checkpoints: readonly Checkpoint[] }): JSX.Element {
  const [busy, setBusy] = useState<string | null>(null)
  const [error, fail] = useState<unknown>(null)
  const download = async (file: Checkpoint) => {
    setBusy(file.id)
    fail(null)
    try {
      await save(`/v1/checkpoints/${file.id}/content`, `${name}-${file.name}.safetensors`.replace(/[^\w.-]+/g, '-'))
    } catch (problem) {
      fail(problem)
    } finally {
      setBusy(null)
    }
  }
  return (
    <>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Of</th>
            <th scope="col" class="right">
              Size
            </th>
            <th scope="col">SHA-256</th>
            <th scope="col">
              <span class="unseen">Acts</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {checkpoints.map((file) => (
            <tr key={file.id}>
              <th scope="row">{file.name}</th>
              <td>{file.role === 'output' ? 'the result' : `epoch ${file.epoch}${file.step > 0 ? `, step ${file.step}` : ''}`}</td>
              <td class="right number">{bytes(file.bytes)}</td>
              <td>
                <code title={file.sha256}>{file.sha256.slice(0, 12)}</code>
              </td>
              <td class="right">
                <button type="button" class="button small" disabled={busy !== null} aria-label={`Download ${file.name}`} onClick={() => void download(file)}>
                  {busy === file.id ? 'Fetching…' : 'Download'}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {error ? <Trouble error={error} /> : null}
    </>
  )
}

function History({ detail }: { detail: JobDetail }): JSX.Element {
  const spans = spansOf(detail.events)
  if (spans.length === 0) return <Empty title="Nothing has happened yet." />
  return (
    <ol class="history">
      {spans.map((span, i) => (
        <li key={detail.events[i]?.id ?? i} class={`is-${span.state}`}>
          <State of={span.state} quiet={span.remark} word={span.remark ? 'note' : span.state === 'running' ? `running, attempt ${span.attempt}` : stateWord(span.state)} />
          <span class="history-why">
            {span.reason}
            {span.worker && !span.reason.includes(span.worker) && <span class="muted"> ({span.worker})</span>}
          </span>
          <span class="history-when">
            <Moment at={new Date(span.from).toISOString()} />
          </span>
          <span class="history-long number">
            {span.remark || hasEnded(span.state) ? '' : <Since at={new Date(span.from).toISOString()} to={span.to === null ? null : new Date(span.to).toISOString()} />}
          </span>
        </li>
      ))}
    </ol>
  )
}
