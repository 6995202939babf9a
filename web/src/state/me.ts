import { signal } from '@preact/signals'
import { get } from '../service/client'

/** Whose key this tab has, and what it may do here. */
export interface Me {
  owner: string
  role: 'reader' | 'submitter' | 'admin'
  acts: string[]
}

export const me = signal<Me | null>(null)

export async function whoAmI(): Promise<void> {
  me.value = await get<Me>('/v1/me')
}

/** True when the service offers an act and the key may ask for it, e.g. `jobs/cancel`. */
export function may(act: string): boolean {
  return me.value?.acts.includes(act) ?? false
}
