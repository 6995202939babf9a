import type { JSX } from 'preact'
import type { ExperimentJob } from '../service/types'
import { progressText } from '../text/progress'
import { JobActs } from './jobActs'
import { Bar, State } from './marks'
import { Name, Since, To } from './words'

const nothing = (): void => undefined

/** Jobs of an experiment in the order they need each other. */
export function JobList({ jobs }: { jobs: readonly ExperimentJob[] }): JSX.Element {
  const names = new Map(jobs.map(({ job }) => [job.id, job.name]))
  return (
    <table class="list jobs">
      <thead>
        <tr>
          <th scope="col">Job</th>
          <th scope="col">State</th>
          <th scope="col">Where it is</th>
          <th scope="col" class="right">
            Time
          </th>
          <th scope="col">
            <span class="unseen">Acts</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {jobs.map(({ key, job, reused }) => (
          <tr key={job.id} data-job={job.name}>
            <th scope="row">
              <To href={`/jobs/${job.id}`} class="row-name">
                <Name of={job.name} longest={40} />
              </To>
              {reused && <span class="tag">reused</span>}
              <span class="unseen">{key}</span>
            </th>
            <td>
              <State of={job.state} />
            </td>
            <td class="cell-where">
              {job.state === 'running' && job.progress ? (
                <>
                  <Bar done={job.progress.total > 0 ? job.progress.done / job.progress.total : 0} label={`Progress of ${job.name}`} />
                  <span class="muted">{progressText(job.progress)}</span>
                </>
              ) : job.state === 'blocked' ? (
                <span class="muted">after {job.dependsOn.map((parent) => names.get(parent) ?? 'another job').join(', ')}</span>
              ) : job.failure ? (
                <span class={job.state === 'failed' ? 'bad' : 'muted'}>{job.failure.message}</span>
              ) : job.attempt > 1 ? (
                <span class="muted">attempt {job.attempt}</span>
              ) : null}
            </td>
            <td class="right number">{job.startedAt ? <Since at={job.startedAt} to={job.finishedAt} /> : '–'}</td>
            <td class="right">
              <JobActs id={job.id} name={job.name} state={job.state} attempt={job.attempt} cancelRequested={job.cancelRequested} pauseRequested={job.pauseRequested ?? false} trains={job.kind === 'train'} done={nothing} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
