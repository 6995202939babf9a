import { signal } from '@preact/signals'
import { serverNow } from '../service/client'

/** The service's time, once a second; text that tells ages reads it. */
export const now = signal(serverNow())

export function tick(): void {
  setInterval(() => {
    if (document.visibilityState === 'visible') now.value = serverNow()
  }, 1000)
}
