import { key, signOut } from './session'

/** A refusal of the service (RFC 9457), or a service that does not answer (status 0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail ? `${title}: ${detail}` : title)
  }
}

let ahead = 0

/** The service's time by its own clock, in milliseconds; a person's clock may be wrong. */
export function serverNow(): number {
  return Date.now() + ahead
}

export function headers(): Record<string, string> {
  return key.value === null ? {} : { Authorization: `Bearer ${key.value}` }
}

/** Sends a request with the key. A key that is refused ends the session with the reason. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, { ...init, headers: { ...headers(), ...(init.headers as Record<string, string> | undefined) }, cache: 'no-store' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Refusal(0, 'The service does not answer', 'is it running, and is this machine connected?')
  }
  const date = Date.parse(response.headers.get('Date') ?? '')
  // The header counts whole seconds: a smaller difference means nothing.
  if (!Number.isNaN(date)) ahead = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0
  if (response.ok) return response
  const refusal = await refusalOf(response)
  if (response.status === 401) signOut(refusal.detail)
  throw refusal
}

/** Reads a refusal's document; an answer that is none is still told by its status. */
export async function refusalOf(response: Response): Promise<Refusal> {
  try {
    const body = (await response.json()) as Record<string, unknown>
    const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '')
    return new Refusal(response.status, text('title') || `Status ${response.status}`, text('detail'), body)
  } catch {
    return new Refusal(response.status, `The service answered ${response.status}`, response.statusText)
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await send(path, signal ? { signal } : {})).json()) as T
}

export async function post(path: string): Promise<void> {
  await send(path, { method: 'POST' })
}

/** Fetches a file with the key and gives it to the browser to save. */
export async function save(path: string, name: string): Promise<void> {
  const address = URL.createObjectURL(await (await send(path)).blob())
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
