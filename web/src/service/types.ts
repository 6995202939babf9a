/** The service's documents, as far as the page reads them. Times are RFC 3339, durations seconds, accuracies shares of one. */

export const jobStates = ['blocked', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled'] as const
export type JobState = (typeof jobStates)[number]
export type ExperimentState = 'queued' | 'running' | 'paused' | 'succeeded' | 'failed' | 'cancelled'

export interface Progress {
  phase: string
  done: number
  total: number
  unit: string
  loss: number | null
  accuracy: number | null
  imagesPerSecond: number | null
  secondsLeft: number | null
}

export interface Failure {
  kind: string
  message: string
  detail: string
}

export interface Job {
  id: string
  name: string
  kind: string
  state: JobState
  fingerprint: string
  attempt: number
  maxAttempts: number
  priority: number
  worker: string | null
  cancelRequested: boolean
  pauseRequested?: boolean
  stalledAt?: string | null
  progress: Progress | null
  result: (Record<string, unknown> & { seconds?: number; provenance?: { build: string; libtorch: string; blas: string; device: string; threads: number } }) | null
  failure: Failure | null
  dependsOn: string[]
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
}

export interface JobEvent {
  id: number
  from: JobState | null
  to: JobState
  fence: number
  worker: string | null
  reason: string
  at: string
}

export interface Checkpoint {
  id: string
  role: 'resume' | 'output'
  name: string
  epoch: number
  step: number
  bytes: number
  sha256: string
}

export interface JobDetail {
  job: Job
  events: JobEvent[]
  checkpoints: Checkpoint[]
  experiments: string[]
}

export interface Experiment {
  id: string
  name: string
  title: string
  owner: string
  state: ExperimentState
  runNumber: number
  fingerprint: string
  jobCounts: Partial<Record<string, number>>
  createdAt: string
  cancelledBy: string | null
}

export interface ExperimentJob {
  key: string
  reused: boolean
  job: Job
}

export interface ExperimentDetail {
  experiment: Experiment
  jobs: ExperimentJob[]
}

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface Worker {
  info: { name: string; host: string; processId: number; device: string; cores: number; build: string; libtorch: string | null }
  startedAt: string
  lastSeen: string
  alive: boolean
  jobs: string[]
  imagesPerSecond?: number
  devices?: { device: string; name: string | null; memoryTotalMiB: number | null; memoryUsedMiB: number | null; utilisation: number | null }[]
  drainRequestedAt?: string | null
  quarantined?: Record<string, string>
}

export interface RunningJob {
  id: string
  name: string
  kind: string
  experiment: string | null
  experimentName: string | null
  attempt: number
  maxAttempts: number
  worker: string | null
  startedAt: string | null
  heardAt: string | null
  leaseUntil: string | null
  cancelRequested: boolean
  progress: Progress | null
}

export interface TroubledJob {
  id: string
  name: string
  kind: string
  experiment: string | null
  experimentName: string | null
  attempt: number
  maxAttempts: number
  failure: Failure
  failedAt: string | null
  nextAttemptAt: string | null
}

export interface Overview {
  jobs: {
    at: string
    queues: { kind: string; state: JobState; count: number }[]
    running: RunningJob[]
    retrying: TroubledJob[]
    failures: TroubledJob[]
  }
  workers: Worker[]
  experiments: Experiment[]
}

export interface Metric {
  id: number
  attempt: number
  series: string
  epoch: number
  step: number
  value: number
}

export interface MetricsMessage {
  jobId: string
  metrics: Metric[]
}

export interface StateMessage {
  jobId: string
  name: string
  from: JobState | null
  to: JobState
  attempt: number
  worker: string | null
  reason: string
  at: string
  failure: Failure | null
}

export interface ProgressMessage {
  jobId: string
  name: string
  progress: Progress
}

export interface ResultRecord {
  id: string
  images: number
  correct: number
  accuracy: number
  lower: number
  upper: number
  overDraws: { lower: number; upper: number } | null
  draws: number
  aggregation: string
  seed: number
}

export interface ReportTable {
  id: string
  title: string
  labels: string[]
  columns: string[]
  rows: { labels: string[]; cells: { resultId: string; paper: number | null; ours: ResultRecord | null }[] }[]
}

export interface Comparison {
  id: string
  title: string
  first: string
  second: string
  outcome: { difference: number; lower: number; upper: number; confidence: number; p: number; images: number; verdict: string } | null
}

export interface Report {
  name: string
  title: string
  notes: string[]
  dataset: string
  synthetic: boolean
  tables: ReportTable[]
  comparisons: Comparison[]
  figures: { id: string; title: string; panels: { series: { points: unknown[] }[] }[] }[]
  complete: boolean
}
