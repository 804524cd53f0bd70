import createClient from 'openapi-fetch'
import type { paths } from '@/client/schema'
import { SHARE_HEADER, tokenForPath } from '@/together/link'
import { reached, refusal } from './failure'
import { asked } from './waiting'

/** Calls the gateway with the types of docs/openapi.json. */
export const api = createClient<paths>({ baseUrl: '/', fetch: request => asked(request) })

/** Calls for the model of the link that this window was opened with say so. */
api.use({
  onRequest: ({ request }) => {
    const token = tokenForPath(new URL(request.url).pathname)
    if (token) request.headers.set(SHARE_HEADER, token)
    return request
  },
})

type Result<T> = { data?: T; error?: unknown; response: Response }

/** The answer's data, or a `CallError` with what the server told. */
export async function got<T>(call: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await reached(call)
  if (!response.ok || data === undefined) throw refusal(response.status, error)
  return data
}

/** As `got`, with the whole response: for headers and files. */
export async function sent(path: string, init: RequestInit): Promise<Response> {
  const token = tokenForPath(path)
  const headers = token ? { ...init.headers, [SHARE_HEADER]: token } : init.headers
  const response = await reached(asked(path, { ...init, headers }))
  if (response.ok) return response
  const body: unknown = await response.json().catch(() => undefined)
  throw refusal(response.status, body)
}
